#include "tests/unit/validate_fixture.h"

#include "cli/body_diff.h"
#include "cli/verify_view.h"
#include "cli/what_if.h"

/** A clean quote with up to two flags. */
static struct clean_quote a_clean(const char *asset, enum verdict verdict, struct str *flags, size_t flag_count)
{
    return (struct clean_quote){.asset = str_from(asset),
                                .source = STR("a"),
                                .price = 100.5,
                                .fetched_at_us = NOON_US,
                                .verdict = verdict,
                                .flags = flags,
                                .flags_count = flag_count,
                                .rules_version = STR("v")};
}

/** Whether a text holds another. */
static bool holds(const struct buf *text, const char *part)
{
    char *copy = xcalloc(1, text->len + 1);
    memcpy(copy, text->data, text->len);
    const bool found = strstr(copy, part) != NULL;
    free(copy);
    return found;
}

static void what_if_counts_by_verdict_flag_class_and_asset(void **state)
{
    (void)state;
    struct what_if what_if = {.sample_max = 1};
    struct str jump[] = {STR("jump")}, both[] = {STR("jump"), STR("divergent")};
    const struct clean_quote pass = a_clean("equity:T", VERDICT_PASS, NULL, 0);
    const struct clean_quote suspect = a_clean("equity:T", VERDICT_SUSPECT, jump, 1);
    const struct clean_quote worse = a_clean("crypto:X", VERDICT_SUSPECT, jump, 1);
    const struct clean_quote other_flags = a_clean("crypto:X", VERDICT_SUSPECT, both, 2);
    const struct clean_quote nameless = a_clean("nameless", VERDICT_REJECT, NULL, 0);
    what_if_take(&what_if, &pass, &suspect);
    what_if_take(&what_if, &suspect, &pass);
    what_if_take(&what_if, &pass, &pass);
    what_if_take(&what_if, &worse, &other_flags);
    what_if_take(&what_if, &nameless, &nameless);
    assert_int_equal(what_if.quotes, 5);
    assert_int_equal(what_if.changed, 2);
    assert_int_equal(what_if.reflagged, 3);
    assert_int_equal(what_if.sample_count, 1);
    struct buf json = {0}, text = {0};
    const struct what_if_names names = {
        .before = "a.yaml", .before_version = "1-a", .after = "b \"quoted\".yaml", .after_version = "2-b"};
    what_if_write_json(&json, &what_if, &names);
    assert_true(holds(&json, "\"quotes\":5,\"changed\":2,\"reflagged\":3"));
    assert_true(holds(&json, "{\"flag\":\"jump\",\"before\":2,\"after\":2,\"appeared\":1,\"vanished\":1}"));
    assert_true(holds(&json, "{\"flag\":\"divergent\",\"before\":0,\"after\":1,\"appeared\":1,\"vanished\":0}"));
    assert_true(holds(&json, "{\"class\":\"equity\",\"quotes\":3,\"changed\":2,\"pass_to_suspect\":1,\"pass_to_reject\":0,"
                             "\"suspect_to_pass\":1"));
    assert_true(holds(&json, "{\"asset\":\"nameless\",\"quotes\":1,\"changed\":0"));
    assert_true(holds(&json, "b \\\"quoted\\\".yaml"));
    what_if_write_text(&text, &what_if, &names, &(struct grid_layout){.width = 120});
    assert_true(holds(&text, "5 quotes: 2 with another verdict, 3 with other flags"));
    buf_clear(&json);
    buf_clear(&text);
    what_if_clear(&what_if);
}

static void differing_fields_are_named_with_both_values(void **state)
{
    (void)state;
    struct str flag[] = {STR("jump")};
    struct clean_quote live = a_clean("equity:T", VERDICT_PASS, NULL, 0), again = a_clean("equity:T", VERDICT_SUSPECT, flag, 1);
    struct buf one = {0}, other = {0};
    struct grid grid;
    struct error error = {0};
    again.price = 0.1;
    clean_quote_encode(&live, &one);
    clean_quote_encode(&again, &other);
    grid_init(&grid, body_diff_columns, 3);
    assert_true(body_diff(clean_quote_schema_json, buf_str(&one), buf_str(&other), &grid, &error));
    assert_int_equal(grid_rows(&grid), 3);
    assert_string_equal(grid_cell(&grid, 0, 0)->text, "price");
    assert_string_equal(grid_cell(&grid, 0, 1)->text, "100.5");
    assert_string_equal(grid_cell(&grid, 0, 2)->text, "0.1");
    assert_string_equal(grid_cell(&grid, 1, 1)->text, "\"PASS\"");
    assert_string_equal(grid_cell(&grid, 2, 2)->text, "[\"jump\"]");
    grid_reset(&grid);
    assert_true(body_diff(clean_quote_schema_json, buf_str(&one), buf_str(&one), &grid, &error));
    assert_int_equal(grid_rows(&grid), 0);
    assert_false(body_diff(clean_quote_schema_json, buf_str(&one), STR("\x01"), &grid, &error));
    grid_clear(&grid);
    buf_clear(&one);
    buf_clear(&other);
}

