#include "tests/unit/validate_fixture.h"

#include <math.h>

/* ---- structural rules */

static void assert_rejected(struct quote quote, const char *flag)
{
    struct stream stream = stream_open();
    const struct clean_quote *clean = judge(&stream, quote);
    assert_verdict(clean, VERDICT_REJECT);
    assert_true(has_flag(clean, flag));
    assert_false(has_flag(clean, FLAG_UNCORROBORATED));
    assert_true(clean->score == 0);
    assert_true(stream.last.anomaly_count >= 1);
    assert_false(stream.last.has_consensus);
    assert_int_equal(stream.memory->asset_count, 0);
    stream_close(&stream);
}

static void assert_passes(struct quote quote)
{
    struct stream stream = stream_open();
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    assert_int_equal(stream.last.anomaly_count, 0);
    stream_close(&stream);
}

static void malformed_fires_on_names_and_times_that_cannot_be(void **state)
{
    (void)state;
    static const char long_name[SOURCE_NAME_MAX + 2] = "0123456789012345678901234567890123456789012345678901234567890123x";
    struct quote quote = a_quote("a", 10);
    quote.asset = STR("equity");
    assert_rejected(quote, "malformed");
    quote.asset = STR(":T");
    assert_rejected(quote, "malformed");
    quote.asset = (struct str){0};
    assert_rejected(quote, "malformed");
    assert_rejected(a_quote("", 10), "malformed");
    assert_rejected(a_quote(long_name, 10), "malformed");
    quote = a_quote(long_name, 10);
    quote.source.len = SOURCE_NAME_MAX;
    assert_passes(quote);
    quote = a_quote("a", 10);
    quote.fetched_at_us = INT64_MAX;
    assert_rejected(quote, "malformed");
    quote.fetched_at_us = NOON_US;
    quote.observed_at_us = INT64_MIN;
    assert_rejected(quote, "malformed");
    quote.observed_at_us = NOON_US;
    quote.observed_resolution_s = INT64_MAX;
    assert_rejected(quote, "malformed");
}

static void not_finite_fires_on_any_figure(void **state)
{
    (void)state;
    assert_rejected(a_quote("a", NAN), "not_finite");
    assert_rejected(a_quote("a", INFINITY), "not_finite");
    assert_rejected(a_quote("a", -INFINITY), "not_finite");
    assert_rejected(a_quote("a", 1e308), "not_finite");
    assert_passes(a_quote("a", 1e29));
    struct quote quote = a_quote("a", 10);
    quote.volume = SOME_DOUBLE(NAN);
    assert_rejected(quote, "not_finite");
    quote = a_quote("a", 10);
    quote.usd_rate = SOME_DOUBLE(INFINITY);
    assert_rejected(quote, "not_finite");
    quote = a_quote("a", 1e29);
    quote.usd_rate = SOME_DOUBLE(1e29);
    assert_rejected(quote, "not_finite");
}

static void non_positive_fires_at_zero_and_below(void **state)
{
    (void)state;
    assert_rejected(a_quote("a", 0), "non_positive");
    assert_rejected(a_quote("a", -0.01), "non_positive");
    assert_rejected(a_quote("a", 1e-300), "non_positive");
    assert_passes(a_quote("a", 1e-9));
    struct quote quote = a_quote("a", 10);
    quote.usd_rate = SOME_DOUBLE(0);
    assert_rejected(quote, "non_positive");
}

static void currency_mismatch_fires_unless_the_currency_or_its_conversion_is_expected(void **state)
{
    (void)state;
    struct quote quote = a_quote("a", 10);
    quote.currency = STR("EUR");
    assert_rejected(quote, "currency_mismatch");
    quote.usd_rate = SOME_DOUBLE(1.1);
    assert_passes(quote);
    quote = a_quote("a", 10);
    quote.asset = STR("fx:EURGBP");
    assert_rejected(quote, "currency_mismatch");
    quote.currency = STR("GBP");
    assert_passes(quote);
    quote.asset = STR("equity:ANY");
    assert_passes(quote);
}

static void coin_that_stands_for_the_dollar_is_suspect_without_its_rate(void **state)
{
    (void)state;
    struct quote quote = a_quote("a", 10);
    quote.currency = STR("USDT");
    struct stream stream = stream_open();
    const struct clean_quote *clean = judge(&stream, quote);
    assert_verdict(clean, VERDICT_SUSPECT);
    assert_true(has_flag(clean, "currency_mismatch"));
    assert_int_equal(stream.last.anomaly_count, 1);
    stream_close(&stream);
    quote.usd_rate = SOME_DOUBLE(0.9993);
    assert_passes(quote);
}

