#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/subjects.h"
#include "cli/topic_plan.h"
#include "quotebus_records.h"

static struct topic_spec kept = {
    .name = (char *)"quotes.raw", .schema = (char *)"quote", .partitions = 4, .cleanup = (char *)"delete", .retention_d = 90};
static struct topic_spec compacted = {
    .name = (char *)"prices.latest", .schema = (char *)"consensus_price", .partitions = 4, .cleanup = (char *)"compact"};

/** A property of a wish, or NULL. */
static const char *wished(const struct topic_wish *wish, const char *name)
{
    for (size_t i = 0; i < wish->property_count; i++) {
        if (strcmp(wish->properties[i].name, name) == 0)
            return wish->properties[i].value;
    }
    return NULL;
}

static void kept_topic_has_its_days_in_milliseconds(void **state)
{
    (void)state;
    struct arena memory = {0};
    const struct topic_wish wish = topic_wish_of(&kept, "staging.", &memory);
    assert_string_equal(wish.name, "staging.quotes.raw");
    assert_int_equal(wish.partitions, 4);
    assert_string_equal(wished(&wish, "cleanup.policy"), "delete");
    assert_string_equal(wished(&wish, "retention.ms"), "7776000000");
    assert_null(wished(&wish, "max.message.bytes"));
    arena_clear(&memory);
}

static void compacted_topic_has_no_retention_and_is_cleaned_often(void **state)
{
    (void)state;
    struct arena memory = {0};
    const struct topic_wish wish = topic_wish_of(&compacted, "", &memory);
    assert_string_equal(wished(&wish, "cleanup.policy"), "compact");
    assert_null(wished(&wish, "retention.ms"));
    assert_non_null(wished(&wish, "min.cleanable.dirty.ratio"));
    assert_int_equal(wish.compared_count, 1);
    arena_clear(&memory);
}

/** Compares the kept topic with one that has these partitions and that retention. */
static struct finding compare(int32_t partitions, const char *retention, struct arena *memory)
{
    const struct topic_wish wish = topic_wish_of(&kept, "", memory);
    const struct topic_state there = {
        .exists = true, .partitions = partitions, .properties = {{"cleanup.policy", "delete"}, {"retention.ms", retention}}};
    struct finding finding = {.kind = "topic", .name = wish.name, .schema_id = -1};
    topic_compare(&wish, &there, &finding, memory);
    return finding;
}

static void same_topic_is_unchanged(void **state)
{
    (void)state;
    struct arena memory = {0};
    const struct finding finding = compare(4, "7776000000", &memory);
    assert_string_equal(finding.result, "unchanged");
    assert_true(finding_is_fine(&finding));
    arena_clear(&memory);
}

static void each_difference_is_named_with_both_values(void **state)
{
    (void)state;
    struct arena memory = {0};
    struct buf text = {0};
    const struct finding finding = compare(8, "1000", &memory);
    assert_false(finding_is_fine(&finding));
    assert_int_equal(finding.difference_count, 2);
    finding_write(&text, &finding, false);
    buf_append(&text, "", 1);
    assert_string_equal((const char *)text.data, "differs      topic    quotes.raw                   partitions is 8, wanted 4; "
                                                 "retention.ms is 1000, wanted 7776000000\n");
    buf_reset(&text);
    finding_write(&text, &finding, true);
    buf_append(&text, "", 1);
    assert_string_equal((const char *)text.data,
                        "{\"kind\":\"topic\",\"name\":\"quotes.raw\",\"result\":\"differs\",\"differences\":["
                        "{\"field\":\"partitions\",\"found\":\"8\",\"wanted\":\"4\"},"
                        "{\"field\":\"retention.ms\",\"found\":\"1000\",\"wanted\":\"7776000000\"}]}\n");
    buf_clear(&text);
    arena_clear(&memory);
}

static void setting_that_the_broker_does_not_tell_is_a_difference(void **state)
{
    (void)state;
    struct arena memory = {0};
    const struct finding finding = compare(4, NULL, &memory);
    assert_int_equal(finding.difference_count, 1);
    assert_string_equal(finding.differences[0].found, "unknown");
    arena_clear(&memory);
}

static void incompatible_and_missing_are_not_fine(void **state)
{
    (void)state;
    static const char *const bad[] = {"differs", "missing", "incompatible"};
    for (size_t i = 0; i < 3; i++)
        assert_false(finding_is_fine(&(struct finding){.result = bad[i]}));
    static const char *const good[] = {"created", "registered", "unchanged"};
    for (size_t i = 0; i < 3; i++)
        assert_true(finding_is_fine(&(struct finding){.result = good[i]}));
}

static void schema_files_become_the_constants_that_stages_look_up(void **state)
{
    (void)state;
    for (const struct record_codec *record = record_codecs; record->name; record++) {
        struct error error = {0};
        char *normal = schema_load(SOURCE_DIR "/schemas", record->name, &error);
        assert_non_null(normal);
        assert_string_equal(normal, record->schema_json);
        free(normal);
    }
}

static void schema_keeps_the_order_of_its_keys_and_its_letters(void **state)
{
    (void)state;
    struct error error = {0};
    char *normal =
        schema_normalize(STR("{ \"type\" : \"string\",\n \"doc\": \"\\u00e9 / \\u2265\", \"a\": [1, 0.1, true, null] }"), &error);
    assert_string_equal(normal, "{\"type\":\"string\",\"doc\":\"\xc3\xa9 / \xe2\x89\xa5\",\"a\":[1,0.1,true,null]}");
    free(normal);
}

static void what_is_no_schema_text_is_refused_with_its_line(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(schema_normalize(STR("{\n\"a\": 1,\n\"a\": 2}"), &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "line 3"));
    assert_null(schema_normalize(STR("{"), &error));
    assert_null(schema_load(SOURCE_DIR "/schemas", "no_such_schema", &error));
    assert_non_null(strstr(error.message, "no_such_schema.avsc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_topic_has_its_days_in_milliseconds),
        cmocka_unit_test(compacted_topic_has_no_retention_and_is_cleaned_often),
        cmocka_unit_test(same_topic_is_unchanged),
        cmocka_unit_test(each_difference_is_named_with_both_values),
        cmocka_unit_test(setting_that_the_broker_does_not_tell_is_a_difference),
        cmocka_unit_test(incompatible_and_missing_are_not_fine),
        cmocka_unit_test(schema_files_become_the_constants_that_stages_look_up),
        cmocka_unit_test(schema_keeps_the_order_of_its_keys_and_its_letters),
        cmocka_unit_test(what_is_no_schema_text_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
