/* Schema ids, the cache of writers, and resolution. registry_schema is this test's own: a table of schemas in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "avro_values.h"
#include "bus/avro_json.h"
#include "bus/avro_resolve.h"
#include "bus/decoder.h"
#include "quotebus_records.h"

/** The registry's schemas by id, from 1; ids above 8 have the first one. NULL: there is none. */
static const char *schemas[8];
static int registry_calls;
static enum registry_status registry_answer;

enum registry_status registry_schema(struct registry *registry, int32_t id, const char **schema_json, struct error *error)
{
    (void)registry;
    registry_calls++;
    if (registry_answer != REGISTRY_OK) {
        (void)error_set(error, ERROR_UNREACHABLE, "the registry is away");
        return registry_answer;
    }
    *schema_json = schemas[id > 8 ? 0 : id - 1];
    return *schema_json ? REGISTRY_OK : REGISTRY_UNKNOWN;
}

/** What each test works with. */
struct fixture {
    struct arena arena;
    struct buf value;
    struct str body;
    struct error error;
};

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    memset(schemas, 0, sizeof(schemas));
    registry_calls = 0;
    registry_answer = REGISTRY_OK;
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_clear(&f->arena);
    buf_clear(&f->value);
    free(f);
    return 0;
}

/** A decoder whose reader is `reader`. */
static struct decoder *decoder_of(struct fixture *f, const char *reader)
{
    struct decoder *decoder = decoder_new(NULL, reader, &f->error);
    if (!decoder)
        fail_msg("%s", f->error.message);
    return decoder;
}

/** Puts a value of schema `id` with these bytes into the fixture. */
static struct str value_of(struct fixture *f, int32_t id, const void *bytes, size_t len)
{
    buf_reset(&f->value);
    wire_put_header(&f->value, id);
    buf_append(&f->value, bytes, len);
    return buf_str(&f->value);
}

/** Decodes bytes that `writer` wrote as `reader`; checks the result as JSON, or the cause when `json` is NULL. */
static void check_resolution(struct fixture *f, const char *writer, const char *reader, struct str bytes, const char *json,
                             const char *cause)
{
    schemas[0] = writer;
    struct decoder *decoder = decoder_of(f, reader);
    const enum decode_status status = decoder_body(decoder, value_of(f, 1, bytes.ptr, bytes.len), &f->arena, &f->body, &f->error);
    if (json) {
        if (status != DECODE_OK)
            fail_msg("%s: %s", f->error.cause, f->error.message);
        struct avro_shape *shape = avro_shape_new(reader, &f->error);
        struct buf text = {0};
        assert_true(avro_shape_walk(shape, f->body, &text, &f->error));
        buf_append(&text, "", 1);
        assert_string_equal((const char *)text.data, json);
        buf_clear(&text);
        avro_shape_free(shape);
    } else {
        assert_int_equal(status, DECODE_INVALID);
        assert_string_equal(f->error.cause, cause);
    }
    decoder_free(decoder);
}

static void wire_header_has_magic_and_big_endian_id(void **state)
{
    struct fixture *f = *state;
    const struct str value = value_of(f, 0x01020304, "x", 1);
    assert_int_equal(value.len, 6);
    assert_memory_equal(value.ptr, "\0\1\2\3\4x", 6);
    assert_int_equal(wire_schema_id(value), 0x01020304);
    assert_int_equal(wire_schema_id((struct str){.ptr = value.ptr, .len = 4}), -1);
    assert_int_equal(wire_schema_id((struct str){.ptr = "\1\0\0\0\1", .len = 5}), -1);
    assert_int_equal(wire_schema_id((struct str){.ptr = "\0\xff\xff\xff\xff", .len = 5}), -1);
}

static void a_body_of_the_readers_schema_is_handed_on_without_a_copy(void **state)
{
    struct fixture *f = *state;
    schemas[2] = quote_schema_json;
    struct decoder *decoder = decoder_of(f, quote_schema_json);
    const struct str value = value_of(f, 3, "body", 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_OK);
        assert_ptr_equal(f->body.ptr, value.ptr + 5);
        assert_int_equal(f->body.len, 4);
    }
    assert_int_equal(registry_calls, 1);
    assert_int_equal(f->arena.used_total, 0);
    decoder_free(decoder);
}

