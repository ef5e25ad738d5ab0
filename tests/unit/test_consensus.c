#include "tests/unit/validate_fixture.h"

#include <math.h>

#include "validate/consensus.h"
#include "validate/robust.h"

/** Compares two doubles, for qsort. */
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/** The quantile of values that are written out as often as they weigh: the definition, by brute force. */
static double naive_quantile(const double *values, const int *weights, size_t count, int numerator, int denominator)
{
    double all[SOURCES_MAX * 8];
    int n = 0;
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < weights[i]; k++)
            all[n++] = values[i];
    }
    qsort(all, (size_t)n, sizeof(*all), compare);
    const int whole = n * numerator / denominator;
    if (n * numerator % denominator == 0)
        return all[whole - 1] / 2 + all[whole] / 2;
    return all[whole];
}

static void quantiles_are_those_of_values_written_out_by_weight(void **state)
{
    (void)state;
    unsigned seed = 11;
    for (int round = 0; round < 20000; round++) {
        double values[SOURCES_MAX];
        int weights[SOURCES_MAX];
        struct weighted_value weighted[SOURCES_MAX];
        const size_t count = 1 + (size_t)rand_r(&seed) % 12;
        for (size_t i = 0; i < count; i++) {
            values[i] = 100 + rand_r(&seed) % 20;
            weights[i] = 1 + rand_r(&seed) % 5;
            weighted[i] = (struct weighted_value){.value = values[i], .weight = weights[i] * 0.1};
        }
        weighted_sort(weighted, count);
        int total = 0;
        for (size_t i = 0; i < count; i++)
            total += weights[i];
        if (total < 4) /* the naive lower quartile needs a value below it */
            continue;
        assert_true(weighted_quantile(weighted, count, 0.5) == naive_quantile(values, weights, count, 1, 2));
        assert_true(weighted_quantile(weighted, count, 0.25) == naive_quantile(values, weights, count, 1, 4));
        assert_true(weighted_quantile(weighted, count, 0.75) == naive_quantile(values, weights, count, 3, 4));
    }
}

static void deviation_of_known_values(void **state)
{
    (void)state;
    struct weighted_value values[] = {{1, 1}, {1, 1}, {2, 1}, {2, 1}, {4, 1}, {6, 1}, {9, 1}};
    assert_true(weighted_quantile(values, 7, 0.5) == 2);
    assert_true(weighted_mad(values, 7, 2) == 1);
}

static void equal_weights_have_the_median_and_deviation_of_plain_values(void **state)
{
    (void)state;
    unsigned seed = 5;
    for (int round = 0; round < 20000; round++) {
        double plain[SOURCES_MAX];
        struct weighted_value weighted[SOURCES_MAX];
        const size_t count = 1 + (size_t)rand_r(&seed) % 12;
        for (size_t i = 0; i < count; i++) {
            plain[i] = (rand_r(&seed) % 41 - 20) / 7.0;
            weighted[i] = (struct weighted_value){.value = plain[i], .weight = 1};
        }
        weighted_sort(weighted, count);
        plain_sort(plain, count);
        const double median = plain_median(plain, count);
        assert_true(median == weighted_quantile(weighted, count, 0.5));
        assert_true(plain_mad(plain, count, median) == weighted_mad(weighted, count, median));
    }
}

static void consensus_is_median_and_larger_distance_to_the_quartiles(void **state)
{
    (void)state;
    const struct source_state states[] = {
        {.price = 100, .observed_at_us = 5}, {.price = 101, .observed_at_us = 3},  {.price = 102, .observed_at_us = 9},
        {.price = 110, .observed_at_us = 4}, {.price = 5000, .observed_at_us = 1},
    };
    struct consensus_source sources[5];
    struct consensus consensus;
    for (size_t i = 0; i < 5; i++)
        sources[i] = (struct consensus_source){.state = &states[i], .weight = 1};
    assert_true(consensus_of(sources, 5, &consensus));
    assert_true(consensus.price == 102 && consensus.confidence == 8);
    sources[4].weight = 0;
    assert_true(consensus_of(sources, 5, &consensus));
    assert_true(consensus.price == 101.5);
    assert_int_equal(consensus.used, 4);
    assert_int_equal(consensus.newest_observed_at_us, 9);
    assert_int_equal(consensus.oldest_observed_at_us, 3);
    assert_true(consensus_of(sources, 1, &consensus));
    assert_true(consensus.price == 100 && consensus.confidence == 0);
    sources[0].weight = 0;
    assert_false(consensus_of(sources, 1, &consensus));
    assert_false(consensus_of(sources, 0, &consensus));
}