static void currency_mismatch_fires_on_a_figure_that_only_changed_its_currency(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 100);
    quote.asset = STR("equity:ANY");
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    quote.currency = STR("EUR");
    quote.price = 101.9;
    assert_verdict(judge(&stream, quote), VERDICT_REJECT);
    assert_true(has_flag(&stream.last.clean, "currency_mismatch"));
    quote.price = 102.1; /* another figure: it may have lost its conversion */
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    stream_close(&stream);
}

static void future_time_fires_beyond_its_limit(void **state)
{
    (void)state;
    struct quote quote = a_quote("a", 10);
    quote.observed_at_us += 60 * US_PER_S;
    assert_passes(quote);
    quote.observed_at_us += 1;
    assert_rejected(quote, "future_time");
}

/* ---- rules with a memory */

static void stale_fires_beyond_its_limit(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 10);
    quote.observed_at_us -= 3600 * US_PER_S;
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    quote.observed_at_us -= 1;
    assert_verdict(judge(&stream, quote), VERDICT_SUSPECT);
    assert_true(has_flag(&stream.last.clean, "stale"));
    assert_string_equal(stream.last.anomalies[0].unit.ptr, "s");
    stream_close(&stream);
}

static void stale_counts_from_the_end_of_an_observation_that_is_known_to_a_day(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 10);
    quote.observed_resolution_s = 86400;
    quote.observed_at_us -= (86400 + 3600) * US_PER_S;
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    quote.observed_at_us -= 1;
    assert_verdict(judge(&stream, quote), VERDICT_SUSPECT);
    stream_close(&stream);
}

static void duplicate_flags_a_repeated_observation_and_leaves_it_a_pass(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 10);
    assert_false(has_flag(judge(&stream, quote), "duplicate"));
    quote.fetched_at_us += 60 * US_PER_S;
    quote.request_id = STR("another");
    assert_true(has_flag(judge(&stream, quote), "duplicate"));
    assert_verdict(&stream.last.clean, VERDICT_PASS);
    assert_int_equal(stream.last.anomaly_count, 0);
    assert_int_equal(source_find(asset_find(stream.memory, quote.asset), STR("a"))->state.unchanged, 1);
    assert_int_equal(source_find(asset_find(stream.memory, quote.asset), STR("a"))->state.recent_count, 1);
    quote.volume = SOME_DOUBLE(5);
    assert_false(has_flag(judge(&stream, quote), "duplicate"));
    quote.observed_at_us += 1;
    assert_false(has_flag(judge(&stream, quote), "duplicate"));
    quote.observed_resolution_s = 86400;
    judge(&stream, quote);
    quote.observed_at_us += 1;
    assert_true(has_flag(judge(&stream, quote), "duplicate"));
    stream_close(&stream);
}

static void jump_fires_beyond_the_floor_of_a_minute(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_verdict(judge(&stream, a_quote_at("a", 100 * exp(0.0499), 60)), VERDICT_PASS);
    stream_close(&stream);
    stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_verdict(judge(&stream, a_quote_at("a", 100 * exp(0.0501), 60)), VERDICT_SUSPECT);
    assert_true(has_flag(&stream.last.clean, "jump"));
    assert_true(fabs(stream.last.anomalies[0].measured.value - 501) < 1e-6);
    assert_true(fabs(stream.last.anomalies[0].threshold.value - 500) < 1e-6);
    stream_close(&stream);
}

static void jump_allows_more_with_the_square_root_of_time(void **state)
{
    (void)state;
    const double limit = 12 * 0.005 * 4; /* z, deviation of a minute, sixteen minutes */
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 100);
    quote.asset = STR("equity:WILD");
    judge(&stream, quote);
    quote.observed_at_us += 960 * US_PER_S;
    quote.fetched_at_us = quote.observed_at_us;
    quote.price = 100 * exp(-limit * 1.01);
    assert_verdict(judge(&stream, quote), VERDICT_SUSPECT);
    quote.price = 100 * exp(-limit * 0.99);
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    stream_close(&stream);
}

static void jump_allows_a_wild_asset_more_by_its_own_past(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    double price = 100;
    for (int i = 0; i < 12; i++) { /* returns of -2%, +2%, -1%, ...: robust deviation about 1.5% to 3% */
        price *= exp((i % 2 ? 1 : -1) * (i % 3 ? 0.02 : 0.01));
        assert_verdict(judge(&stream, a_quote_at("a", price, i * 60)), VERDICT_PASS);
    }
    assert_verdict(judge(&stream, a_quote_at("a", price * exp(0.10), 12 * 60)), VERDICT_PASS);
    stream_close(&stream);
}

static void jump_that_another_source_confirms_is_none(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    assert_true(has_flag(judge(&stream, a_quote_at("a", 70, 60)), "jump"));
    assert_false(has_flag(judge(&stream, a_quote_at("b", 70, 61)), "jump"));
    assert_verdict(judge(&stream, a_quote_at("a", 70, 120)), VERDICT_PASS);
    stream_close(&stream);
}