/** Topic names by output. */
static const char *const topic_names[OUTPUT_COUNT] = {"clean", "anomalies", "consensus", "latest", "reports", "state", "rules"};

/** The result of a partition in which all topics are equal. */
static struct rerun_result equal_result(int32_t partition)
{
    struct rerun_result result = {.partition = partition, .judged = 10, .waiting = 1, .topic_count = RERUN_TOPICS};
    const enum output outputs[RERUN_TOPICS] = {OUTPUT_CLEAN, OUTPUT_ANOMALIES, OUTPUT_CONSENSUS, OUTPUT_REPORTS};
    for (size_t i = 0; i < RERUN_TOPICS; i++)
        result.topics[i] = (struct rerun_topic){.output = outputs[i], .records = i == 1 ? 0 : 10, .checksum = 255};
    return result;
}

static void equal_topics_are_shown_with_their_checksums(void **state)
{
    (void)state;
    const struct rerun_result results[] = {equal_result(0), equal_result(1)};
    const struct verify_outcome outcome = {.topics = topic_names, .results = results, .count = 2};
    struct buf json = {0}, text = {0};
    assert_null(verify_wrong(&outcome));
    verify_write_json(&json, &outcome);
    assert_true(holds(&json, "{\"equal\":true,\"judged\":20,\"records\":60,\"waiting\":2,\"blind_partitions\":0,"));
    assert_true(holds(
        &json, "{\"topic\":\"clean\",\"partition\":1,\"records\":10,\"checksum\":\"00000000000000ff\",\"result\":\"equal\"}"));
    assert_true(holds(&json, "\"result\":\"nothing to compare\""));
    assert_true(holds(&json, "\"difference\":null}"));
    verify_write_text(&text, &outcome, &(struct grid_layout){.width = 120});
    assert_true(holds(&text, "equal: 20 raw records judged again, 60 records compared, 2 raw records not judged yet"));
    assert_false(holds(&text, "first difference"));
    buf_clear(&json);
    buf_clear(&text);
}

static void first_difference_is_shown_field_by_field(void **state)
{
    (void)state;
    struct rerun_result results[] = {equal_result(0), equal_result(1)};
    struct clean_quote live = a_clean("equity:T", VERDICT_PASS, NULL, 0), again = live;
    struct buf one = {0}, other = {0}, json = {0}, text = {0};
    again.score = 0.25;
    clean_quote_encode(&live, &one);
    clean_quote_encode(&again, &other);
    results[1].blind = true;
    results[1].difference = (struct rerun_difference){
        .kind = RERUN_DIFFERS,
        .output = OUTPUT_CLEAN,
        .raw_offset = 7,
        .offset = 9,
        .live = {.key = STR("equity:T"), .body = buf_str(&one), .timestamp_ms = 1000},
        .again = {.key = STR("equity:U"), .body = buf_str(&other), .timestamp_ms = 2000},
    };
    const struct verify_outcome outcome = {.topics = topic_names, .results = results, .count = 2};
    assert_ptr_equal(verify_wrong(&outcome), &results[1]);
    verify_write_json(&json, &outcome);
    assert_true(holds(&json,
                      "\"difference\":{\"topic\":\"clean\",\"partition\":1,\"raw_offset\":7,\"offset\":9,\"asset\":\"equity:T\","
                      "\"kind\":\"differs\",\"fields\":[{\"field\":\"(key)\""));
    assert_true(holds(&json, "{\"field\":\"(time stamp)\",\"live\":\"1970-01-01T00:00:01"));
    assert_true(holds(&json, "{\"field\":\"score\",\"live\":\"0\",\"again\":\"0.25\"}"));
    assert_true(holds(&json, "\"result\":\"not finished\""));
    verify_write_text(&text, &outcome, &(struct grid_layout){.width = 120});
    assert_true(holds(&text, "DIFFERENT: "));
    assert_true(holds(&text, "the oldest records of 1 partitions are gone"));
    results[1].difference =
        (struct rerun_difference){.kind = RERUN_MISSING, .output = OUTPUT_REPORTS, .raw_offset = 7, .offset = -1};
    buf_reset(&json);
    verify_write_json(&json, &outcome);
    assert_true(holds(&json, "\"offset\":null,\"asset\":\"\",\"kind\":\"missing\",\"fields\":[]}"));
    buf_clear(&one);
    buf_clear(&other);
    buf_clear(&json);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_if_counts_by_verdict_flag_class_and_asset),
        cmocka_unit_test(differing_fields_are_named_with_both_values),
        cmocka_unit_test(equal_topics_are_shown_with_their_checksums),
        cmocka_unit_test(first_difference_is_shown_field_by_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
