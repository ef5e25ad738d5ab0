/*
 * What has happened: known bad prices that must be caught and named, and real moves that must pass. Judged by the rule file that
 * is shipped. Figures are those that were published; between them prices go in even steps, as sources that are polled see them.
 */
#include "tests/unit/validate_fixture.h"

#include <math.h>

#define POLL_S 300

/** A stream that is judged by the shipped rules. */
static struct stream open_shipped(void)
{
    struct error error = {0};
    struct stream stream = {.settings = rule_settings_load(SOURCE_DIR "/config/rules.yaml", &error)};
    if (!stream.settings)
        fail_msg("%s", error.message);
    stream.memory = partition_memory_new(0, stream.settings);
    return stream;
}

/** A quote of an asset. */
static struct quote quote_of(const char *asset, const char *source, const char *currency, double price, int64_t after_s)
{
    struct quote quote = a_quote_at(source, price, after_s);
    quote.asset = str_from(asset);
    quote.currency = str_from(currency);
    return quote;
}

/** Polls some sources a few seconds apart; returns how many of their quotes do not pass. */
static int poll(struct stream *stream, const char *asset, int sources, double price, int64_t after_s)
{
    static const char *const names[] = {"first", "second", "third"};
    int doubted = 0;
    for (int i = 0; i < sources; i++)
        doubted +=
            judge(stream, quote_of(asset, names[i], "USD", price * (1 + i * 1e-4), after_s + i * 3))->verdict != VERDICT_PASS;
    return doubted;
}

/** Polls sources at an even walk of `polls` steps from one price to another; returns how many quotes do not pass. */
static int walk(struct stream *stream, const char *asset, int sources, double from, double to, int polls, int64_t *after_s,
                int step_s)
{
    int doubted = 0;
    for (int i = 1; i <= polls; i++, *after_s += step_s)
        doubted += poll(stream, asset, sources, from * pow(to / from, (double)i / polls), *after_s);
    return doubted;
}

/** A calm stretch with the usual small moves. */
static void calm(struct stream *stream, const char *asset, int sources, double price, int polls, int64_t *after_s, int step_s)
{
    static const double moves[] = {0, 6e-4, -4e-4, 9e-4, -7e-4, 2e-4, -9e-4};
    for (int i = 0; i < polls; i++, *after_s += step_s)
        assert_int_equal(poll(stream, asset, sources, price * (1 + moves[i % 7]), *after_s), 0);
}

static void brk_a_at_185_is_caught_beside_others_and_alone(void **state)
{
    (void)state;
    for (int sources = 1; sources <= 3; sources++) { /* 2024-06-03 */
        struct stream stream = open_shipped();
        int64_t at_s = 0;
        calm(&stream, "equity:BRK-A", sources, 627400, 12, &at_s, POLL_S);
        for (int i = 0; i < 20; i++, at_s += POLL_S) {
            assert_verdict(judge(&stream, quote_of("equity:BRK-A", "first", "USD", 185.10, at_s)), VERDICT_SUSPECT);
            if (sources > 1)
                assert_verdict(judge(&stream, quote_of("equity:BRK-A", "second", "USD", 627300, at_s + 3)), VERDICT_PASS);
            assert_true(sources == 1 || !stream.last.has_consensus || stream.last.consensus.price > 627000);
        }
        assert_int_equal(poll(&stream, "equity:BRK-A", sources, 627350, at_s), 0);
        stream_close(&stream);
    }
}

static void nasd_l_from_pence_to_dollars_is_named_a_unit_error(void **state)
{
    (void)state;
    struct stream stream = open_shipped();
    int64_t at_s = 0;
    for (int i = 0; i < 10; i++, at_s += POLL_S) {
        judge(&stream, quote_of("equity:NASD.L", "first", "GBP", 5436.5 + i % 3, at_s));
        assert_verdict(&stream.last.clean, VERDICT_PASS);
    }
    judge(&stream, quote_of("equity:NASD.L", "first", "GBP", 69.982, at_s + 86400)); /* 2024-01-22 */
    assert_verdict(&stream.last.clean, VERDICT_SUSPECT);
    assert_true(has_flag(&stream.last.clean, "unit_error"));
    judge(&stream, quote_of("equity:NASD.L", "first", "USD", 69.982, at_s + 86700));
    assert_true(has_flag(&stream.last.clean, "currency_mismatch"));
    stream_close(&stream);
}