static void jump_is_not_asked_of_a_base_that_is_too_old(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_verdict(judge(&stream, a_quote_at("a", 170, 7200)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 170, 7201)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("a", 170, 7300)), VERDICT_PASS);
    stream_close(&stream);
}

static void single_wrong_price_does_not_become_the_base(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 627400));
    assert_verdict(judge(&stream, a_quote_at("a", 185.10, 60)), VERDICT_SUSPECT); /* BRK.A, 2024-06-03 */
    assert_verdict(judge(&stream, a_quote_at("a", 627300, 120)), VERDICT_PASS);
    stream_close(&stream);
}

static void divergent_fires_beyond_the_floor(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    assert_verdict(judge(&stream, a_quote("c", 100.99)), VERDICT_PASS);
    assert_true(fabs(stream.last.clean.reference_price.value - 100) < 1e-12);
    assert_true(fabs(stream.last.clean.deviation_bps.value - 99) < 1e-6);
    stream_close(&stream);
    stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    assert_verdict(judge(&stream, a_quote("c", 101.02)), VERDICT_SUSPECT);
    assert_true(has_flag(&stream.last.clean, "divergent"));
    assert_int_equal(stream.last.anomalies[0].evidence_count, 2);
    assert_int_equal(stream.last.clean.source_count, 3);
    stream_close(&stream);
}

static void divergent_source_comes_back_at_half_of_the_limit(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    assert_verdict(judge(&stream, a_quote("c", 102)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("c", 100.9, 10)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("c", 100.53, 20)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("c", 100.49, 30)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("c", 100.9, 40)), VERDICT_PASS);
    stream_close(&stream);
}

static void divergent_allows_what_the_others_differ_by(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100.8));
    /* median 100.4, deviation 1.4826 x 0.4, times 6: 3.56 */
    assert_verdict(judge(&stream, a_quote("c", 103.9)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote("d", 110)), VERDICT_SUSPECT);
    stream_close(&stream);
}

static void divergent_allows_the_quoted_spread_up_to_a_bound(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    struct quote wide = a_quote("b", 102);
    wide.bid = SOME_DOUBLE(100);
    wide.ask = SOME_DOUBLE(104);
    assert_verdict(judge(&stream, wide), VERDICT_PASS);
    struct quote absurd = a_quote("c", 200);
    absurd.bid = SOME_DOUBLE(1);
    absurd.ask = SOME_DOUBLE(1e9);
    assert_verdict(judge(&stream, absurd), VERDICT_SUSPECT);
    stream_close(&stream);
}

static void wrong_source_does_not_make_the_right_ones_suspect(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    for (int i = 1; i < 10; i++) {
        assert_verdict(judge(&stream, a_quote_at("c", 10000, i * 60)), VERDICT_SUSPECT);
        assert_verdict(judge(&stream, a_quote_at("a", 100, i * 60)), VERDICT_PASS);
        assert_verdict(judge(&stream, a_quote_at("b", 100.1, i * 60)), VERDICT_PASS);
    }
    stream_close(&stream);
}

static void two_sources_that_disagree_without_a_past_are_both_suspect(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    assert_verdict(judge(&stream, a_quote("a", 100)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote("b", 150)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 100, 60)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("b", 150, 60)), VERDICT_SUSPECT);
    stream_close(&stream);
}

static void past_of_a_source_arbitrates_between_two(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    for (int i = 0; i < 8; i++) {
        judge(&stream, a_quote_at("a", 100 + i * 0.01, i * 60));
        judge(&stream, a_quote_at("b", 100 + i * 0.01, i * 60));
    }
    assert_verdict(judge(&stream, a_quote_at("b", 1, 500)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 100.1, 501)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("b", 1, 560)), VERDICT_SUSPECT);
    assert_verdict(judge(&stream, a_quote_at("a", 100.1, 561)), VERDICT_PASS);
    assert_verdict(judge(&stream, a_quote_at("b", 100.1, 620)), VERDICT_PASS);
    stream_close(&stream);
}

static void sources_are_compared_at_their_own_times(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote last_close = a_quote("a", 100);
    last_close.observed_at_us -= 3000 * US_PER_S;
    judge(&stream, last_close);
    /* b saw the opening, a has not been asked since */
    assert_verdict(judge(&stream, a_quote_at("b", 104, 60)), VERDICT_PASS);
    assert_true(has_flag(&stream.last.clean, FLAG_UNCORROBORATED));
    stream_close(&stream);
}

