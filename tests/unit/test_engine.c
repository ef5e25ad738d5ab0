#include "tests/unit/validate_fixture.h"

#include <math.h>

#define STREAM_RECORDS 400
#define SEEDS 60

static const char *const asset_names[] = {"equity:T", "equity:U", "fx:EURUSD", "crypto:X", "equity:QUORUM", "equity:ANY", "bad"};
static const char *const source_names[] = {"a", "b", "c", "copy-a", "copy-b", ""};
static const double hostile_figures[] = {NAN, INFINITY, -INFINITY, 0, -0.0, -1, 1e308, -1e308, 1e-308, 5e-324, 1e29, 1e-29, 100};
static const double wrong_factors[] = {1.5, 2, 0.01, 1.03, 1000};
static const int64_t hostile_times[] = {0, -1, INT64_MAX, INT64_MIN, NOON_US, NOON_US * 1000, 1};

#define PICK(array, seed) ((array)[(size_t)rand_r(seed) % (sizeof(array) / sizeof((array)[0]))])

/** A figure that is hostile once in `one_in`. */
static double some_figure(double usual, int one_in, unsigned *seed)
{
    return rand_r(seed) % one_in == 0 ? PICK(hostile_figures, seed) : usual;
}

/** Adds figures beside the price: sensible, absurd or hostile ones. */
static void add_figures(struct quote *quote, int one_in, unsigned *seed)
{
    quote->open = SOME_DOUBLE(some_figure(quote->price, one_in, seed));
    quote->high = SOME_DOUBLE(some_figure(quote->price * 1.01, one_in, seed));
    quote->low = SOME_DOUBLE(some_figure(quote->price * 0.99, one_in, seed));
    quote->volume = SOME_DOUBLE(some_figure(rand_r(seed) % 20 ? 1e6 : 1e9, one_in, seed));
    quote->market_cap = SOME_DOUBLE(some_figure(quote->price * (rand_r(seed) % 20 ? 1e7 : 1e9), one_in, seed));
    if (rand_r(seed) % 20 == 0)
        quote->bid = SOME_DOUBLE(quote->price * 1.5);
}

/** A record of a random stream: mostly sensible, with jumps, stale and repeated ones, and hostile values. */
static struct quote random_quote(int step, int one_in, unsigned *seed)
{
    struct quote quote =
        a_quote_at(PICK(source_names, seed), some_figure(100 + rand_r(seed) % 300 * 0.01, one_in, seed), step * 7);
    quote.asset = str_from(PICK(asset_names, seed));
    if (rand_r(seed) % 8 == 0) { /* what may be said again */
        quote.observed_at_us = NOON_US + step / 50 * 350 * US_PER_S;
        quote.price = 100;
        return quote;
    }
    if (rand_r(seed) % 10 == 0)
        quote.price *= PICK(wrong_factors, seed);
    if (step % 200 > 120 && rand_r(seed) % 4) { /* one source stands still while the others move on */
        quote.asset = STR("equity:T");
        quote.price = 100 + (str_is(quote.source, "a") ? 0 : step % 200 * 0.05);
    }
    if (rand_r(seed) % 5 == 0)
        quote.observed_at_us -= (rand_r(seed) % 5000) * US_PER_S;
    if (rand_r(seed) % 8 == 0)
        quote.observed_resolution_s = 86400;
    if (rand_r(seed) % 6 == 0) {
        quote.currency = STR("EUR");
        if (rand_r(seed) % 4)
            quote.usd_rate = SOME_DOUBLE(some_figure(1.1, one_in, seed));
    }
    if (rand_r(seed) % 3 == 0) {
        quote.bid = SOME_DOUBLE(some_figure(quote.price * 0.999, one_in, seed));
        quote.ask = SOME_DOUBLE(some_figure(quote.price * 1.001, one_in, seed));
    }
    if (rand_r(seed) % 4 == 0)
        add_figures(&quote, one_in, seed);
    if (rand_r(seed) % (one_in * 2) == 0)
        quote.observed_at_us = PICK(hostile_times, seed);
    if (rand_r(seed) % (one_in * 2) == 0)
        quote.fetched_at_us = PICK(hostile_times, seed);
    return quote;
}

/** Appends the bytes of all that a judgement makes. */
static void append_judgement(const struct judgement *judgement, struct buf *out)
{
    clean_quote_encode(&judgement->clean, out);
    for (size_t i = 0; i < judgement->anomaly_count; i++)
        anomaly_encode(&judgement->anomalies[i], out);
    if (judgement->has_consensus)
        consensus_price_encode(&judgement->consensus, out);
}

/** A changelog as compaction leaves it: the last bytes of each asset. */
struct changelog {
    struct buf records[sizeof(asset_names) / sizeof(asset_names[0])];
};