static void test_prices_of_the_exchange_are_caught(void **state)
{
    (void)state;
    static const double closes[] = {143.50, 898.70, 68.17}; /* AAPL, GOOG, MSFT of 2017-07-03, all shown at 123.47 */
    for (int i = 0; i < 3; i++) {
        struct stream stream = open_shipped();
        int64_t at_s = 0;
        calm(&stream, "equity:T", 2, closes[i], 12, &at_s, POLL_S);
        judge(&stream, quote_of("equity:T", "first", "USD", 123.47, at_s));
        assert_verdict(&stream.last.clean, VERDICT_SUSPECT);
        judge(&stream, quote_of("equity:T", "second", "USD", closes[i], at_s + 3));
        assert_verdict(&stream.last.clean, VERDICT_PASS);
        stream_close(&stream);
    }
}

static void gamestop_of_january_2021_passes(void **state)
{
    (void)state;
    static const double days[][4] = {/* the session's way through open, high, low and close: 22, 25 to 29 January */
                                     {42.59, 76.76, 61.00, 65.01},     {96.73, 159.18, 61.13, 76.79},
                                     {88.56, 80.20, 150.00, 147.98},   {354.83, 380.00, 249.00, 347.51},
                                     {265.00, 483.00, 112.25, 193.60}, {379.71, 413.98, 250.00, 325.00}};
    struct stream stream = open_shipped();
    int doubted = 0, polls = 0;
    for (int day = 0; day < 6; day++) {
        int64_t at_s = (day + (day > 0 ? 2 : 0)) * 86400;
        const double *way = days[day];
        doubted += poll(&stream, "equity:GME", 2, way[0], at_s);
        at_s += POLL_S;
        for (int leg = 0; leg < 3; leg++)
            doubted += walk(&stream, "equity:GME", 2, way[leg], way[leg + 1], 26, &at_s, POLL_S);
        polls += 2 * (1 + 3 * 26);
        assert_true(fabs(stream.last.has_consensus ? stream.last.consensus.price / way[3] - 1 : 0) < 0.001);
    }
    if (doubted > 12)
        fail_msg("%d of %d quotes of a real move are doubted", doubted, polls);
    stream_close(&stream);
}

static void opening_gap_after_earnings_passes(void **state)
{
    (void)state;
    struct stream stream = open_shipped();
    int64_t at_s = 0;
    calm(&stream, "equity:META", 3, 323.00, 30, &at_s, POLL_S);
    at_s += 63000; /* 2022-02-03: closed at 323.00, opened at 244.65 */
    for (int i = 0; i < 30; i++, at_s += POLL_S) {
        for (int s = 0; s < 3; s++) {
            static const char *const names[] = {"first", "second", "third"};
            struct quote quote = quote_of("equity:META", names[s], "USD", 244.65 * (1 - i * 2e-4), at_s + s);
            if (s == 0) { /* one of them shows the session */
                quote.previous_close = SOME_DOUBLE(323.00);
                quote.open = quote.high = SOME_DOUBLE(244.65);
                quote.low = SOME_DOUBLE(quote.price);
            }
            assert_verdict(judge(&stream, quote), VERDICT_PASS);
        }
    }
    stream_close(&stream);
}

static void crypto_crash_of_a_third_in_an_hour_passes(void **state)
{
    (void)state;
    struct stream stream = open_shipped();
    int64_t at_s = 0;
    calm(&stream, "crypto:BTC", 3, 7250, 30, &at_s, 120);
    const int falling = walk(&stream, "crypto:BTC", 3, 7250, 7250 * 0.7, 30, &at_s, 120); /* as on 2020-03-12 */
    const int rising = walk(&stream, "crypto:BTC", 3, 7250 * 0.7, 7250 * 0.8, 10, &at_s, 120);
    if (falling > 2 || rising > 0)
        fail_msg("%d quotes of the fall and %d of the recovery are doubted", falling, rising);
    assert_true(fabs(stream.last.consensus.price / (7250 * 0.8) - 1) < 0.001);
    stream_close(&stream);
}

static void band_around_the_last_price_does_not_stay_shut_after_an_outage(void **state)
{
    (void)state;
    struct stream stream = open_shipped();
    int64_t at_s = 0;
    calm(&stream, "crypto:SBTC", 1, 104500, 12, &at_s, 120);
    at_s += 13 * 86400; /* a feeder with a fixed band of 20% never came back from this */
    assert_verdict(judge(&stream, quote_of("crypto:SBTC", "first", "USD", 69583, at_s)), VERDICT_PASS);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brk_a_at_185_is_caught_beside_others_and_alone),
        cmocka_unit_test(nasd_l_from_pence_to_dollars_is_named_a_unit_error),
        cmocka_unit_test(test_prices_of_the_exchange_are_caught),
        cmocka_unit_test(gamestop_of_january_2021_passes),
        cmocka_unit_test(opening_gap_after_earnings_passes),
        cmocka_unit_test(crypto_crash_of_a_third_in_an_hour_passes),
        cmocka_unit_test(band_around_the_last_price_does_not_stay_shut_after_an_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
