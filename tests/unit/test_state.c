#include "tests/unit/validate_fixture.h"

#include <stdio.h>

/** Encodes an asset, decodes it and restores it into another memory. */
static void carry_over(struct stream *from, struct str asset, struct stream *to)
{
    struct buf bytes = {0};
    struct asset_state record;
    struct error error = {0};
    struct arena arena = {0};
    asset_encode(asset_find(from->memory, asset), rule_settings_version(from->settings), &arena, &bytes);
    assert_true(asset_state_decode(buf_str(&bytes), &arena, &record, &error));
    assert_true(asset_restore(to->memory, &record, &error));
    arena_clear(&arena);
    buf_clear(&bytes);
}

static void restored_asset_encodes_to_the_same_bytes(void **state)
{
    (void)state;
    struct stream one = stream_open(), other = stream_open();
    for (int i = 0; i < 60; i++)
        judge(&one, a_quote_at(i % 3 ? "a" : "b", 100 + i % 7 * 0.1, i * 30));
    carry_over(&one, STR("equity:T"), &other);
    struct buf first = {0}, second = {0};
    asset_encode(asset_find(one.memory, STR("equity:T")), STR("v"), &one.arena, &first);
    asset_encode(asset_find(other.memory, STR("equity:T")), STR("v"), &other.arena, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    carry_over(&one, STR("equity:T"), &other); /* a later record of the changelog replaces the earlier one */
    assert_int_equal(asset_find(other.memory, STR("equity:T"))->slot_count, 2);
    buf_clear(&first);
    buf_clear(&second);
    stream_close(&one);
    stream_close(&other);
}

static void changed_assets_are_given_once(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote other = a_quote("a", 5);
    other.asset = STR("equity:U");
    judge(&stream, a_quote("a", 100));
    judge(&stream, other);
    judge(&stream, a_quote_at("b", 100, 1));
    judge(&stream, a_quote_at("b", -1, 1)); /* a REJECT changes nothing */
    const struct asset_memory *first = partition_take_changed(stream.memory);
    const struct asset_memory *second = partition_take_changed(stream.memory);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    assert_null(partition_take_changed(stream.memory));
    assert_int_equal(asset_find(stream.memory, STR("equity:T"))->raw_offset, 2);
    judge(&stream, a_quote_at("b", -1, 2));
    assert_null(partition_take_changed(stream.memory));
    stream_close(&stream);
}

static void source_unheard_of_for_longest_makes_room(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    char names[SOURCES_MAX + 1][16];
    for (int i = 0; i <= SOURCES_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "source-%d", i);
        judge(&stream, a_quote_at(names[i], 100, i == 7 ? -5 : i));
    }
    const struct asset_memory *asset = asset_find(stream.memory, STR("equity:T"));
    assert_int_equal(asset->slot_count, SOURCES_MAX);
    assert_null(source_find(asset, STR("source-7")));
    assert_non_null(source_find(asset, STR("source-32")));
    for (size_t i = 1; i < asset->slot_count; i++)
        assert_true(str_compare(asset->slots[i - 1]->state.source, asset->slots[i]->state.source) < 0);
    stream_close(&stream);
}

static void only_the_newest_sightings_are_kept(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    for (int i = 0; i < RECENT_MAX + 10; i++)
        judge(&stream, a_quote_at("a", 100 + (i % 2 ? 0.1 : 0) + i * 0.001, i * 60));
    const struct source_state *source = &source_find(asset_find(stream.memory, STR("equity:T")), STR("a"))->state;
    assert_int_equal(source->recent_count, RECENT_MAX);
    for (int i = 0; i < RECENT_MAX; i++)
        assert_int_equal(source->recent[i].observed_at_us, NOON_US + (10 + i) * 60 * US_PER_S);
    stream_close(&stream);
}

static void state_that_validate_cannot_have_written_is_an_error(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct error error = {0};
    struct source_state sources[SOURCES_MAX + 1] = {{.source = STR("a"), .currency = STR("a currency that is too long")}};
    struct asset_state record = {.asset = STR("equity:T"), .sources = sources, .sources_count = 1};
    assert_false(asset_restore(stream.memory, &record, &error));
    sources[0].currency = STR("USD");
    assert_true(asset_restore(stream.memory, &record, &error));
    record.sources_count = SOURCES_MAX + 1;
    assert_false(asset_restore(stream.memory, &record, &error));
    record.sources_count = 0;
    record.asset = (struct str){0};
    assert_false(asset_restore(stream.memory, &record, &error));
    stream_close(&stream);
}

static void change_of_currency_is_no_jump(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 100);
    quote.asset = STR("equity:ANY");
    judge(&stream, quote);
    quote.currency = STR("JPY");
    quote.price = 15000;
    quote.observed_at_us += US_PER_S;
    assert_verdict(judge(&stream, quote), VERDICT_PASS);
    stream_close(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restored_asset_encodes_to_the_same_bytes),
        cmocka_unit_test(changed_assets_are_given_once),
        cmocka_unit_test(source_unheard_of_for_longest_makes_room),
        cmocka_unit_test(only_the_newest_sightings_are_kept),
        cmocka_unit_test(state_that_validate_cannot_have_written_is_an_error),
        cmocka_unit_test(change_of_currency_is_no_jump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
