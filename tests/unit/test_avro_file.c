#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/avro.h"
#include "cli/avro_file.h"

static const char schema_json[] = "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}";
static char path[] = "/tmp/test_avro_file.XXXXXX";

static int make_path(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/** Appends the longs from `first` on and closes the file; returns its length at the sync before `unsynced` more were written. */
static int64_t write_longs(int64_t bytes, int64_t first, int64_t count, int64_t unsynced)
{
    struct error error = {0};
    int64_t length = -1;
    struct avro_writer *writer = avro_writer_open(path, schema_json, bytes, &error);
    if (!writer)
        fail_msg("%s", error.message);
    for (int64_t i = 0; i < count + unsynced; i++) {
        uint8_t body[AVRO_LONG_BYTES];
        const size_t len = (size_t)(avro_write_long(body, first + i) - body);
        if (i == count && !avro_writer_sync(writer, &length, &error))
            fail_msg("%s", error.message);
        assert_true(avro_writer_append(writer, (struct str){.ptr = (const char *)body, .len = len}, &error));
    }
    int64_t end;
    assert_true(avro_writer_sync(writer, &end, &error));
    avro_writer_close(writer);
    return unsynced ? length : end;
}

/** Reads the file: it must have the longs from 0 to count - 1. False with `error` when it is damaged. */
static bool read_longs(int64_t count, struct error *error)
{
    struct avro_input *input = avro_input_open(path, error);
    enum avro_input_status status = AVRO_INPUT_FAILED;
    int64_t next = 0, items;
    struct str values;
    if (!input)
        return false;
    while ((status = avro_input_next(input, &values, &items, error)) == AVRO_INPUT_BLOCK) {
        struct avro_reader in = avro_reader_of(values);
        for (int64_t i = 0; i < items; i++, next++) {
            int64_t value;
            assert_true(avro_read_long(&in, &value));
            assert_int_equal(value, next);
        }
    }
    assert_string_equal(avro_input_schema(input), schema_json);
    avro_input_close(input);
    if (status == AVRO_INPUT_END)
        assert_int_equal(next, count);
    return status == AVRO_INPUT_END;
}

static void values_of_many_blocks_read_back_in_order_with_the_whole_schema(void **state)
{
    (void)state;
    struct error error = {0};
    write_longs(-1, 0, 1500000, 0);
    if (!read_longs(1500000, &error))
        fail_msg("%s", error.message);
}

static void file_goes_on_behind_what_was_synced(void **state)
{
    (void)state;
    struct error error = {0};
    const int64_t length = write_longs(-1, 0, 1000, 500);
    write_longs(length, 1000, 2000, 0);
    if (!read_longs(3000, &error))
        fail_msg("%s", error.message);
}

static void file_that_is_shorter_than_it_was_is_not_gone_on_with(void **state)
{
    (void)state;
    struct error error = {0};
    const int64_t length = write_longs(-1, 0, 1000, 0);
    assert_int_equal(truncate(path, length - 1), 0);
    assert_null(avro_writer_open(path, schema_json, length, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

static void every_truncation_and_every_flipped_byte_is_noticed_or_harmless(void **state)
{
    (void)state;
    const int64_t length = write_longs(-1, 0, 300, 0);
    uint8_t *bytes = malloc((size_t)length);
    FILE *file = fopen(path, "rb");
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    fclose(file);
    for (int64_t i = 0; i < length; i++) {
        struct error error = {0};
        file = fopen(path, "wb");
        fwrite(bytes, 1, (size_t)i, file);
        fclose(file);
        /* Cut right behind the header it is a file without values. */
        struct avro_input *input = avro_input_open(path, &error);
        struct str values;
        int64_t count;
        if (input && avro_input_next(input, &values, &count, &error) == AVRO_INPUT_BLOCK)
            fail_msg("a block was read from %lld of %lld bytes", (long long)i, (long long)length);
        avro_input_close(input);
    }
    for (int64_t i = 0; i < length; i++) {
        struct error error = {0};
        struct str values;
        int64_t count;
        bytes[i] ^= 0x80;
        file = fopen(path, "wb");
        fwrite(bytes, 1, (size_t)length, file);
        fclose(file);
        bytes[i] ^= 0x80;
        struct avro_input *input = avro_input_open(path, &error);
        while (input && avro_input_next(input, &values, &count, &error) == AVRO_INPUT_BLOCK)
            ;
        avro_input_close(input);
    }
    free(bytes);
}

static void what_is_no_container_file_is_refused(void **state)
{
    (void)state;
    struct error error = {0};
    FILE *file = fopen(path, "wb");
    fputs("symbol,timestamp\n", file);
    fclose(file);
    assert_null(avro_input_open(path, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_null(avro_input_open("/no/such/file", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_many_blocks_read_back_in_order_with_the_whole_schema),
        cmocka_unit_test(file_goes_on_behind_what_was_synced),
        cmocka_unit_test(file_that_is_shorter_than_it_was_is_not_gone_on_with),
        cmocka_unit_test(every_truncation_and_every_flipped_byte_is_noticed_or_harmless),
        cmocka_unit_test(what_is_no_container_file_is_refused),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
