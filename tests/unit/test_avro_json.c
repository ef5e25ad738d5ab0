/* Schemas of any kind: what is accepted, how values look as JSON, and that hostile bytes end in an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "avro_values.h"
#include "base/avro.h"
#include "bus/avro_json.h"
#include "quotebus_records.h"

/** A shape that must be one. */
static struct avro_shape *shape_of(const char *schema)
{
    struct error error = {0};
    struct avro_shape *shape = avro_shape_new(schema, &error);
    if (!shape)
        fail_msg("%s: %s", schema, error.message);
    return shape;
}

/** The JSON of a value, or its cause in brackets; lies in `text` until the next call. */
static const char *shown(const char *schema, struct str body, struct buf *text)
{
    struct error error = {0};
    struct avro_shape *shape = shape_of(schema);
    buf_reset(text);
    if (!avro_shape_walk(shape, body, text, &error)) {
        assert_int_equal(text->len, 0);
        buf_printf(text, "<%s>", error.cause);
    }
    assert_true(avro_shape_walk(shape, body, NULL, NULL) == (error.code == ERROR_NONE));
    buf_append(text, "", 1);
    avro_shape_free(shape);
    return (const char *)text->data;
}

/** A value with the JSON it must give. */
struct example {
    const char *schema;
    struct str bytes;
    const char *json;
};

static void check_examples(const struct example *examples, size_t count)
{
    struct buf text = {0};
    for (size_t i = 0; i < count; i++)
        assert_string_equal(shown(examples[i].schema, examples[i].bytes, &text), examples[i].json);
    buf_clear(&text);
}

#define CHECK(examples) check_examples(examples, sizeof(examples) / sizeof((examples)[0]))
#define COMPLEX(type, rest) "{\"type\":\"" type "\"," rest "}"
#define NODE COMPLEX("record", "\"name\":\"Node\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"Node\"]}]")

static void every_type_has_its_json(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"\"null\"", STR(""), "null"},
        {"\"boolean\"", STR("\1"), "true"},
        {"\"boolean\"", STR("\0"), "false"},
        {"\"int\"", STR("\x01"), "-1"},
        {"\"long\"", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "-9223372036854775808"},
        {"\"float\"", STR("\xcd\xcc\xcc\x3d"), "0.1"},
        {"\"float\"", STR("\0\0\x80\x7f"), "\"Infinity\""},
        {"\"double\"", STR("\x9a\x99\x99\x99\x99\x99\xb9\x3f"), "0.1"},
        {"\"double\"", STR("\0\0\0\0\0\0\xf8\x7f"), "\"NaN\""},
        {"\"string\"",
         STR("\x0c"
             "a\"\\\n\xc3\xa9"),
         "\"a\\\"\\\\\\n\xc3\xa9\""},
        {"\"bytes\"", STR("\0"), "\"\""},
        {"\"bytes\"", STR("\2\xff"), "\"/w==\""},
        {"\"bytes\"", STR("\4\xff\xfe"), "\"//4=\""},
        {"\"bytes\"", STR("\6\xff\xfe\0"), "\"//4A\""},
        {COMPLEX("fixed", "\"name\":\"F\",\"size\":2"), STR("ab"), "\"YWI=\""},
        {COMPLEX("enum", "\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]"), STR("\2"), "\"Q\""},
        {COMPLEX("array", "\"items\":\"int\""), STR("\0"), "[]"},
        {COMPLEX("array", "\"items\":\"int\""), STR("\2\2\4\4\6\0"), "[1,2,3]"},
        {COMPLEX("array", "\"items\":\"int\""), STR("\3\4\2\4\0"), "[1,2]"},
        {COMPLEX("map", "\"values\":\"int\""), STR("\4\2a\2\2b\4\0"), "{\"a\":1,\"b\":2}"},
        {"[\"null\",\"string\"]", STR("\2\2x"), "\"x\""},
        {COMPLEX("record", "\"name\":\"R\",\"fields\":[]"), STR(""), "{}"},
        {NODE, STR("\2\2\0"), "{\"next\":{\"next\":{\"next\":null}}}"},
        {"{\"type\":{\"type\":\"int\"}}", STR("\2"), "1"},
    };
    CHECK(examples);
}

