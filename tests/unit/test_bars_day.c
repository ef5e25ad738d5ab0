/* The rules on single bars, on dividends and adjusted closes, and between sources. */
#include "bars_fixture.h"

#include <math.h>

static void figures_that_are_no_numbers_reject_the_bar(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    history.bars[10].close.value = NAN;
    history.bars[20].volume.value = INFINITY;
    history.bars[30].low.value = 0;
    history.bars[40].close.value = -history.bars[40].close.value;
    judge(&history);
    assert_true(flagged(&history.bars[10], "not_finite") && flagged(&history.bars[20], "not_finite"));
    assert_true(flagged(&history.bars[30], "non_positive") && flagged(&history.bars[40], "non_positive"));
    for (size_t i = 10; i <= 40; i += 10) {
        assert_int_equal(bar_verdict(&history.bars[i]), VERDICT_REJECT);
        assert_true(bar_score(&history.bars[i]) == 0);
    }
    assert_int_equal(count_bad(&history), 4);
}

static void adjusted_close_below_zero_leaves_the_bar_usable(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    history.bars[10].adj_close = SOME_DOUBLE(-3);
    judge(&history);
    assert_int_equal(bar_verdict(&history.bars[10]), VERDICT_SUSPECT);
}

static void close_outside_of_low_and_high_is_suspect_and_a_rounding_only_flagged(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    history.bars[10].close.value = history.bars[10].high.value * 1.01;
    history.bars[20].close.value = history.bars[20].high.value * 1.0005;
    const struct opt_double high = history.bars[30].high;
    history.bars[30].high = history.bars[30].low;
    history.bars[30].low = high;
    judge(&history);
    assert_int_equal(bar_verdict(&history.bars[10]), VERDICT_SUSPECT);
    assert_int_equal(bar_verdict(&history.bars[20]), VERDICT_PASS);
    assert_true(flagged(&history.bars[20], "bad_bar"));
    assert_int_equal(bar_verdict(&history.bars[30]), VERDICT_SUSPECT);
    assert_int_equal(count_bad(&history), 2);
}

static void missing_prices_are_bad_where_the_source_gives_them(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    history.bars[10].open.set = false;
    history.bars[20].close.set = false;
    history.bars[30].volume.value = -5;
    judge(&history);
    assert_int_equal(bar_verdict(&history.bars[10]), VERDICT_SUSPECT);
    assert_int_equal(bar_verdict(&history.bars[20]), VERDICT_REJECT);
    assert_int_equal(bar_verdict(&history.bars[30]), VERDICT_SUSPECT);

    struct history closes = calm(60, 100);
    for (size_t i = 0; i < 60; i++)
        closes.bars[i].open.set = closes.bars[i].high.set = closes.bars[i].low.set = closes.bars[i].volume.set = false;
    judge(&closes);
    assert_int_equal(count_bad(&closes), 0);
}

/** Appends another bar for the day of bar `i`. */
static struct day_bar *repeat(struct history *history, size_t i)
{
    struct day_bar *copy = &history->bars[history->count];
    *copy = history->bars[i];
    copy->row = history->count++;
    return copy;
}

static void second_of_two_identical_bars_is_the_duplicate(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    repeat(&history, 30);
    judge(&history);
    assert_only(&history, "duplicate_day", 31, 31);
}

static void of_two_bars_of_a_day_the_one_that_goes_with_its_days_stays(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    const size_t row = history.count;
    repeat(&history, 30);
    scale(&history, row, row, 1.08);
    judge(&history);
    assert_only(&history, "duplicate_day", 31, 31);

    struct history first_wrong = calm(60, 100);
    repeat(&first_wrong, 30);
    scale(&first_wrong, 30, 30, 1.08);
    judge(&first_wrong);
    assert_only(&first_wrong, "duplicate_day", 30, 30);
}

static void bars_of_a_day_that_nothing_tells_apart_are_both_suspect(void **state)
{
    (void)state;
    struct history history = {0};
    add_days(&history, 60, 100);
    const size_t row = history.count;
    repeat(&history, 30);
    scale(&history, 30, 30, 1.05);
    scale(&history, row, row, 1 / 1.05);
    judge(&history);
    assert_int_equal(count_bad(&history), 2);
}

static void gap_of_days_is_flagged_behind_it(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    for (size_t i = 40; i < 60; i++)
        history.bars[i].day += 7;
    judge(&history);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(flagged(&history.bars[i], "missing_day"), i == 40);
    assert_int_equal(count_bad(&history), 0);
}

static void day_that_another_source_has_is_missing(void **state)
{
    (void)state;
    struct history sources[2] = {calm(60, 100), calm(60, 100)};
    memmove(&sources[0].bars[30], &sources[0].bars[31], 29 * sizeof(sources[0].bars[0]));
    sources[0].count--;
    judge_as("equity:T", sources, 2);
    for (size_t i = 0; i < 59; i++)
        assert_int_equal(flagged(&sources[0].bars[i], "missing_day"), i == 30);
    assert_int_equal(count_bad(&sources[0]) + count_bad(&sources[1]), 0);
}

