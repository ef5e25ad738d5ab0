#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backfill/board.h"

static void expect_ranges(const struct day_set *set, const int32_t *bounds, size_t count)
{
    assert_int_equal(set->count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(set->ranges[i].from, bounds[2 * i]);
        assert_int_equal(set->ranges[i].to, bounds[2 * i + 1]);
    }
}

static void days_that_touch_become_one_range(void **state)
{
    (void)state;
    struct day_set set = {0};
    day_set_add(&set, (struct days){10, 20});
    day_set_add(&set, (struct days){30, 40});
    day_set_add(&set, (struct days){50, 50});
    day_set_add(&set, (struct days){60, 55});
    expect_ranges(&set, (const int32_t[]){10, 20, 30, 40}, 2);
    day_set_add(&set, (struct days){0, 5});
    expect_ranges(&set, (const int32_t[]){0, 5, 10, 20, 30, 40}, 3);
    day_set_add(&set, (struct days){20, 30});
    expect_ranges(&set, (const int32_t[]){0, 5, 10, 40}, 2);
    day_set_add(&set, (struct days){3, 12});
    expect_ranges(&set, (const int32_t[]){0, 40}, 1);
    day_set_clear(&set);
}

static void sets_agree_with_a_list_of_single_days(void **state)
{
    (void)state;
    uint32_t random = 7;
    for (int round = 0; round < 200; round++) {
        struct day_set set = {0};
        bool there[64] = {false};
        for (int i = 0; i < 12; i++) {
            random = random * 1664525 + 1013904223;
            const int32_t from = (int32_t)(random >> 24) % 64, to = from + (int32_t)(random >> 16 & 7);
            day_set_add(&set, (struct days){from, to > 64 ? 64 : to});
            for (int32_t day = from; day < to && day < 64; day++)
                there[day] = true;
        }
        for (int32_t from = 0; from < 64; from += 5) {
            struct days missing;
            int64_t count = 0;
            int32_t first = -1;
            for (int32_t day = from; day < 60; day++) {
                count += there[day];
                first = first < 0 && !there[day] ? day : first;
            }
            assert_int_equal(day_set_count(&set, (struct days){from, 60}), count);
            assert_int_equal(day_set_missing(&set, (struct days){from, 60}, 3, &missing), first >= 0);
            if (first >= 0) {
                assert_int_equal(missing.from, first);
                assert_true(missing.to - missing.from <= 3 && missing.to > missing.from);
                for (int32_t day = missing.from; day < missing.to; day++)
                    assert_false(there[day]);
            }
        }
        day_set_clear(&set);
    }
}

static void set_stays_bounded(void **state)
{
    (void)state;
    struct day_set set = {0};
    for (int32_t i = 0; i < 3000; i++)
        day_set_add(&set, (struct days){i * 3, i * 3 + 1});
    assert_int_equal(set.count, DAY_RANGES_MAX);
    assert_true(day_set_count(&set, (struct days){0, 9000}) >= 3000);
    day_set_clear(&set);
}

static struct backfill_request a_request(int32_t from, int32_t to)
{
    return (struct backfill_request){
        .asset = STR("equity:A"), .source = STR("yahoo"), .interval = STR("1d"), .from = from, .to = to};
}

static void same_request_stands_on_the_board_once(void **state)
{
    (void)state;
    struct board board = {0};
    struct backfill_request request = a_request(1, 10);
    assert_true(board_add_request(&board, &request));
    assert_false(board_add_request(&board, &request));
    assert_true(board_has(&board, "yahoo", "equity:A", (struct days){1, 10}));
    request.to = 11;
    assert_true(board_add_request(&board, &request));
    request.to = 1;
    assert_false(board_add_request(&board, &request));
    request = a_request(1, 5);
    request.interval = STR("1h");
    assert_false(board_add_request(&board, &request));
    request = a_request(1, 5);
    request.asset = STR("equity A");
    assert_false(board_add_request(&board, &request));
    assert_int_equal(board.request_count, 2);
    board_clear(&board);
}

static void coverage_is_what_was_written_last_and_for_that_symbol(void **state)
{
    (void)state;
    struct board board = {0};
    struct arena arena = {0};
    struct day_range ranges[] = {{1, 10}, {20, 30}};
    struct backfill_coverage coverage = {.asset = STR("equity:A"),
                                         .source = STR("yahoo"),
                                         .symbol = STR("A"),
                                         .interval = STR("1d"),
                                         .ranges = ranges,
                                         .ranges_count = 2,
                                         .bars = 12};
    board_add_coverage(&board, &coverage);
    const struct cover *cover = board_find(&board, "yahoo", "equity:A");
    assert_non_null(cover);
    assert_string_equal(cover_asset(cover), "equity:A");
    assert_int_equal(cover_done(cover, "A", (struct days){0, 25}), 14);
    assert_int_equal(cover_done(cover, "A.L", (struct days){0, 25}), 0);
    assert_int_equal(cover_done(NULL, "A", (struct days){0, 25}), 0);
    coverage.ranges_count = 1;
    coverage.updated_at_us = -1;
    board_add_coverage(&board, &coverage);
    assert_int_equal(cover_done(cover, "A", (struct days){0, 25}), 14); /* an older record changes nothing */
    coverage.ranges_count = 2;
    coverage.updated_at_us = 1;
    coverage.failure = SOME_STR(STR("delisted"));
    board_add_coverage(&board, &coverage);
    assert_int_equal(board.cover_count, 1);
    assert_true(cover_failed(cover, "A"));
    assert_false(cover_failed(cover, "A.L"));
    assert_int_equal(cover_done(cover, "A", (struct days){0, 25}), 25);
    const struct backfill_coverage again = cover_record(cover, &arena);
    assert_true(str_equal(again.asset, coverage.asset) && str_equal(again.source, coverage.source));
    assert_true(again.failure.set && str_is(again.failure.value, "delisted"));
    assert_int_equal(again.ranges_count, 2);
    assert_int_equal(again.ranges[1].to, 30);
    assert_int_equal(again.bars, 12);
    arena_clear(&arena);
    board_clear(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_that_touch_become_one_range),
        cmocka_unit_test(sets_agree_with_a_list_of_single_days),
        cmocka_unit_test(set_stays_bounded),
        cmocka_unit_test(same_request_stands_on_the_board_once),
        cmocka_unit_test(coverage_is_what_was_written_last_and_for_that_symbol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