static void points_in_time_are_text_where_a_year_has_four_digits(void **state)
{
    (void)state;
#define MICROS COMPLEX("long", "\"logicalType\":\"timestamp-micros\"")
#define MILLIS COMPLEX("long", "\"logicalType\":\"timestamp-millis\"")
#define DATE COMPLEX("int", "\"logicalType\":\"date\"")
    static const struct example examples[] = {
        {MICROS, STR("\2"), "\"1970-01-01T00:00:00.000001Z\""},
        {MILLIS, STR("\2"), "\"1970-01-01T00:00:00.001000Z\""},
        {MILLIS, STR("\1"), "\"1969-12-31T23:59:59.999000Z\""},
        {MICROS, STR("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "9223372036854775807"},
        {MILLIS, STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "-9223372036854775808"},
        {DATE, STR("\2"), "\"1970-01-02\""},
        {DATE, STR("\1"), "\"1969-12-31\""},
        {DATE, STR("\xfe\xff\xff\xff\x0f"), "2147483647"},
        {COMPLEX("long", "\"logicalType\":\"date\""), STR("\2"), "1"},
    };
    CHECK(examples);
}

static void wrong_bytes_of_every_type_name_their_cause(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"\"null\"", STR("x"), "<trailing_bytes>"},
        {"\"boolean\"", STR("\2"), "<bad_boolean>"},
        {"\"int\"", STR("\x80\x80\x80\x80\x20"), "<bad_varint>"},
        {"\"float\"", STR("abc"), "<truncated>"},
        {"\"double\"", STR("abcdefg"), "<truncated>"},
        {"\"string\"", STR("\2\xff"), "<bad_utf8>"},
        {"\"bytes\"", STR("\1"), "<bad_length>"},
        {"\"bytes\"", STR("\4a"), "<truncated>"},
        {"\"bytes\"", STR("\xfe\xff\xff\xff\x0f"), "<too_large>"},
        {COMPLEX("fixed", "\"name\":\"F\",\"size\":2"), STR("a"), "<truncated>"},
        {COMPLEX("enum", "\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]"), STR("\4"), "<bad_enum>"},
        {COMPLEX("map", "\"values\":\"int\""), STR("\2\1"), "<bad_length>"},
        {"[\"null\",\"string\"]", STR("\1"), "<bad_union>"},
    };
    CHECK(examples);
}

static void items_without_bytes_are_counted_over_all_arrays(void **state)
{
    (void)state;
    struct buf bytes = {0}, text = {0};
    static const char nulls[] = COMPLEX("array", "\"items\":\"null\"");
    static const char nested[] = COMPLEX("array", "\"items\":" COMPLEX("array", "\"items\":\"null\""));
    bytes.len = (size_t)(avro_write_long(buf_reserve(&bytes, AVRO_LONG_BYTES), AVRO_ITEMS_MAX + 1) - bytes.data);
    buf_append(&bytes, "", 1);
    assert_string_equal(shown(nulls, buf_str(&bytes), &text), "<too_large>");
    buf_reset(&bytes);
    /* two arrays of 40,000 nulls each */
    buf_append(&bytes, "\4", 1);
    for (int i = 0; i < 2; i++) {
        bytes.len = (size_t)(avro_write_long(buf_reserve(&bytes, AVRO_LONG_BYTES), 40000) - bytes.data);
        buf_append(&bytes, "", 1);
    }
    buf_append(&bytes, "", 1);
    assert_string_equal(shown(nested, buf_str(&bytes), &text), "<too_large>");
    buf_clear(&bytes);
    buf_clear(&text);
}

