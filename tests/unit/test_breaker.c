#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/breaker.h"

static struct breaker fresh(void)
{
    struct breaker breaker;
    breaker_init(&breaker, 3, 10000, 60000);
    return breaker;
}

/** Lets a breaker open at 0. */
static struct breaker opened(uint64_t *random)
{
    struct breaker breaker = fresh();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(breaker_failed(&breaker, breaker_take(&breaker), 0, random), i == 2);
    }
    return breaker;
}

static void breaker_opens_after_failures_in_a_row_only(void **state)
{
    uint64_t random = 1;
    struct breaker breaker = fresh();
    (void)state;
    for (int i = 0; i < 20; i++) {
        assert_false(breaker_failed(&breaker, breaker_take(&breaker), i, &random));
        assert_false(breaker_failed(&breaker, breaker_take(&breaker), i, &random));
        assert_false(breaker_good(&breaker));
        assert_int_equal(breaker_wait_ms(&breaker, i), 0);
    }
    breaker = opened(&random);
    assert_int_equal(breaker_state(&breaker, 1), BREAKER_OPEN);
    assert_in_range(breaker_wait_ms(&breaker, 0), 8000, 10000);
}

static void half_open_breaker_lets_one_probe_through(void **state)
{
    uint64_t random = 1;
    struct breaker breaker = opened(&random);
    (void)state;
    assert_int_equal(breaker_wait_ms(&breaker, 10000), 0);
    assert_int_equal(breaker_state(&breaker, 10000), BREAKER_HALF_OPEN);
    assert_true(breaker_take(&breaker));
    assert_int_equal(breaker_wait_ms(&breaker, 20000), -1);
    assert_true(breaker_good(&breaker));
    assert_int_equal(breaker_wait_ms(&breaker, 20000), 0);
    assert_int_equal(breaker_state(&breaker, 20000), BREAKER_CLOSED);
    assert_false(breaker_take(&breaker));
}

static void failed_probe_opens_it_for_longer_up_to_a_bound(void **state)
{
    static const int64_t most_ms[] = {20000, 40000, 60000, 60000};
    uint64_t random = 7;
    struct breaker breaker = opened(&random);
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_true(breaker_failed(&breaker, breaker_take(&breaker), 0, &random));
        assert_in_range(breaker_wait_ms(&breaker, 0), most_ms[i] * 4 / 5, most_ms[i]);
    }
}

static void failures_of_calls_from_before_do_not_prolong_it(void **state)
{
    uint64_t random = 1;
    struct breaker breaker = opened(&random);
    int64_t wait_ms = breaker_wait_ms(&breaker, 0);
    (void)state;
    assert_false(breaker_failed(&breaker, false, 5000, &random));
    assert_int_equal(breaker_wait_ms(&breaker, 0), wait_ms);
}

static void probe_without_a_word_about_health_is_made_again(void **state)
{
    uint64_t random = 1;
    struct breaker breaker = opened(&random);
    (void)state;
    breaker_neutral(&breaker, breaker_take(&breaker));
    assert_int_equal(breaker_wait_ms(&breaker, 10000), 0);
    assert_int_equal(breaker_state(&breaker, 10000), BREAKER_HALF_OPEN);
}

static void breaker_without_a_bound_never_opens(void **state)
{
    uint64_t random = 1;
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 0, 10000, 60000);
    for (int i = 0; i < 1000; i++) {
        assert_false(breaker_failed(&breaker, breaker_take(&breaker), 0, &random));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breaker_opens_after_failures_in_a_row_only),
        cmocka_unit_test(half_open_breaker_lets_one_probe_through),
        cmocka_unit_test(failed_probe_opens_it_for_longer_up_to_a_bound),
        cmocka_unit_test(failures_of_calls_from_before_do_not_prolong_it),
        cmocka_unit_test(probe_without_a_word_about_health_is_made_again),
        cmocka_unit_test(breaker_without_a_bound_never_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