static void values_without_header_name_their_cause(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_of(f, quote_schema_json);
    assert_int_equal(decoder_body(decoder, STR(""), &f->arena, &f->body, &f->error), DECODE_INVALID);
    assert_string_equal(f->error.cause, "empty_value");
    const char *const bad[] = {"{\"price\":1}", "\1\0\0\0\1x", "abc"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decoder_body(decoder, str_from(bad[i]), &f->arena, &f->body, &f->error), DECODE_INVALID);
        assert_string_equal(f->error.cause, "bad_magic");
    }
    assert_int_equal(registry_calls, 0);
    decoder_free(decoder);
}

static void an_unknown_id_is_invalid_and_an_absent_registry_makes_it_wait(void **state)
{
    struct fixture *f = *state;
    struct decoder *decoder = decoder_of(f, quote_schema_json);
    const struct str value = value_of(f, 7, "body", 4);
    registry_answer = REGISTRY_UNAVAILABLE;
    assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_WAIT);
    registry_answer = REGISTRY_REFUSED;
    assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_WAIT);
    registry_answer = REGISTRY_OK;
    assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_INVALID);
    assert_string_equal(f->error.cause, "unknown_schema");
    schemas[6] = quote_schema_json;
    assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_OK);
    registry_answer = REGISTRY_UNAVAILABLE;
    assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_OK);
    decoder_free(decoder);
}

static void an_id_whose_schema_is_no_avro_is_incompatible(void **state)
{
    struct fixture *f = *state;
    check_resolution(f, "syntax = \"proto3\";", quote_schema_json, STR("x"), NULL, "incompatible_schema");
    check_resolution(f, "{\"type\":\"object\"}", quote_schema_json, STR("x"), NULL, "incompatible_schema");
}

static void more_writers_than_places_still_decode(void **state)
{
    struct fixture *f = *state;
    static const char old[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}";
    static const char new[] = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"long\"}]}";
    struct decoder *decoder = decoder_of(f, new);
    schemas[0] = old;
    for (int32_t round = 0; round < 3; round++) {
        for (int32_t id = 100; id < 200; id++) {
            assert_int_equal(decoder_body(decoder, value_of(f, id, "\2", 1), &f->arena, &f->body, &f->error), DECODE_OK);
            assert_int_equal(f->body.len, 1);
        }
    }
    assert_true(registry_calls > 100);
    const int calls = registry_calls;
    assert_int_equal(decoder_body(decoder, value_of(f, 199, "\2", 1), &f->arena, &f->body, &f->error), DECODE_OK);
    assert_int_equal(registry_calls, calls);
    decoder_free(decoder);
}

#define RECORD(fields) "{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"n\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define DEFAULTED(name, type, value) "{\"name\":\"" name "\",\"type\":" type ",\"default\":" value "}"
#define A FIELD("a", "\"int\"")