static void values_and_schemas_have_a_depth(void **state)
{
    (void)state;
    struct buf bytes = {0}, text = {0}, schema = {0};
    for (int i = 0; i < 1000; i++)
        buf_append(&bytes, "\2", 1);
    buf_append(&bytes, "", 1);
    assert_string_equal(shown(NODE, buf_str(&bytes), &text), "<too_large>");
    for (int i = 0; i < 1000; i++)
        buf_append_str(&schema, STR("{\"type\":\"array\",\"items\":"));
    buf_append_str(&schema, STR("\"int\""));
    for (int i = 0; i < 1000; i++)
        buf_append_str(&schema, STR("}"));
    buf_append(&schema, "", 1);
    struct error error = {0};
    assert_null(avro_shape_new((const char *)schema.data, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    buf_clear(&bytes);
    buf_clear(&text);
    buf_clear(&schema);
}

static void types_of_no_bytes_inside_each_other_come_to_an_end(void **state)
{
    (void)state;
    /* R0 has two fields R1, which has two fields R2, ...: 2^24 empty records in no bytes */
    struct buf schema = {0}, text = {0};
    for (int i = 0; i < 24; i++)
        buf_printf(&schema, "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[{\"name\":\"a\",\"type\":", i);
    buf_append_str(&schema, STR("\"null\"}]}"));
    for (int i = 23; i > 0; i--)
        buf_printf(&schema, "},{\"name\":\"b\",\"type\":\"R%d\"}]}", i);
    buf_append(&schema, "", 1);
    assert_string_equal(shown((const char *)schema.data, STR(""), &text), "<too_large>");
    buf_clear(&schema);
    buf_clear(&text);
}

static void what_is_no_schema_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "1",
        "null",
        "{}",
        "\"text\"",
        "[]",
        "[\"null\",\"null\"]",
        "[\"null\",[\"int\"]]",
        "{\"type\":1}",
        COMPLEX("array", "\"values\":\"int\""),
        COMPLEX("map", "\"items\":\"int\""),
        COMPLEX("record", "\"fields\":[]"),
        COMPLEX("record", "\"name\":\"1\",\"fields\":[]"),
        COMPLEX("record", "\"name\":\"a..b\",\"fields\":[]"),
        COMPLEX("record", "\"name\":\"int\",\"fields\":[]"),
        COMPLEX("record", "\"name\":\"R\",\"namespace\":\"a b\",\"fields\":[]"),
        COMPLEX("record", "\"name\":\"R\",\"fields\":{}"),
        COMPLEX("record", "\"name\":\"R\",\"fields\":[1]"),
        COMPLEX("record", "\"name\":\"R\",\"fields\":[{\"name\":\"a\"}]"),
        COMPLEX("record", "\"name\":\"R\",\"fields\":[{\"name\":\"a\\\"\",\"type\":\"int\"}]"),
        COMPLEX("record", "\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}]"),
        COMPLEX("record",
                "\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":" COMPLEX("fixed", "\"name\":\"R\",\"size\":1") "}]"),
        COMPLEX("enum", "\"name\":\"E\",\"symbols\":[]"),
        COMPLEX("enum", "\"name\":\"E\",\"symbols\":[1]"),
        COMPLEX("enum", "\"name\":\"E\",\"symbols\":[\"a-b\"]"),
        COMPLEX("fixed", "\"name\":\"F\",\"size\":-1"),
        COMPLEX("fixed", "\"name\":\"F\",\"size\":1073741824"),
        COMPLEX("fixed", "\"name\":\"F\""),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct error error = {0};
        struct avro_shape *shape = avro_shape_new(bad[i], &error);
        if (shape)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

/** Whether two schemas have the same layout. */
static bool same(const char *a, const char *b)
{
    struct avro_shape *one = shape_of(a), *other = shape_of(b);
    const bool result = avro_shape_same(one, other);
    assert_true(avro_shape_same(other, one) == result);
    avro_shape_free(one);
    avro_shape_free(other);
    return result;
}

static void schemas_are_the_same_when_their_layout_and_names_are(void **state)
{
    (void)state;
#define ONE_FIELD(rest) COMPLEX("record", "\"name\":\"R\",\"fields\":[{\"name\":\"a\"," rest "}]")
    assert_true(same(ONE_FIELD("\"type\":\"int\""),
                     ONE_FIELD("\"type\":{\"type\":\"int\"},\"default\":1,\"doc\":\"d\",\"aliases\":[\"b\"]")));
    assert_true(same(COMPLEX("record", "\"name\":\"n.R\",\"fields\":[]"),
                     COMPLEX("record", "\"name\":\"R\",\"namespace\":\"n\",\"fields\":[]")));
    assert_true(same(NODE, NODE));
    assert_false(same(ONE_FIELD("\"type\":\"int\""), ONE_FIELD("\"type\":\"long\"")));
    assert_false(
        same(ONE_FIELD("\"type\":\"int\""), COMPLEX("record", "\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":\"int\"}]")));
    assert_false(
        same(ONE_FIELD("\"type\":\"int\""), COMPLEX("record", "\"name\":\"S\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]")));
    assert_false(same("[\"null\",\"int\"]", "[\"int\",\"null\"]"));
    assert_false(same("\"long\"", MICROS));
    assert_false(same(MILLIS, MICROS));
    assert_false(same(COMPLEX("enum", "\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]"),
                      COMPLEX("enum", "\"name\":\"E\",\"symbols\":[\"Q\",\"P\"]")));
    assert_false(same(COMPLEX("fixed", "\"name\":\"F\",\"size\":1"), COMPLEX("fixed", "\"name\":\"F\",\"size\":2")));
    for (const struct record_codec *codec = record_codecs; codec->name; codec++) {
        for (const struct record_codec *other = record_codecs; other->name; other++)
            assert_true(same(codec->schema_json, other->schema_json) == (codec == other));
    }
}

static void random_records_of_every_schema_are_well_formed_json_of_their_values(void **state)
{
    (void)state;
    for (const struct record_codec *codec = record_codecs; codec->name; codec++) {
        struct avro_shape *shape = shape_of(codec->schema_json);
        struct avro_maker maker;
        struct buf bytes = {0}, text = {0};
        struct error error = {0};
        uint64_t seed = 3;
        assert_int_equal(avro_maker_init(&maker, codec->schema_json), 0);
        for (int i = 0; i < 200; i++) {
            buf_reset(&bytes);
            buf_reset(&text);
            assert_int_equal(avro_maker_next(&maker, &seed, &bytes), 0);
            if (!avro_shape_walk(shape, buf_str(&bytes), &text, &error))
                fail_msg("%s: %s", codec->name, error.message);
            json_t *json = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
            avro_value_t field;
            const char *name = NULL, *value = NULL;
            size_t size = 0;
            assert_non_null(json);
            assert_int_equal(avro_value_get_by_index(&maker.value, 0, &field, &name), 0);
            assert_int_equal(avro_value_get_string(&field, &value, &size), 0);
            assert_string_equal(json_string_value(json_object_get(json, name)), value);
            json_decref(json);
        }
        avro_maker_clear(&maker);
        avro_shape_free(shape);
        buf_clear(&bytes);
        buf_clear(&text);
    }
}

static void value_is_measured_where_another_one_follows(void **state)
{
    (void)state;
    static const char bytes[] = "\x04"
                                "ab"
                                "\x02"
                                "\x04"
                                "cd"
                                "\x03";
    struct avro_shape *shape = shape_of("{\"type\":\"record\",\"name\":\"r\",\"fields\":["
                                        "{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"n\",\"type\":\"int\"}]}");
    struct error error = {0};
    size_t len;
    assert_true(avro_shape_first(shape, (struct str){.ptr = bytes, .len = 8}, &len, &error));
    assert_int_equal(len, 4);
    assert_true(avro_shape_first(shape, (struct str){.ptr = bytes + 4, .len = 4}, &len, &error));
    assert_int_equal(len, 4);
    assert_false(avro_shape_first(shape, (struct str){.ptr = bytes, .len = 3}, &len, &error));
    assert_string_equal(error.cause, "truncated");
    avro_shape_free(shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_has_its_json),
        cmocka_unit_test(points_in_time_are_text_where_a_year_has_four_digits),
        cmocka_unit_test(wrong_bytes_of_every_type_name_their_cause),
        cmocka_unit_test(items_without_bytes_are_counted_over_all_arrays),
        cmocka_unit_test(values_and_schemas_have_a_depth),
        cmocka_unit_test(types_of_no_bytes_inside_each_other_come_to_an_end),
        cmocka_unit_test(value_is_measured_where_another_one_follows),
        cmocka_unit_test(what_is_no_schema_is_refused),
        cmocka_unit_test(schemas_are_the_same_when_their_layout_and_names_are),
        cmocka_unit_test(random_records_of_every_schema_are_well_formed_json_of_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
