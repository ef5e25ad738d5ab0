#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "persist/offsets.h"
#include "pg/pg.h"

static void sqlstate_decides_between_dead_letter_retry_and_waiting(void **state)
{
    (void)state;
    const char *cause;
    assert_int_equal(pg_error_code("23505", &cause), ERROR_INVALID);
    assert_string_equal(cause, "duplicate_row");
    assert_int_equal(pg_error_code("22P05", &cause), ERROR_INVALID);
    assert_string_equal(cause, "refused_row");
    assert_int_equal(pg_error_code("54000", &cause), ERROR_INVALID);
    assert_int_equal(pg_error_code("40P01", &cause), ERROR_RETRY);
    assert_null(cause);
    assert_int_equal(pg_error_code("53100", &cause), ERROR_UNREACHABLE);
    assert_int_equal(pg_error_code("42501", &cause), ERROR_UNREACHABLE);
    assert_int_equal(pg_error_code(NULL, &cause), ERROR_UNREACHABLE);
}

static void positions_keep_one_offset_per_partition(void **state)
{
    (void)state;
    struct positions positions = {0};
    assert_null(positions_find(&positions, "quotes.clean", 0));
    for (int32_t i = 0; i < 40; i++) {
        positions_set(&positions, "quotes.clean", i, i);
        positions_set(&positions, "prices.consensus", i, 100 + i);
    }
    positions_set(&positions, "quotes.clean", 7, 4711);
    assert_int_equal(positions.count, 80);
    assert_int_equal(positions_find(&positions, "quotes.clean", 7)->next, 4711);
    assert_int_equal(positions_find(&positions, "prices.consensus", 7)->next, 107);
    positions_clear(&positions);
}

static void removed_position_is_gone_and_the_others_stay(void **state)
{
    (void)state;
    struct positions positions = {0};
    for (int32_t i = 0; i < 3; i++)
        positions_set(&positions, "quotes.clean", i, 10 + i);
    positions_remove(&positions, "quotes.clean", 0);
    positions_remove(&positions, "quotes.clean", 9);
    assert_null(positions_find(&positions, "quotes.clean", 0));
    assert_int_equal(positions_find(&positions, "quotes.clean", 1)->next, 11);
    assert_int_equal(positions_find(&positions, "quotes.clean", 2)->next, 12);
    positions_reset(&positions);
    assert_null(positions_find(&positions, "quotes.clean", 1));
    positions_clear(&positions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sqlstate_decides_between_dead_letter_retry_and_waiting),
        cmocka_unit_test(positions_keep_one_offset_per_partition),
        cmocka_unit_test(removed_position_is_gone_and_the_others_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