static void an_old_reader_skips_a_new_field_of_any_type(void **state)
{
    struct fixture *f = *state;
    /* each writer has `new` before `a`; the bytes of `new`, then a = 1 */
    static const struct {
        const char *writer;
        struct str bytes;
    } cases[] = {
        {RECORD(FIELD("new", "[\"null\",\"string\"]") "," A), STR("\2\4XN\2")},
        {RECORD(FIELD("new", "[\"null\",\"string\"]") "," A), STR("\0\2")},
        {RECORD(FIELD("new", "\"bytes\"") "," A), STR("\4\xff\xfe\2")},
        {RECORD(FIELD("new", "\"float\"") "," A), STR("\0\0\0\0\2")},
        {RECORD(FIELD("new", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}") "," A), STR("abc\2")},
        {RECORD(FIELD("new", "{\"type\":\"map\",\"values\":\"long\"}") "," A), STR("\2\2k\6\0\2")},
        {RECORD(FIELD("new", "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"N\",\"fields\":[" FIELD(
                                 "x", "\"double\"") "]}}") "," A),
         STR("\1\20xxxxxxxx\0\2")},
        {RECORD(FIELD("new", "[\"null\",{\"type\":\"record\",\"name\":\"List\",\"fields\":[" FIELD(
                                 "next", "[\"null\",\"List\"]") "]}]") "," A),
         STR("\2\2\2\0\2")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_resolution(f, cases[i].writer, RECORD(A), cases[i].bytes, "{\"a\":1}", NULL);
}

static void a_new_reader_gets_defaults_of_every_type_from_old_data(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *fallback, *json;
    } cases[] = {
        {"\"string\"", "\"h\\u00e9\"", "\"hé\""},
        {"\"double\"", "1.5", "1.5"},
        {"\"double\"", "-3", "-3"},
        {"\"float\"", "0.1", "0.1"},
        {"\"long\"", "-9007199254740993", "-9007199254740993"},
        {"\"int\"", "-1", "-1"},
        {"\"boolean\"", "true", "true"},
        {"\"boolean\"", "false", "false"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}", "1", "\"1970-01-01T00:00:00.000001Z\""},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"P\",\"Q\"]}", "\"Q\"", "\"Q\""},
        {"[\"null\",\"double\"]", "null", "null"},
        {"[\"string\",\"null\"]", "\"x\"", "\"x\""},
        {"{\"type\":\"array\",\"items\":\"string\"}", "[]", "[]"},
        {"{\"type\":\"array\",\"items\":\"long\"}", "[1,2]", "[1,2]"},
        {"{\"type\":\"map\",\"values\":\"int\"}", "{\"k\":7}", "{\"k\":7}"},
        {"\"bytes\"", "\"\\u00ffa\"", "\"/2E=\""},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "\"\\u0001b\"", "\"AWI=\""},
        {"\"null\"", "null", "null"},
        {"{\"type\":\"record\",\"name\":\"N\",\"fields\":[" FIELD("x", "\"int\"") "," DEFAULTED("y", "\"int\"", "9") "]}",
         "{\"x\":8}", "{\"x\":8,\"y\":9}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf reader = {0}, json = {0};
        /* the missing field stands first, so the result is also reordered */
        buf_printf(&reader, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":%s,\"default\":%s},%s]}%c",
                   cases[i].type, cases[i].fallback, A, 0);
        buf_printf(&json, "{\"b\":%s,\"a\":1}%c", cases[i].json, 0);
        check_resolution(f, RECORD(A), (const char *)reader.data, STR("\2"), (const char *)json.data, NULL);
        buf_clear(&reader);
        buf_clear(&json);
    }
}

static void defaults_reach_records_inside_arrays(void **state)
{
    struct fixture *f = *state;
#define ITEMS(fields)                                                                                                            \
    RECORD(FIELD("list", "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[" fields "]}}") "," A)
    check_resolution(f, ITEMS(FIELD("x", "\"int\"")), ITEMS(FIELD("x", "\"int\"") "," DEFAULTED("w", "\"string\"", "\"d\"")),
                     STR("\2\2\1\2\4\0\2"), "{\"list\":[{\"x\":1,\"w\":\"d\"},{\"x\":2,\"w\":\"d\"}],\"a\":1}", NULL);
}

static void a_record_of_no_bytes_gets_its_defaults(void **state)
{
    struct fixture *f = *state;
    check_resolution(f, RECORD(""), RECORD(DEFAULTED("b", "\"int\"", "1")), STR(""), "{\"b\":1}", NULL);
    struct avro_shape *reader = avro_shape_new(RECORD(DEFAULTED("b", "\"int\"", "1")), &f->error);
    struct avro_resolution *resolution = avro_resolution_new(avro_shape_new(RECORD(""), &f->error), reader, &f->error);
    assert_non_null(resolution);
    assert_true(avro_resolution_apply(resolution, (struct str){0}, &f->arena, &f->body, &f->error));
    assert_int_equal(f->body.len, 1);
    avro_resolution_free(resolution);
    avro_shape_free(reader);
}

static void numbers_are_promoted(void **state)
{
    struct fixture *f = *state;
    check_resolution(f, RECORD(A), RECORD(FIELD("a", "\"double\"")), STR("\5"), "{\"a\":-3}", NULL);
    check_resolution(f, RECORD(A), RECORD(FIELD("a", "[\"null\",\"long\"]")), STR("\5"), "{\"a\":-3}", NULL);
    check_resolution(f, RECORD(FIELD("a", "\"float\"")), RECORD(FIELD("a", "\"double\"")), STR("\0\0\200\77"), "{\"a\":1}", NULL);
}

static void enum_symbols_are_matched_by_name_not_by_number(void **state)
{
    struct fixture *f = *state;
#define ENUM(symbols) RECORD(A "," FIELD("e", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]}"))
#define ENUM_OR_P ENUM("\"P\",\"Q\"],\"default\":\"P\",\"doc\":[")
    check_resolution(f, ENUM("\"Q\",\"P\",\"Z\""), ENUM("\"P\",\"Q\""), STR("\2\0"), "{\"a\":1,\"e\":\"Q\"}", NULL);
    check_resolution(f, ENUM("\"Q\",\"P\",\"Z\""), ENUM("\"P\",\"Q\""), STR("\2\2"), "{\"a\":1,\"e\":\"P\"}", NULL);
    check_resolution(f, ENUM("\"Q\",\"P\",\"Z\""), ENUM("\"P\",\"Q\""), STR("\2\4"), NULL, "bad_enum");
    check_resolution(f, ENUM("\"Q\",\"P\",\"Z\""), ENUM_OR_P, STR("\2\4"), "{\"a\":1,\"e\":\"P\"}", NULL);
}

static void schemas_that_do_not_go_together_are_incompatible(void **state)
{
    struct fixture *f = *state;
    static const char millis[] = RECORD(FIELD("a", "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}"));
    static const char micros[] = RECORD(FIELD("a", "[\"null\",{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}]"));
    check_resolution(f, RECORD(A), RECORD(FIELD("a", "\"string\"")), STR("\2"), NULL, "incompatible_schema");
    check_resolution(f, RECORD(A), RECORD(A "," FIELD("b", "\"int\"")), STR("\2"), NULL, "incompatible_schema");
    check_resolution(f, RECORD(A), RECORD(A "," DEFAULTED("b", "\"int\"", "\"no int\"")), STR("\2"), NULL, "incompatible_schema");
    check_resolution(f, "\"string\"", RECORD(A), STR("\2a"), NULL, "incompatible_schema");
    check_resolution(f, millis, micros, STR("\2"), NULL, "incompatible_schema");
}

static void a_null_where_the_reader_needs_a_value_is_incompatible_and_the_next_record_is_read(void **state)
{
    struct fixture *f = *state;
    schemas[0] = RECORD(FIELD("a", "[\"null\",\"int\"]"));
    struct decoder *decoder = decoder_of(f, RECORD(A));
    assert_int_equal(decoder_body(decoder, value_of(f, 1, "\0", 1), &f->arena, &f->body, &f->error), DECODE_INVALID);
    assert_string_equal(f->error.cause, "incompatible_schema");
    assert_int_equal(decoder_body(decoder, value_of(f, 1, "\2\2", 2), &f->arena, &f->body, &f->error), DECODE_OK);
    assert_int_equal(f->body.len, 1);
    decoder_free(decoder);
}

/** The project's quote with one more optional field, as the next version would have it. */
static struct buf newer_quote(void)
{
    static const char venue[] = "{\"name\":\"venue\",\"type\":[\"null\",\"string\"],\"default\":null},";
    const char *fields = strstr(quote_schema_json, "\"fields\":[") + strlen("\"fields\":[");
    struct buf schema = {0};
    buf_append(&schema, quote_schema_json, (size_t)(fields - quote_schema_json));
    buf_append_str(&schema, str_from(venue));
    buf_append(&schema, fields, strlen(fields) + 1);
    return schema;
}

static void quotes_of_the_next_version_and_of_this_one_are_read_by_each_other(void **state)
{
    struct fixture *f = *state;
    struct buf newer = newer_quote();
    const char *const versions[] = {quote_schema_json, (const char *)newer.data};
    for (int writer = 0; writer < 2; writer++) {
        struct avro_maker maker;
        struct buf bytes = {0};
        uint64_t seed = 7;
        schemas[0] = versions[writer];
        struct decoder *decoder = decoder_of(f, versions[1 - writer]);
        assert_int_equal(avro_maker_init(&maker, versions[writer]), 0);
        for (int i = 0; i < 100; i++) {
            buf_reset(&bytes);
            assert_int_equal(avro_maker_next(&maker, &seed, &bytes), 0);
            const struct str value = value_of(f, 1, bytes.data, bytes.len);
            assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_OK);
            /* the new field is first: `venue` null is one byte, a text is one byte, its length and its bytes */
            const size_t venue = writer == 0 ? 1 : bytes.data[0] == 0 ? 1 : 0;
            if (writer == 0) {
                assert_int_equal(f->body.len, bytes.len + 1);
                assert_memory_equal(f->body.ptr + 1, bytes.data, bytes.len);
            } else if (venue == 1) {
                assert_int_equal(f->body.len, bytes.len - 1);
                assert_memory_equal(f->body.ptr, bytes.data + 1, f->body.len);
            } else {
                assert_memory_equal(f->body.ptr, bytes.data + bytes.len - f->body.len, f->body.len);
            }
            arena_reset(&f->arena);
        }
        buf_clear(&bytes);
        avro_maker_clear(&maker);
        decoder_free(decoder);
    }
    buf_clear(&newer);
}