static void crypto_is_traded_at_weekends(void **state)
{
    (void)state;
    struct history history = calm(20, 100);
    judge_as("crypto:T", &history, 1);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(flagged(&history.bars[i], "missing_day"), i && i % 5 == 0);
}

static void volumes_far_from_those_around_are_flagged_and_pass(void **state)
{
    (void)state;
    struct history history = calm(60, 100);
    history.bars[20].volume.value *= 100;
    history.bars[30].volume.value *= 10;
    scale(&history, 40, 59, 1.1);
    history.bars[40].volume.value = 0;
    history.bars[50].volume.value = 0;
    judge(&history);
    for (size_t i = 0; i < 60; i++)
        assert_int_equal(flagged(&history.bars[i], "volume_outlier"), i == 20 || i == 40);
    assert_int_equal(count_bad(&history), 0);
}

/** A series that pays half a percent every 60 days and adjusts its closes for it, as Yahoo does. */
static struct history payer(void)
{
    struct history history = calm(300, 100);
    double factor = 1;
    for (size_t i = history.count; i-- > 0;) {
        struct day_bar *bar = &history.bars[i];
        bar->adj_close = SOME_DOUBLE(bar->close.value * factor);
        bar->dividend = SOME_DOUBLE(0);
        if (i % 60 == 30) {
            bar->dividend.value = 0.5;
            factor *= 1 - 0.5 / history.bars[i - 1].close.value;
        }
    }
    return history;
}

static void dividends_that_are_adjusted_for_have_no_flags(void **state)
{
    (void)state;
    struct history history = payer();
    judge(&history);
    for (size_t i = 0; i < history.count; i++)
        assert_int_equal(history.bars[i].flags, 0);
}

static void dividend_off_by_100_is_suspect(void **state)
{
    static const double factors[] = {100, 0.01};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct history history = payer();
        history.bars[90].dividend.value *= factors[i];
        judge(&history);
        assert_only(&history, "dividend_error", 90, 90);
        struct history bare = payer();
        for (size_t k = 0; k < bare.count; k++)
            bare.bars[k].adj_close.set = false;
        bare.bars[90].dividend.value *= factors[i];
        judge(&bare);
        assert_only(&bare, "dividend_error", 90, 90);
    }
}

