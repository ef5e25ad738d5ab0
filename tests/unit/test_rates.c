#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/config.h"
#include "ingest/rates.h"

#define NOW_US INT64_C(1770000000000000)
#define MINUTE_US INT64_C(60000000)

static char *names[] = {"crypto:USDT", "fx:EURUSD"};
static const struct config config = {.ingest.usd_rates = {.items = names, .count = 2}};

/** What a source says at a time. */
static struct quote told(const char *asset, const char *source, const char *currency, double price, int64_t at_us)
{
    return (struct quote){.asset = str_from(asset),
                          .source = str_from(source),
                          .currency = str_from(currency),
                          .price = price,
                          .observed_at_us = at_us,
                          .fetched_at_us = at_us};
}

/** A source says what a USDT is worth. */
static void tell(struct rates *rates, const char *source, double price, int64_t at_us)
{
    struct quote quote = told("crypto:USDT", source, "USD", price, at_us);
    rates_settle(rates, &quote, 1);
    assert_false(quote.usd_rate.set);
}

/** A quote in a currency, settled. */
static struct quote settled(struct rates *rates, const char *currency)
{
    struct quote quote = told("crypto:BTC", "binance", currency, 65000, NOW_US);
    rates_settle(rates, &quote, 1);
    return quote;
}

static void quote_in_usdt_gets_the_rate_its_source_and_its_time(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    tell(&rates, "kraken", 0.9991, NOW_US - MINUTE_US);
    struct quote quote = settled(&rates, "USDT");
    assert_true(quote.usd_rate.value == 0.9991);
    assert_true(str_is(quote.usd_rate_source.value, "kraken"));
    assert_int_equal(quote.usd_rate_at_us.value, NOW_US - MINUTE_US);
    rates_clear(&rates);
}

static void rate_of_the_same_answer_counts(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    struct quote quotes[] = {told("crypto:BTC", "kraken", "USDT", 65000, NOW_US),
                             told("crypto:USDT", "kraken", "USD", 0.9, NOW_US)};
    rates_settle(&rates, quotes, 2);
    assert_true(quotes[0].usd_rate.value == 0.9);
    rates_clear(&rates);
}

static void quote_without_a_known_rate_and_one_in_dollars_stay_as_they_are(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    assert_false(settled(&rates, "USDT").usd_rate.set);
    tell(&rates, "kraken", 0.9991, NOW_US);
    assert_false(settled(&rates, "USD").usd_rate.set);
    assert_false(settled(&rates, "USDC").usd_rate.set);
    assert_false(settled(&rates, "EUR").usd_rate.set);
    rates_clear(&rates);
}

static void pair_of_currencies_tells_the_rate_of_its_first(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    struct quote pair = told("fx:EURUSD", "yahoo", "USD", 1.16, NOW_US);
    rates_settle(&rates, &pair, 1);
    assert_true(settled(&rates, "EUR").usd_rate.value == 1.16);
    rates_clear(&rates);
}

static void middle_one_of_the_sources_is_taken_so_that_a_wrong_one_does_not_count(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    tell(&rates, "coingecko", 99.93, NOW_US);
    tell(&rates, "kraken", 0.9991, NOW_US);
    assert_true(settled(&rates, "USDT").usd_rate.value == 0.9991);
    tell(&rates, "coinbase", 0.9994, NOW_US);
    assert_true(settled(&rates, "USDT").usd_rate.value == 0.9994);
    rates_clear(&rates);
}

static void newest_word_of_a_source_replaces_its_older_one(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    tell(&rates, "kraken", 0.99, NOW_US - MINUTE_US);
    tell(&rates, "kraken", 0.98, NOW_US);
    tell(&rates, "kraken", 0.97, NOW_US - 2 * MINUTE_US);
    assert_true(settled(&rates, "USDT").usd_rate.value == 0.98);
    rates_clear(&rates);
}

static void rate_older_than_a_quarter_of_an_hour_is_not_used(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    tell(&rates, "kraken", 0.99, NOW_US - RATES_AGE_MAX_US - 1);
    assert_false(settled(&rates, "USDT").usd_rate.set);
    tell(&rates, "kraken", 0.98, NOW_US - RATES_AGE_MAX_US);
    assert_true(settled(&rates, "USDT").usd_rate.value == 0.98);
    rates_clear(&rates);
}

static void time_to_come_does_not_keep_later_words_out(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    struct quote early = told("crypto:USDT", "kraken", "USD", 0.99, NOW_US - MINUTE_US);
    early.observed_at_us = NOW_US + 1000 * MINUTE_US;
    rates_settle(&rates, &early, 1);
    tell(&rates, "kraken", 0.98, NOW_US);
    assert_true(settled(&rates, "USDT").usd_rate.value == 0.98);
    rates_clear(&rates);
}

static void prices_that_are_none_and_names_that_are_too_many_are_left_out(void **state)
{
    (void)state;
    struct rates rates;
    rates_init(&rates, &config);
    tell(&rates, "a", 0, NOW_US);
    tell(&rates, "b", -1, NOW_US);
    tell(&rates, "c", INFINITY, NOW_US);
    struct quote other = told("crypto:USDT", "d", "EUR", 0.9, NOW_US);
    rates_settle(&rates, &other, 1);
    assert_false(settled(&rates, "USDT").usd_rate.set);
    for (int i = 0; i < 3 * RATES_SOURCES_MAX; i++) {
        char source[20];
        snprintf(source, sizeof source, "s%d", i);
        tell(&rates, source, 1 + i, NOW_US);
    }
    assert_true(settled(&rates, "USDT").usd_rate.value == RATES_SOURCES_MAX / 2);
    rates_clear(&rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quote_in_usdt_gets_the_rate_its_source_and_its_time),
        cmocka_unit_test(rate_of_the_same_answer_counts),
        cmocka_unit_test(quote_without_a_known_rate_and_one_in_dollars_stay_as_they_are),
        cmocka_unit_test(pair_of_currencies_tells_the_rate_of_its_first),
        cmocka_unit_test(middle_one_of_the_sources_is_taken_so_that_a_wrong_one_does_not_count),
        cmocka_unit_test(newest_word_of_a_source_replaces_its_older_one),
        cmocka_unit_test(rate_older_than_a_quarter_of_an_hour_is_not_used),
        cmocka_unit_test(time_to_come_does_not_keep_later_words_out),
        cmocka_unit_test(prices_that_are_none_and_names_that_are_too_many_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
