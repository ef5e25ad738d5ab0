/* The generated codecs of all records, and the primitives below them, with avro-c as the witness of the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "avro_values.h"
#include "base/avro.h"
#include "quotebus_records.h"

/** Random records of each schema. */
#define RECORDS 500
/** Random records of each schema that are damaged everywhere. */
#define DAMAGED_RECORDS 4
/** Most arena bytes per input byte, and on top. An array of one-byte strings is the most expensive: 16 bytes each, grown by
 * doubling. */
#define ARENA_PER_BYTE 64
#define ARENA_BASE 256

/** Decodes from memory of exactly the body's size, so that a sanitizer sees a read beyond it. */
static bool decode_exact(const struct record_codec *codec, const uint8_t *bytes, size_t len, struct arena *arena, void *record,
                         struct error *error)
{
    char *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    if (len)
        memcpy(exact, bytes, len);
    memset(error, 0, sizeof(*error));
    arena_reset(arena);
    const bool ok = codec->decode((struct str){.ptr = exact, .len = len}, arena, record, error);
    if (arena->used_total > ARENA_PER_BYTE * len + ARENA_BASE)
        fail_msg("%s: %zu bytes of memory for %zu bytes", codec->name, arena->used_total, len);
    if (ok) {
        struct buf again = {0};
        codec->encode(record, &again);
        buf_clear(&again);
    } else if (error->code != ERROR_INVALID || !error->cause) {
        fail_msg("%s: failed without a cause", codec->name);
    }
    free(exact);
    return ok;
}

/** Calls `check` with random encoded records of every schema. */
static void for_all_records(int records, void (*check)(const struct record_codec *, struct buf *, struct arena *, void *record))
{
    struct arena arena = {0};
    for (const struct record_codec *codec = record_codecs; codec->name; codec++) {
        struct avro_maker maker;
        struct buf bytes = {0};
        uint64_t seed = 20260101;
        void *record = malloc(codec->size);
        assert_non_null(record);
        assert_int_equal(avro_maker_init(&maker, codec->schema_json), 0);
        for (int i = 0; i < records; i++) {
            buf_reset(&bytes);
            assert_int_equal(avro_maker_next(&maker, &seed, &bytes), 0);
            check(codec, &bytes, &arena, record);
        }
        free(record);
        buf_clear(&bytes);
        avro_maker_clear(&maker);
    }
    arena_clear(&arena);
}

static void check_bytes_equal(const struct record_codec *codec, struct buf *bytes, struct arena *arena, void *record)
{
    struct error error = {0};
    struct buf again = {0};
    arena_reset(arena);
    if (!codec->decode(buf_str(bytes), arena, record, &error))
        fail_msg("%s: %s", codec->name, error.message);
    codec->encode(record, &again);
    assert_int_equal(again.len, bytes->len);
    assert_memory_equal(again.data, bytes->data, bytes->len);
    buf_clear(&again);
}

static void random_records_of_every_schema_have_the_bytes_of_avro_c(void **state)
{
    (void)state;
    for_all_records(RECORDS, check_bytes_equal);
}

static void records_of_the_longest_numbers_fit_into_what_was_reserved(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf bytes = {0};
    struct error error = {0};
    const struct opt_double real = SOME_DOUBLE(1);
    /* the encoder asserts that it stays within its bound, which here has nothing to spare but for the lengths of texts */
    struct quote quote = {.bid = real,
                          .ask = real,
                          .open = real,
                          .high = real,
                          .low = real,
                          .previous_close = real,
                          .volume = real,
                          .market_cap = real,
                          .usd_rate = real,
                          .observed_at_us = INT64_MIN,
                          .observed_resolution_s = INT64_MIN,
                          .fetched_at_us = INT64_MIN,
                          .usd_rate_at_us = SOME_LONG(INT64_MIN)};
    quote_encode(&quote, &bytes);
    assert_true(quote_decode(buf_str(&bytes), &arena, &quote, &error));
    assert_true(quote.usd_rate_at_us.value == INT64_MIN);
    buf_clear(&bytes);
    arena_clear(&arena);
}

static void check_truncated(const struct record_codec *codec, struct buf *bytes, struct arena *arena, void *record)
{
    struct error error;
    for (size_t len = 0; len < bytes->len; len++) {
        assert_false(decode_exact(codec, bytes->data, len, arena, record, &error));
        assert_string_equal(error.cause, "truncated");
    }
    buf_append(bytes, "", 1);
    assert_false(decode_exact(codec, bytes->data, bytes->len, arena, record, &error));
    assert_string_equal(error.cause, "trailing_bytes");
}

static void bytes_truncated_at_every_position_are_an_error(void **state)
{
    (void)state;
    for_all_records(DAMAGED_RECORDS, check_truncated);
}