static void dividend_is_suspect_from_a_unit_on_and_not_below(void **state)
{
    static const struct {
        double factor;
        bool suspect;
    } cases[] = {{50, false}, {70, true}, {150, true}, {1 / 50.0, false}, {1 / 70.0, true}, {1 / 150.0, true}, {2, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct history history = calm(300, 1000);
        for (size_t k = 30; k < history.count; k += 60)
            history.bars[k].dividend = SOME_DOUBLE(0.5);
        history.bars[90].dividend.value *= cases[i].factor;
        judge(&history);
        assert_int_equal(flagged(&history.bars[90], "dividend_error"), cases[i].suspect);
        assert_int_equal(count_bad(&history), cases[i].suspect);
    }
}

static void special_dividend_that_the_price_shows_passes(void **state)
{
    (void)state;
    struct history history = calm(300, 100);
    history.bars[150].dividend = SOME_DOUBLE(0.3 * history.bars[149].close.value);
    scale(&history, 150, 299, 0.7);
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void adjusted_closes_that_leave_the_path_are_suspect(void **state)
{
    (void)state;
    struct history history = payer();
    history.bars[100].adj_close.value *= 1.05;
    for (size_t i = 200; i < 209; i++)
        history.bars[i].adj_close.value *= 0.97;
    judge(&history);
    for (size_t i = 0; i < history.count; i++)
        assert_int_equal(flagged(&history.bars[i], "adj_close_error"), i == 100 || (i >= 200 && i < 209));
    assert_int_equal(count_bad(&history), 10);
}

static void dividend_that_was_not_adjusted_for_is_found_at_its_day(void **state)
{
    (void)state;
    struct history history = payer();
    const double factor = 1 - 0.5 / history.bars[149].close.value;
    for (size_t i = 0; i < 150; i++)
        history.bars[i].adj_close.value /= factor;
    judge(&history);
    assert_only(&history, "adj_close_error", 150, 150);
}

static void closes_that_are_not_adjusted_at_all_pass(void **state)
{
    (void)state;
    struct history history = payer();
    for (size_t i = 0; i < history.count; i++)
        history.bars[i].adj_close = history.bars[i].close;
    judge(&history);
    assert_int_equal(count_bad(&history), 0);
}

static void one_source_of_three_that_differs_is_divergent(void **state)
{
    (void)state;
    struct history sources[3] = {calm(200, 100), calm(200, 100), calm(200, 100)};
    scale(&sources[1], 100, 120, 1.03);
    scale(&sources[2], 150, 150, 1.015);
    judge_as("equity:T", sources, 3);
    assert_int_equal(count_bad(&sources[0]) + count_bad(&sources[2]), 0);
    assert_only(&sources[1], "divergent", 100, 120);
}

static void of_two_sources_the_one_that_left_the_path_is_divergent(void **state)
{
    (void)state;
    struct history sources[2] = {calm(200, 100), calm(200, 100)};
    scale(&sources[1], 100, 110, 1.06);
    judge_as("equity:T", sources, 2);
    assert_int_equal(count_bad(&sources[0]), 0);
    assert_only(&sources[1], "divergent", 100, 110);
}

static void two_sources_that_always_differ_are_both_suspect(void **state)
{
    (void)state;
    struct history sources[2] = {calm(200, 100), calm(200, 100)};
    scale(&sources[1], 0, 199, 1.1);
    judge_as("equity:T", sources, 2);
    assert_only(&sources[0], "divergent", 0, 199);
    assert_only(&sources[1], "divergent", 0, 199);
}

static void spike_that_other_sources_confirm_passes(void **state)
{
    (void)state;
    struct history sources[3] = {calm(200, 100), calm(200, 100), calm(200, 100)};
    for (size_t i = 0; i < 3; i++)
        scale(&sources[i], 100, 100, 0.7);
    judge_as("equity:T", sources, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_bad(&sources[i]), 0);
}

static void two_of_three_that_err_alike_do_not_outvote_the_path(void **state)
{
    (void)state;
    struct history sources[3] = {calm(200, 100), calm(200, 100), calm(200, 100)};
    scale(&sources[0], 100, 100, 100);
    scale(&sources[1], 100, 100, 100);
    judge_as("equity:T", sources, 3);
    assert_int_equal(count_bad(&sources[2]), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_true(flagged(&sources[i].bars[100], "unit_error"));
        assert_int_equal(count_bad(&sources[i]), 1);
    }
}

static void prices_as_traded_agree_with_adjusted_ones(void **state)
{
    (void)state;
    struct history sources[2] = {calm(200, 100), calm(200, 100)};
    scale(&sources[0], 0, 119, 4);
    sources[0].bars[120].split = sources[1].bars[120].split = SOME_DOUBLE(4);
    judge_as("equity:T", sources, 2);
    assert_int_equal(count_bad(&sources[0]) + count_bad(&sources[1]), 0);
    assert_true(fabs(sources[0].bars[50].reference.value / sources[0].bars[50].close.value - 1) < 0.001);
}

static void empty_and_tiny_series_are_judged(void **state)
{
    (void)state;
    struct history sources[3] = {calm(0, 100), calm(1, 100), calm(2, 100)};
    judge_as("equity:T", sources, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(count_bad(&sources[i]), 0);
}

static void section_of_the_rule_file_is_checked(void **state)
{
    static const char *const wrong[] = {"bars: 3\n", "bars: { equity: { spike: 3 } }\n", "bars: { equity: { spike_k: x } }\n",
                                        "bars: { equity: { frozen_bars: 1 } }\n"};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct error error = {0};
        assert_null(bar_rules_parse("rules.yaml", str_from(wrong[i]), &error));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, "rules.yaml:1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_that_are_no_numbers_reject_the_bar),
        cmocka_unit_test(adjusted_close_below_zero_leaves_the_bar_usable),
        cmocka_unit_test(close_outside_of_low_and_high_is_suspect_and_a_rounding_only_flagged),
        cmocka_unit_test(missing_prices_are_bad_where_the_source_gives_them),
        cmocka_unit_test(second_of_two_identical_bars_is_the_duplicate),
        cmocka_unit_test(of_two_bars_of_a_day_the_one_that_goes_with_its_days_stays),
        cmocka_unit_test(bars_of_a_day_that_nothing_tells_apart_are_both_suspect),
        cmocka_unit_test(gap_of_days_is_flagged_behind_it),
        cmocka_unit_test(day_that_another_source_has_is_missing),
        cmocka_unit_test(crypto_is_traded_at_weekends),
        cmocka_unit_test(volumes_far_from_those_around_are_flagged_and_pass),
        cmocka_unit_test(dividends_that_are_adjusted_for_have_no_flags),
        cmocka_unit_test(dividend_off_by_100_is_suspect),
        cmocka_unit_test(dividend_is_suspect_from_a_unit_on_and_not_below),
        cmocka_unit_test(special_dividend_that_the_price_shows_passes),
        cmocka_unit_test(adjusted_closes_that_leave_the_path_are_suspect),
        cmocka_unit_test(dividend_that_was_not_adjusted_for_is_found_at_its_day),
        cmocka_unit_test(closes_that_are_not_adjusted_at_all_pass),
        cmocka_unit_test(one_source_of_three_that_differs_is_divergent),
        cmocka_unit_test(of_two_sources_the_one_that_left_the_path_is_divergent),
        cmocka_unit_test(two_sources_that_always_differ_are_both_suspect),
        cmocka_unit_test(spike_that_other_sources_confirm_passes),
        cmocka_unit_test(two_of_three_that_err_alike_do_not_outvote_the_path),
        cmocka_unit_test(prices_as_traded_agree_with_adjusted_ones),
        cmocka_unit_test(empty_and_tiny_series_are_judged),
        cmocka_unit_test(section_of_the_rule_file_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
