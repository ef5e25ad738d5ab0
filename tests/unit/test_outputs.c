#include "tests/unit/validate_fixture.h"

#include "validate/outputs.h"

/** Counts records per output, and remembers the last one's price and time stamp. */
struct counted {
    int records[OUTPUT_COUNT];
    double price[OUTPUT_COUNT];
    int64_t timestamp_ms[OUTPUT_COUNT];
    uint8_t schema_id[OUTPUT_COUNT];
};

static bool count(void *ctx, const struct output_record *record, struct error *error)
{
    struct counted *counted = ctx;
    const struct str body = {.ptr = record->value.ptr + 5, .len = record->value.len - 5};
    struct arena arena = {0};
    counted->records[record->output]++;
    counted->timestamp_ms[record->output] = record->timestamp_ms;
    counted->schema_id[record->output] = (uint8_t)record->value.ptr[4];
    if (record->output == OUTPUT_CONSENSUS || record->output == OUTPUT_LATEST) {
        struct consensus_price price;
        assert_true(consensus_price_decode(body, &arena, &price, error));
        counted->price[record->output] = price.price;
    }
    arena_clear(&arena);
    return true;
}

/** Judges a quote and puts what comes of it. */
static void put(struct stream *stream, struct outputs *outputs, struct quote quote, struct counted *counted)
{
    struct error error = {0};
    const struct output_sink sink = {.put = count, .ctx = counted};
    const struct clean_quote *clean = judge(stream, quote);
    const struct raw_origin origin = {.offset = clean->raw_offset, .timestamp_ms = 1000 + clean->raw_offset};
    assert_true(outputs_put_judgement(outputs, &sink, &stream->last, &origin, &error));
}

static void latest_price_is_the_last_consensus_and_put_once(void **state)
{
    (void)state;
    struct error error = {0};
    struct stream stream = stream_open();
    struct outputs outputs = {.schema_ids = {[OUTPUT_CONSENSUS] = 3, [OUTPUT_LATEST] = 4}};
    struct counted counted = {0};
    const struct output_sink sink = {.put = count, .ctx = &counted};
    put(&stream, &outputs, a_quote_at("a", 100, 0), &counted);
    put(&stream, &outputs, a_quote_at("a", 101, 60), &counted);
    assert_int_equal(counted.records[OUTPUT_CLEAN], 2);
    assert_int_equal(counted.records[OUTPUT_CONSENSUS], 2);
    assert_int_equal(counted.records[OUTPUT_LATEST], 0);
    struct asset_memory *asset = asset_find(stream.memory, STR("equity:T"));
    for (int i = 0; i < 2; i++)
        assert_true(outputs_put_latest(&outputs, &sink, asset, 0, &error));
    assert_int_equal(counted.records[OUTPUT_LATEST], 1);
    assert_true(counted.price[OUTPUT_LATEST] == counted.price[OUTPUT_CONSENSUS]);
    assert_int_equal(counted.timestamp_ms[OUTPUT_LATEST], counted.timestamp_ms[OUTPUT_CONSENSUS]);
    assert_int_equal(counted.schema_id[OUTPUT_CONSENSUS], 3);
    assert_int_equal(counted.schema_id[OUTPUT_LATEST], 4);
    outputs_clear(&outputs);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(latest_price_is_the_last_consensus_and_put_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