static void damaged_bytes_of_another_version_give_an_error_or_a_value_within_bounds(void **state)
{
    struct fixture *f = *state;
    struct buf newer = newer_quote(), bytes = {0};
    struct avro_maker maker;
    uint64_t seed = 11;
    schemas[0] = (const char *)newer.data;
    struct decoder *decoder = decoder_of(f, quote_schema_json);
    assert_int_equal(avro_maker_init(&maker, (const char *)newer.data), 0);
    assert_int_equal(avro_maker_next(&maker, &seed, &bytes), 0);
    for (size_t len = 0; len < bytes.len; len++) {
        const struct str value = value_of(f, 1, bytes.data, len);
        assert_int_equal(decoder_body(decoder, value, &f->arena, &f->body, &f->error), DECODE_INVALID);
        assert_string_equal(f->error.cause, "truncated");
    }
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct quote quote;
        const struct str value = value_of(f, 1, bytes.data, bytes.len);
        if (decoder_body(decoder, value, &f->arena, &f->body, &f->error) == DECODE_OK)
            assert_true(quote_decode(f->body, &f->arena, &quote, &f->error));
        else
            assert_non_null(f->error.cause);
        assert_true(f->arena.used_total <= 64 * bytes.len);
        arena_reset(&f->arena);
        bytes.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    buf_clear(&bytes);
    buf_clear(&newer);
    avro_maker_clear(&maker);
    decoder_free(decoder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wire_header_has_magic_and_big_endian_id),
        TEST(a_body_of_the_readers_schema_is_handed_on_without_a_copy),
        TEST(values_without_header_name_their_cause),
        TEST(an_unknown_id_is_invalid_and_an_absent_registry_makes_it_wait),
        TEST(an_id_whose_schema_is_no_avro_is_incompatible),
        TEST(more_writers_than_places_still_decode),
        TEST(an_old_reader_skips_a_new_field_of_any_type),
        TEST(a_new_reader_gets_defaults_of_every_type_from_old_data),
        TEST(defaults_reach_records_inside_arrays),
        TEST(a_record_of_no_bytes_gets_its_defaults),
        TEST(numbers_are_promoted),
        TEST(enum_symbols_are_matched_by_name_not_by_number),
        TEST(schemas_that_do_not_go_together_are_incompatible),
        TEST(a_null_where_the_reader_needs_a_value_is_incompatible_and_the_next_record_is_read),
        TEST(quotes_of_the_next_version_and_of_this_one_are_read_by_each_other),
        TEST(damaged_bytes_of_another_version_give_an_error_or_a_value_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