static void minority_of_wrong_sources_cannot_move_the_price_out_of_the_others(void **state)
{
    (void)state;
    unsigned seed = 5;
    for (int round = 0; round < 5000; round++) {
        struct source_state states[5];
        struct consensus_source sources[5];
        struct consensus consensus;
        for (size_t i = 0; i < 5; i++) {
            const double wrong = rand_r(&seed) % 2 ? 1e20 : 1e-20;
            states[i] = (struct source_state){.price = i < 3 ? 100 + rand_r(&seed) % 10 : wrong};
            sources[i] = (struct consensus_source){.state = &states[i], .weight = 1};
        }
        assert_true(consensus_of(sources, 5, &consensus));
        assert_true(consensus.price >= 100 && consensus.price < 110);
    }
}

/* ---- publication */

static void consensus_is_published_on_change_and_once_a_minute_of_stream_time(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_true(stream.last.has_consensus);
    assert_int_equal(stream.last.consensus.source_count, 1);
    judge(&stream, a_quote_at("a", 100, 1));
    assert_false(stream.last.has_consensus);
    judge(&stream, a_quote_at("a", 100.1, 2));
    assert_true(stream.last.has_consensus);
    judge(&stream, a_quote_at("a", 100.1, 61));
    assert_false(stream.last.has_consensus);
    judge(&stream, a_quote_at("a", 100.1, 62));
    assert_true(stream.last.has_consensus);
    judge(&stream, a_quote_at("b", 100.1, 63));
    assert_true(stream.last.has_consensus); /* same price, another source */
    assert_int_equal(stream.last.consensus.source_count, 2);
    assert_true(stream.last.consensus.as_of_us == NOON_US + 63 * US_PER_S);
    assert_true(stream.last.consensus.oldest_observed_at_us == NOON_US + 62 * US_PER_S);
    stream_close(&stream);
}

static void suspect_source_is_shown_with_weight_0(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100));
    judge(&stream, a_quote("c", 500));
    assert_false(stream.last.has_consensus);
    judge(&stream, a_quote_at("b", 100.5, 1));
    assert_true(stream.last.has_consensus);
    const struct consensus_price *price = &stream.last.consensus;
    assert_true(price->price == 100.25 && price->confidence == 0.25);
    assert_int_equal(price->source_count, 2);
    assert_int_equal(price->sources_count, 3);
    assert_true(str_is(price->sources[2].source, "c"));
    assert_true(price->sources[2].weight == 0 && price->sources[0].weight == 1);
    stream_close(&stream);
}

static void source_that_turns_suspect_leaves_the_consensus_at_once(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote("b", 100.4));
    judge(&stream, a_quote("c", 100.8));
    judge(&stream, a_quote_at("c", 300, 1));
    assert_verdict(&stream.last.clean, VERDICT_SUSPECT);
    assert_true(stream.last.has_consensus);
    assert_true(stream.last.consensus.price == 100.2);
    stream_close(&stream);
}

static void copies_of_one_upstream_share_one_vote(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("copy-a", 100.5));
    judge(&stream, a_quote("copy-b", 100.5));
    judge(&stream, a_quote("copy-c", 100.5));
    judge(&stream, a_quote("x", 100));
    judge(&stream, a_quote("y", 100));
    assert_true(stream.last.consensus.price == 100);
    assert_int_equal(stream.last.consensus.source_count, 5);
    stream_close(&stream);
}

static void consensus_waits_for_the_least_number_of_independent_sources(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("copy-a", 100);
    quote.asset = STR("equity:QUORUM");
    judge(&stream, quote);
    assert_false(stream.last.has_consensus);
    quote.source = STR("copy-b");
    judge(&stream, quote);
    assert_false(stream.last.has_consensus);
    quote.source = STR("z");
    judge(&stream, quote);
    assert_true(stream.last.has_consensus);
    stream_close(&stream);
}

static void price_from_before_the_opening_is_left_out(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote last_close = a_quote("a", 100);
    last_close.observed_at_us -= 3000 * US_PER_S;
    judge(&stream, last_close);
    judge(&stream, a_quote_at("b", 104, 60));
    assert_true(stream.last.consensus.price == 104);
    assert_int_equal(stream.last.consensus.source_count, 1);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_values_written_out_by_weight),
        cmocka_unit_test(deviation_of_known_values),
        cmocka_unit_test(equal_weights_have_the_median_and_deviation_of_plain_values),
        cmocka_unit_test(consensus_is_median_and_larger_distance_to_the_quartiles),
        cmocka_unit_test(minority_of_wrong_sources_cannot_move_the_price_out_of_the_others),
        cmocka_unit_test(consensus_is_published_on_change_and_once_a_minute_of_stream_time),
        cmocka_unit_test(suspect_source_is_shown_with_weight_0),
        cmocka_unit_test(source_that_turns_suspect_leaves_the_consensus_at_once),
        cmocka_unit_test(copies_of_one_upstream_share_one_vote),
        cmocka_unit_test(consensus_waits_for_the_least_number_of_independent_sources),
        cmocka_unit_test(price_from_before_the_opening_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
