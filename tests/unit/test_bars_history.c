/* The rules on the history of one series: units, spikes, splits, frozen prices. */
#include "bars_fixture.h"

#include <math.h>

static void calm_series_has_no_flags(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    judge(&history);
    for (size_t i = 0; i < history.count; i++)
        assert_int_equal(history.bars[i].flags, 0);
    assert_true(fabs(history.bars[150].reference.value / history.bars[150].close.value - 1) < 0.05);
    assert_true(bar_score(&history.bars[150]) == 1);
}

static void rows_may_come_in_any_order(void **state)
{
    (void)state;
    struct history history = calm(50, 100);
    for (size_t i = 0; i < 25; i++) {
        const struct day_bar kept = history.bars[i];
        history.bars[i] = history.bars[49 - i];
        history.bars[49 - i] = kept;
    }
    scale(&history, 20, 20, 100);
    judge(&history);
    assert_only(&history, "unit_error", 29, 29);
}

static void closes_off_by_a_unit_are_found_single_in_runs_and_at_the_edges(void **state)
{
    static const struct {
        size_t first, last;
        double factor;
    } cases[] = {{100, 100, 100},  {100, 130, 0.01}, {0, 90, 0.01},    {210, 299, 100}, {0, 0, 100},
                 {299, 299, 0.01}, {50, 54, 1000},   {60, 140, 0.001}, {10, 10, 10000}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct history history = calm(300, 100);
        scale(&history, cases[i].first, cases[i].last, cases[i].factor);
        judge(&history);
        assert_only(&history, "unit_error", cases[i].first, cases[i].last);
    }
}

static void reference_of_a_unit_error_is_what_the_close_should_be(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    scale(&history, 40, 60, 100);
    judge(&history);
    assert_true(fabs(history.bars[50].reference.value / (history.bars[50].close.value / 100) - 1) < 0.05);
}

static void table_that_is_off_as_a_whole_has_no_flags(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    scale(&history, 0, 99, 100);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void one_column_off_by_a_unit_is_found(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    history.bars[10].low.value /= 100;
    history.bars[20].high.value *= 100;
    history.bars[30].open.value *= 100;
    judge(&history);
    for (size_t i = 10; i <= 30; i += 10)
        assert_true(flagged(&history.bars[i], "unit_error") && bar_verdict(&history.bars[i]) == VERDICT_SUSPECT);
    assert_int_equal(count_bad(&history), 3);
}

static void column_is_off_beyond_eight_times_the_close(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    history.bars[10].high.value = history.bars[10].close.value * 7.5;
    history.bars[20].high.value = history.bars[20].close.value * 8.5;
    history.bars[30].low.value = history.bars[30].close.value / 7.5;
    history.bars[40].low.value = history.bars[40].close.value / 8.5;
    judge(&history);
    for (size_t i = 0; i < history.count; i++)
        assert_int_equal(flagged(&history.bars[i], "unit_error"), i == 20 || i == 40);
}

static void step_that_is_no_ratio_of_a_split_is_none(void **state)
{
    (void)state;
    for (int near = 0; near < 2; near++) {
        struct history history = calm(300, 100);
        scale(&history, 0, 120, near ? 4 : 7);
        judge(&history);
        for (size_t i = 0; i < history.count; i++)
            assert_int_equal(flagged(&history.bars[i], "missed_split"), near && i <= 120);
    }
}

static void spike_that_comes_back_is_suspect_and_a_step_that_stays_is_not(void **state)
{
    (void)state;
    struct history history = calm(200, 100);
    scale(&history, 100, 100, 1.25);
    scale(&history, 150, 152, 0.8);
    judge(&history);
    for (size_t i = 0; i < 200; i++)
        assert_int_equal(flagged(&history.bars[i], "bar_spike"), i == 100 || (i >= 150 && i <= 152));
    assert_int_equal(count_bad(&history), 4);

    struct history earnings = calm(200, 100);
    scale(&earnings, 100, 199, 0.75);
    judge(&earnings);
    assert_int_equal(count_bad(&earnings), 0);
}

static void spike_below_the_floor_passes(void **state)
{
    (void)state;
    struct history history = calm(200, 100);
    scale(&history, 100, 100, 1.03);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void berkshire_at_185_dollars_is_a_spike(void **state)
{
    (void)state;
    struct history history = calm(100, 627400);
    add_day(&history, 627400, 185.10);
    add_days(&history, 20, 627400);
    history.bars[101] = history.bars[99]; /* back at the old level */
    history.count = 101;
    add_day(&history, 627000, 631110);
    add_days(&history, 20, 627400);
    judge(&history);
    assert_int_equal(bar_verdict(&history.bars[100]), VERDICT_SUSPECT);
    assert_true(flagged(&history.bars[100], "bar_spike"));
    assert_int_equal(count_bad(&history), 1);
}

static void pence_that_became_pounds_are_named(void **state)
{
    (void)state;
    struct history history = calm(200, 5436.5);
    add_day(&history, 69.9, 69.982);
    add_days(&history, 30, 70);
    judge(&history);
    assert_only(&history, "unit_error", 200, 230);
}

static void gamestop_of_january_2021_passes(void **state)
{
    static const double closes[] = {17.25, 17.37, 18.36, 18.08, 17.69, 19.94,  19.95,  31.40,  39.91,  35.50,
                                    39.36, 39.12, 43.03, 65.01, 76.79, 147.98, 347.51, 193.60, 325.00, 225.00,
                                    90.00, 92.41, 53.50, 63.77, 60.00, 50.31,  51.20,  51.10,  52.40,  49.51,
                                    45.94, 40.69, 40.59, 46.00, 44.97, 91.71,  108.73, 101.74};
    (void)state;
    struct history history = calm(60, 17.5);
    for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++)
        add_day(&history, history.bars[history.count - 1].close.value * 1.02, closes[i]);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

/** A series of bitcoin around 2020-03-12, with that many days left out of the crash's rebound. */
static struct history bitcoin_crash(void)
{
    static const double closes[] = {7911, 4970, 5563, 5200, 5392, 5014, 5225, 5238, 6191, 6198, 6185, 5830};
    struct history history = calm(100, 7900);
    for (size_t i = 0; i < sizeof(closes) / sizeof(closes[0]); i++)
        add_day(&history, history.bars[history.count - 1].close.value, closes[i]);
    add_days(&history, 30, 5830);
    return history;
}

static void crypto_crash_passes_alone_and_on_all_sources(void **state)
{
    (void)state;
    struct history sources[3] = {bitcoin_crash(), bitcoin_crash(), bitcoin_crash()};
    judge(&sources[0]);
    assert_int_equal(count_bad(&sources[0]), 0);
    sources[0] = bitcoin_crash();
    judge_as("equity:T", sources, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_bad(&sources[i]), 0);
}

static void split_that_older_prices_have_not_had_is_found(void **state)
{
    static const double ratios[] = {1.5, 2, 3, 4, 5, 10, 20, 0.1, 0.2};
    (void)state;
    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        struct history history = calm(300, 100);
        scale(&history, 0, 120, ratios[i]);
        judge(&history);
        assert_only(&history, "missed_split", 0, 120);
    }
}

static void split_is_found_in_the_middle_and_on_few_newer_bars(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    scale(&history, 100, 160, 4);
    judge(&history);
    assert_only(&history, "missed_split", 100, 160);

    struct history newer = calm(300, 100);
    scale(&newer, 250, 299, 0.5);
    judge(&newer);
    assert_only(&newer, "missed_split", 250, 299);
}

static void announced_split_of_prices_as_traded_passes(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    scale(&history, 0, 119, 4);
    history.bars[120].split = SOME_DOUBLE(4);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);

    struct history adjusted = calm(300, 100);
    adjusted.bars[120].split = SOME_DOUBLE(4);
    judge(&adjusted);
    assert_int_equal(count_bad(&adjusted), 0);
}