static void check_flipped(const struct record_codec *codec, struct buf *bytes, struct arena *arena, void *record)
{
    struct error error;
    for (size_t bit = 0; bit < 8 * bytes->len; bit++) {
        bytes->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        (void)decode_exact(codec, bytes->data, bytes->len, arena, record, &error);
        bytes->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void every_flipped_bit_gives_an_error_or_a_record(void **state)
{
    (void)state;
    for_all_records(DAMAGED_RECORDS, check_flipped);
}

static void check_numbers_in_place(const struct record_codec *codec, struct buf *bytes, struct arena *arena, void *record)
{
    static const int64_t hostile[] = {-1, INT64_MIN, INT64_MAX,       INT32_MAX,          AVRO_STRING_MAX + 1, AVRO_ITEMS_MAX + 1,
                                      -2, 1000,      -AVRO_ITEMS_MAX, -AVRO_ITEMS_MAX - 1};
    struct error error;
    struct buf changed = {0};
    for (size_t place = 0; place < bytes->len; place++) {
        for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
            buf_reset(&changed);
            buf_append(&changed, bytes->data, place);
            changed.len = (size_t)(avro_write_long(buf_reserve(&changed, AVRO_LONG_BYTES), hostile[i]) - changed.data);
            buf_append(&changed, bytes->data + place + 1, bytes->len - place - 1);
            (void)decode_exact(codec, changed.data, changed.len, arena, record, &error);
        }
    }
    buf_clear(&changed);
}

static void hostile_lengths_at_every_position_give_an_error_or_a_record(void **state)
{
    (void)state;
    for_all_records(DAMAGED_RECORDS, check_numbers_in_place);
}

/** A body of `count` times the same bytes. */
static struct buf repeated(const char *bytes, size_t len, size_t count)
{
    struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        buf_append(&out, bytes, len);
    return out;
}

static void a_length_says_why_it_is_refused(void **state)
{
    (void)state;
    static const struct {
        int64_t length;
        const char *cause;
    } cases[] = {{-1, "bad_length"}, {INT64_MIN, "bad_length"}, {AVRO_STRING_MAX + 1, "too_large"}, {3, "truncated"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[AVRO_LONG_BYTES + 2] = {0};
        const uint8_t *end = avro_write_long(bytes, cases[i].length) + 2;
        struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = (size_t)(end - bytes)});
        struct str text;
        assert_false(avro_read_string(&in, &text));
        assert_string_equal(in.cause, cases[i].cause);
    }
}

/** Reads the head of an array of items of at least `least` bytes from a count, a size (if not 0) and some more bytes. */
static const char *block_cause(int64_t count, int64_t size, size_t least, size_t have, size_t more)
{
    uint8_t bytes[2 * AVRO_LONG_BYTES + 100] = {0};
    uint8_t *end = avro_write_long(bytes, count);
    if (count < 0)
        end = avro_write_long(end, size);
    struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = (size_t)(end - bytes) + more});
    size_t items = 0;
    if (avro_read_block(&in, least, have, &items))
        assert_int_equal(items, count < 0 ? -count : count);
    return in.cause ? in.cause : "fine";
}

static void an_array_cannot_claim_more_items_than_there_are_bytes_for(void **state)
{
    (void)state;
    assert_string_equal(block_cause(10, 0, 10, 0, 100), "fine");
    assert_string_equal(block_cause(11, 0, 10, 0, 100), "truncated");
    assert_string_equal(block_cause(-10, 100, 10, 0, 100), "fine");
    assert_string_equal(block_cause(-10, 101, 10, 0, 100), "bad_length");
    assert_string_equal(block_cause(-10, -1, 10, 0, 100), "bad_length");
    assert_string_equal(block_cause(INT64_MIN, 1, 10, 0, 100), "bad_length");
    assert_string_equal(block_cause(INT64_MAX, 0, 1, 0, 100), "too_large");
    assert_string_equal(block_cause(1, 0, 1, AVRO_ITEMS_MAX, 100), "too_large");
    assert_string_equal(block_cause(1, 0, 1, AVRO_ITEMS_MAX - 1, 100), "fine");
}

static void a_number_of_more_than_64_bits_is_refused(void **state)
{
    (void)state;
    struct buf endless = repeated("\xff", 1, 10);
    struct avro_reader in = avro_reader_of(buf_str(&endless));
    int64_t value;
    assert_false(avro_read_long(&in, &value));
    assert_string_equal(in.cause, "bad_varint");
    in = avro_reader_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_true(avro_read_long(&in, &value));
    assert_true(value == INT64_MIN);
    in = avro_reader_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_false(avro_read_long(&in, &value));
    assert_string_equal(in.cause, "bad_varint");
    in = avro_reader_of(STR("\x80\x80\x80\x80\x20"));
    int32_t narrow;
    assert_false(avro_read_int(&in, &narrow));
    assert_string_equal(in.cause, "bad_varint");
    buf_clear(&endless);
}

static void longs_of_every_size_come_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 64; bits++) {
        for (int64_t near = -2; near <= 2; near++) {
            const int64_t value = (int64_t)((UINT64_C(1) << bits) + (uint64_t)near);
            uint8_t bytes[AVRO_LONG_BYTES];
            const uint8_t *end = avro_write_long(bytes, value);
            struct avro_reader in = avro_reader_of((struct str){.ptr = (const char *)bytes, .len = (size_t)(end - bytes)});
            int64_t back;
            assert_true(avro_read_long(&in, &back));
            assert_true(back == value);
            assert_ptr_equal(in.at, end);
        }
    }
}

