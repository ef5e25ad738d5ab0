#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/progress.h"

static char text[PROGRESS_TEXT_MAX];

static struct progress progress_of(int64_t before, int64_t done, int64_t total)
{
    struct progress progress;
    progress_begin(&progress, "replay", before, total, 0);
    progress.done = done;
    return progress;
}

static void shows_bar_count_rate_and_time_left(void **state)
{
    (void)state;
    const struct progress progress = progress_of(0, 1500000, 3000000);
    assert_string_equal(progress_text(&progress, 10000, 10, text),
                        "replay [#####-----] 50%  1,500,000 of 3,000,000  150,000/s  10 s left");
}

static void without_a_total_there_is_no_bar_and_no_time_left(void **state)
{
    (void)state;
    const struct progress progress = progress_of(0, 999, 0);
    assert_string_equal(progress_text(&progress, 1000, 10, text), "replay  999  999/s");
}

static void rate_leaves_out_what_an_earlier_run_did(void **state)
{
    (void)state;
    const struct progress progress = progress_of(900, 1000, 1000);
    assert_string_equal(progress_text(&progress, 1000, 0, text), "replay 100%  1,000 of 1,000  100/s");
}

static void nothing_done_has_no_rate(void **state)
{
    (void)state;
    const struct progress progress = progress_of(0, 0, 5);
    assert_string_equal(progress_text(&progress, 0, 4, text), "replay [----] 0%  0 of 5");
}

static void more_than_all_is_all(void **state)
{
    (void)state;
    const struct progress progress = progress_of(0, 12, 10);
    assert_string_equal(progress_text(&progress, 0, 4, text), "replay [####] 100%  12 of 10");
}

static void long_names_are_cut(void **state)
{
    (void)state;
    char name[2 * PROGRESS_TEXT_MAX];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct progress progress = progress_of(0, 5, 10);
    progress.what = name;
    assert_int_equal(strlen(progress_text(&progress, 1000, 10, text)), PROGRESS_TEXT_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_bar_count_rate_and_time_left),
        cmocka_unit_test(without_a_total_there_is_no_bar_and_no_time_left),
        cmocka_unit_test(rate_leaves_out_what_an_earlier_run_did),
        cmocka_unit_test(nothing_done_has_no_rate),
        cmocka_unit_test(more_than_all_is_all),
        cmocka_unit_test(long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