/** Writes all changed assets, as before a commit. */
static void write_changes(struct stream *stream, struct changelog *log)
{
    const struct asset_memory *asset;
    while ((asset = partition_take_changed(stream->memory))) {
        size_t i = 0;
        while (!str_is(asset->asset, asset_names[i]))
            i++;
        buf_reset(&log->records[i]);
        asset_encode(asset, rule_settings_version(stream->settings), &stream->arena, &log->records[i]);
    }
}

/** Forgets everything and comes back from the changelog, as a new session does. */
static void restart(struct stream *stream, const struct changelog *log)
{
    struct error error = {0};
    partition_memory_free(stream->memory);
    stream->memory = partition_memory_new(0, stream->settings);
    arena_reset(&stream->arena);
    for (size_t i = 0; i < sizeof(log->records) / sizeof(log->records[0]); i++) {
        struct asset_state record;
        if (log->records[i].len == 0)
            continue;
        assert_true(asset_state_decode(buf_str(&log->records[i]), &stream->arena, &record, &error));
        assert_true(asset_restore(stream->memory, &record, &error));
    }
}

/** Judges a seeded stream. With `cuts` it is cut into random transactions and restarted now and then after a commit. */
static void run_stream(unsigned seed, bool cuts, struct buf *out)
{
    struct stream stream = stream_open();
    struct changelog log = {0};
    unsigned data = seed, chance = seed * 31 + 7;
    for (int i = 0; i < STREAM_RECORDS; i++) {
        judge(&stream, random_quote(i, 12, &data));
        append_judgement(&stream.last, out);
        if (cuts && rand_r(&chance) % 9 == 0) {
            write_changes(&stream, &log);
            if (rand_r(&chance) % 3 == 0)
                restart(&stream, &log);
        }
    }
    for (size_t i = 0; i < sizeof(log.records) / sizeof(log.records[0]); i++)
        buf_clear(&log.records[i]);
    stream_close(&stream);
}

static void output_does_not_depend_on_transactions_and_restarts(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct buf whole = {0}, cut = {0};
        run_stream(seed, false, &whole);
        run_stream(seed, true, &cut);
        assert_int_equal(whole.len, cut.len);
        assert_memory_equal(whole.data, cut.data, whole.len);
        buf_clear(&whole);
        buf_clear(&cut);
    }
}

static void streams_reach_every_verdict_and_rule(void **state)
{
    (void)state;
    bool seen[RULES_MAX] = {false};
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct stream stream = stream_open();
        unsigned data = seed;
        for (int i = 0; i < STREAM_RECORDS; i++) {
            const struct clean_quote *clean = judge(&stream, random_quote(i, 12, &data));
            for (size_t r = 0; rules[r]; r++)
                seen[r] = seen[r] || has_flag(clean, rules[r]->name);
        }
        stream_close(&stream);
    }
    for (size_t r = 0; rules[r]; r++) {
        if (!seen[r])
            fail_msg("no stream has the flag %s: the property above says nothing about it", rules[r]->name);
    }
}

/** What must hold of any consensus. */
static void check_consensus(const struct consensus_price *price)
{
    assert_true(isfinite(price->price) && price->price > 0);
    assert_true(isfinite(price->confidence) && price->confidence >= 0);
    assert_true(price->source_count >= 1 && (size_t)price->source_count <= price->sources_count);
    assert_true(price->oldest_observed_at_us <= price->observed_at_us);
    for (size_t i = 0; i < price->sources_count; i++)
        assert_true(isfinite(price->sources[i].price) && price->sources[i].price > 0);
}

static void hostile_values_never_reach_a_consensus_or_the_memory(void **state)
{
    (void)state;
    size_t published = 0;
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        struct stream stream = stream_open();
        unsigned data = seed;
        for (int i = 0; i < STREAM_RECORDS; i++) {
            const struct clean_quote *clean = judge(&stream, random_quote(i, 2, &data));
            assert_true(clean->score >= 0 && clean->score <= 1);
            assert_true(clean->source_count >= 1);
            assert_true(!clean->deviation_bps.set || isfinite(clean->deviation_bps.value));
            assert_true(clean->verdict == VERDICT_PASS ? stream.last.anomaly_count == 0 : stream.last.anomaly_count > 0);
            if (stream.last.has_consensus) {
                check_consensus(&stream.last.consensus);
                published++;
            }
        }
        assert_null(asset_find(stream.memory, STR("bad")));
        stream_close(&stream);
    }
    assert_true(published > 100);
}

static void far_future_fetch_time_does_not_stop_later_prices(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    judge(&stream, a_quote_at("b", 100, 3000000000)); /* the year 2121 */
    judge(&stream, a_quote_at("a", 101, 10));
    assert_verdict(&stream.last.clean, VERDICT_PASS);
    assert_true(stream.last.has_consensus);
    assert_true(stream.last.consensus.price == 101);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_does_not_depend_on_transactions_and_restarts),
        cmocka_unit_test(streams_reach_every_verdict_and_rule),
        cmocka_unit_test(hostile_values_never_reach_a_consensus_or_the_memory),
        cmocka_unit_test(far_future_fetch_time_does_not_stop_later_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