static void only_well_formed_utf8_is_text(void **state)
{
    (void)state;
    static const char *const good[] = {"",  "A", "eight by",  "longer than eight", "é",
                                       "€", "😀", "12345678é", "\xf4\x8f\xbf\xbf",  "\xed\x9f\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf5\x80\x80\x80",
                                      "12345678\xff",
                                      "\xe2\x82",
                                      "é\xc3"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(utf8_valid(str_from(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(utf8_valid(str_from(bad[i])));
}

/** The bytes of a clean quote's flags, put into an otherwise valid record. */
static struct buf clean_quote_with_flags(const char *flags, size_t flags_len)
{
    struct str one = STR("x");
    struct clean_quote record = {.asset = STR("equity:AAPL")};
    struct buf without = {0}, with = {0}, out = {0};
    clean_quote_encode(&record, &without);
    record.flags = &one;
    record.flags_count = 1;
    clean_quote_encode(&record, &with);
    size_t place = 0; /* where an empty array and one with an item differ first */
    while (without.data[place] == with.data[place])
        place++;
    buf_append(&out, without.data, place);
    buf_append(&out, flags, flags_len);
    buf_append(&out, without.data + place + 1, without.len - place - 1);
    buf_clear(&without);
    buf_clear(&with);
    return out;
}

static void arrays_may_come_in_several_blocks_with_or_without_sizes(void **state)
{
    (void)state;
    static const struct str forms[] = {
        {.ptr = "\6\2a\2b\2c\0", .len = 8},
        {.ptr = "\2\2a\4\2b\2c\0", .len = 9},
        {.ptr = "\5\14\2a\2b\2c\0", .len = 9},
        {.ptr = "\1\4\2a\3\10\2b\2c\0", .len = 11},
    };
    struct arena arena = {0};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buf body = clean_quote_with_flags(forms[i].ptr, forms[i].len);
        struct clean_quote record;
        struct error error = {0};
        if (!clean_quote_decode(buf_str(&body), &arena, &record, &error))
            fail_msg("form %zu: %s", i, error.message);
        assert_int_equal(record.flags_count, 3);
        assert_true(str_is(record.flags[0], "a") && str_is(record.flags[1], "b") && str_is(record.flags[2], "c"));
        buf_clear(&body);
    }
    arena_clear(&arena);
}

static void bad_values_name_their_cause(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct quote quote = {.asset = STR("\xff")};
    struct clean_quote clean = {.verdict = VERDICT_COUNT};
    struct buf bytes = {0};
    struct error error = {0};
    quote_encode(&quote, &bytes);
    assert_false(quote_decode(buf_str(&bytes), &arena, &quote, &error));
    assert_string_equal(error.cause, "bad_utf8");
    buf_reset(&bytes);
    clean_quote_encode(&clean, &bytes);
    assert_false(clean_quote_decode(buf_str(&bytes), &arena, &clean, &error));
    assert_string_equal(error.cause, "bad_enum");
    buf_reset(&bytes);
    quote = (struct quote){.bid = SOME_DOUBLE(1)};
    quote_encode(&quote, &bytes);
    bytes.data[4 + 8] = 4; /* behind four empty texts and the price: which branch the bid is */
    assert_false(quote_decode(buf_str(&bytes), &arena, &quote, &error));
    assert_string_equal(error.cause, "bad_union");
    struct avro_reader in = avro_reader_of(STR("\2"));
    bool truth;
    assert_false(avro_read_boolean(&in, &truth));
    assert_string_equal(in.cause, "bad_boolean");
    buf_clear(&bytes);
    arena_clear(&arena);
}

static void the_first_failure_is_the_one_reported(void **state)
{
    (void)state;
    struct avro_reader in = avro_reader_of(STR(""));
    struct error error = {0};
    assert_false(avro_fail(&in, "bad_enum"));
    assert_false(avro_fail(&in, "truncated"));
    assert_false(avro_read_end(&in, "quote", &error));
    assert_string_equal(error.cause, "bad_enum");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_records_of_every_schema_have_the_bytes_of_avro_c),
        cmocka_unit_test(records_of_the_longest_numbers_fit_into_what_was_reserved),
        cmocka_unit_test(bytes_truncated_at_every_position_are_an_error),
        cmocka_unit_test(every_flipped_bit_gives_an_error_or_a_record),
        cmocka_unit_test(hostile_lengths_at_every_position_give_an_error_or_a_record),
        cmocka_unit_test(a_length_says_why_it_is_refused),
        cmocka_unit_test(an_array_cannot_claim_more_items_than_there_are_bytes_for),
        cmocka_unit_test(a_number_of_more_than_64_bits_is_refused),
        cmocka_unit_test(longs_of_every_size_come_back),
        cmocka_unit_test(only_well_formed_utf8_is_text),
        cmocka_unit_test(arrays_may_come_in_several_blocks_with_or_without_sizes),
        cmocka_unit_test(bad_values_name_their_cause),
        cmocka_unit_test(the_first_failure_is_the_one_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