static void adjusted_close_explains_a_step_where_no_splits_are_listed(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    for (size_t i = 0; i < history.count; i++)
        history.bars[i].adj_close = history.bars[i].close;
    scale(&history, 0, 119, 2);
    for (size_t i = 0; i < 120; i++)
        history.bars[i].adj_close.value /= 2;
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void crash_by_the_ratio_of_a_split_is_told_by_its_volume(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    scale(&history, 120, 299, 0.5);
    history.bars[120].volume.value *= 12;
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void takeover_premium_of_a_half_passes(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    scale(&history, 200, 299, 1.5);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void copy_of_the_day_before_is_frozen(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    for (size_t i = 51; i <= 53; i++) {
        const struct day_bar kept = history.bars[i];
        history.bars[i] = history.bars[50];
        history.bars[i].day = kept.day;
        history.bars[i].row = kept.row;
    }
    judge(&history);
    assert_only(&history, "frozen", 51, 53);
}

static void unchanged_price_without_trades_is_not_frozen(void **state)
{
    (void)state;
    struct history history = calm(100, 100);
    for (size_t i = 51; i <= 70; i++) {
        history.bars[i].open = history.bars[i].high = history.bars[i].low = history.bars[i].close = history.bars[50].close;
        history.bars[i].volume = SOME_DOUBLE(0);
    }
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void price_of_one_digit_may_stay(void **state)
{
    (void)state;
    struct history history = {0};
    for (size_t i = 0; i < 60; i++) {
        struct day_bar *bar = add_day(&history, 0.1, i % 7 ? 0.1 : 0.11);
        bar->open = bar->high = bar->low = bar->close;
    }
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calm_series_has_no_flags),
        cmocka_unit_test(rows_may_come_in_any_order),
        cmocka_unit_test(closes_off_by_a_unit_are_found_single_in_runs_and_at_the_edges),
        cmocka_unit_test(reference_of_a_unit_error_is_what_the_close_should_be),
        cmocka_unit_test(table_that_is_off_as_a_whole_has_no_flags),
        cmocka_unit_test(one_column_off_by_a_unit_is_found),
        cmocka_unit_test(column_is_off_beyond_eight_times_the_close),
        cmocka_unit_test(step_that_is_no_ratio_of_a_split_is_none),
        cmocka_unit_test(spike_that_comes_back_is_suspect_and_a_step_that_stays_is_not),
        cmocka_unit_test(spike_below_the_floor_passes),
        cmocka_unit_test(berkshire_at_185_dollars_is_a_spike),
        cmocka_unit_test(pence_that_became_pounds_are_named),
        cmocka_unit_test(gamestop_of_january_2021_passes),
        cmocka_unit_test(crypto_crash_passes_alone_and_on_all_sources),
        cmocka_unit_test(split_that_older_prices_have_not_had_is_found),
        cmocka_unit_test(split_is_found_in_the_middle_and_on_few_newer_bars),
        cmocka_unit_test(announced_split_of_prices_as_traded_passes),
        cmocka_unit_test(adjusted_close_explains_a_step_where_no_splits_are_listed),
        cmocka_unit_test(crash_by_the_ratio_of_a_split_is_told_by_its_volume),
        cmocka_unit_test(takeover_premium_of_a_half_passes),
        cmocka_unit_test(copy_of_the_day_before_is_frozen),
        cmocka_unit_test(unchanged_price_without_trades_is_not_frozen),
        cmocka_unit_test(price_of_one_digit_may_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