static void price_of_a_day_is_compared_with_every_time_of_that_day(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote daily = a_quote("daily", 100);
    daily.observed_at_us = NOON_US / US_PER_DAY * US_PER_DAY;
    daily.observed_resolution_s = 86400;
    judge(&stream, daily);
    assert_false(has_flag(judge(&stream, a_quote("b", 100)), FLAG_UNCORROBORATED));
    assert_int_equal(stream.last.clean.source_count, 2);
    stream_close(&stream);
}

static void lone_source_and_copies_of_one_upstream_are_uncorroborated(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    assert_true(has_flag(judge(&stream, a_quote("copy-a", 100)), FLAG_UNCORROBORATED));
    assert_true(has_flag(judge(&stream, a_quote("copy-b", 100)), FLAG_UNCORROBORATED));
    assert_int_equal(stream.last.clean.source_count, 1);
    assert_false(has_flag(judge(&stream, a_quote("other", 100)), FLAG_UNCORROBORATED));
    assert_int_equal(stream.last.clean.source_count, 2);
    assert_true(has_flag(judge(&stream, a_quote_at("copy-a", 100, 601)), FLAG_UNCORROBORATED));
    stream_close(&stream);
}

static void prices_are_compared_in_dollars_and_shown_in_the_currency_of_the_record(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 110));
    struct quote euros = a_quote("b", 100);
    euros.currency = STR("EUR");
    euros.usd_rate = SOME_DOUBLE(1.1);
    assert_verdict(judge(&stream, euros), VERDICT_PASS);
    assert_true(fabs(stream.last.clean.reference_price.value - 100) < 1e-9);
    euros.price = 110; /* as if the rate had been left out */
    assert_verdict(judge(&stream, euros), VERDICT_SUSPECT);
    assert_true(fabs(stream.last.anomalies[stream.last.anomaly_count - 1].evidence[0].price - 100) < 1e-9);
    stream_close(&stream);
}

static void clean_quote_carries_the_record_and_where_it_stands(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 10);
    quote.market_cap = SOME_DOUBLE(1e12);
    quote.usd_rate_source = SOME_STR(STR("x"));
    judge(&stream, quote);
    const struct clean_quote *clean = judge(&stream, quote);
    assert_int_equal(clean->raw_offset, 1);
    assert_true(clean->market_cap.value == 1e12);
    assert_true(str_is(clean->usd_rate_source.value, "x"));
    assert_true(str_is(clean->request_id, "r"));
    assert_true(str_equal(clean->rules_version, rule_settings_version(stream.settings)));
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_fires_on_names_and_times_that_cannot_be),
        cmocka_unit_test(not_finite_fires_on_any_figure),
        cmocka_unit_test(non_positive_fires_at_zero_and_below),
        cmocka_unit_test(currency_mismatch_fires_unless_the_currency_or_its_conversion_is_expected),
        cmocka_unit_test(coin_that_stands_for_the_dollar_is_suspect_without_its_rate),
        cmocka_unit_test(currency_mismatch_fires_on_a_figure_that_only_changed_its_currency),
        cmocka_unit_test(future_time_fires_beyond_its_limit),
        cmocka_unit_test(stale_fires_beyond_its_limit),
        cmocka_unit_test(stale_counts_from_the_end_of_an_observation_that_is_known_to_a_day),
        cmocka_unit_test(duplicate_flags_a_repeated_observation_and_leaves_it_a_pass),
        cmocka_unit_test(jump_fires_beyond_the_floor_of_a_minute),
        cmocka_unit_test(jump_allows_more_with_the_square_root_of_time),
        cmocka_unit_test(jump_allows_a_wild_asset_more_by_its_own_past),
        cmocka_unit_test(jump_that_another_source_confirms_is_none),
        cmocka_unit_test(jump_is_not_asked_of_a_base_that_is_too_old),
        cmocka_unit_test(single_wrong_price_does_not_become_the_base),
        cmocka_unit_test(divergent_fires_beyond_the_floor),
        cmocka_unit_test(divergent_source_comes_back_at_half_of_the_limit),
        cmocka_unit_test(divergent_allows_what_the_others_differ_by),
        cmocka_unit_test(divergent_allows_the_quoted_spread_up_to_a_bound),
        cmocka_unit_test(wrong_source_does_not_make_the_right_ones_suspect),
        cmocka_unit_test(two_sources_that_disagree_without_a_past_are_both_suspect),
        cmocka_unit_test(past_of_a_source_arbitrates_between_two),
        cmocka_unit_test(sources_are_compared_at_their_own_times),
        cmocka_unit_test(price_of_a_day_is_compared_with_every_time_of_that_day),
        cmocka_unit_test(lone_source_and_copies_of_one_upstream_are_uncorroborated),
        cmocka_unit_test(prices_are_compared_in_dollars_and_shown_in_the_currency_of_the_record),
        cmocka_unit_test(clean_quote_carries_the_record_and_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
