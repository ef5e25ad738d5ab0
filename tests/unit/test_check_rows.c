#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/row.h"

static const struct row_column columns[] = {{"a", true}, {"b", false}, {"c", false}};

/** A text that is read as rows. */
struct input {
    FILE *stream;
    struct row_reader *reader;
    struct row row;
    struct error error;
};

static struct input open_text(enum row_format format, const char *text, size_t len)
{
    struct input input = {.stream = fmemopen((void *)(uintptr_t)text, len, "r")};
    input.reader = row_reader_new(input.stream, format, columns, 3);
    return input;
}

static void close_text(struct input *input)
{
    row_reader_free(input->reader);
    fclose(input->stream);
}

/** Asserts the next row: its line and its cells, "" for an unset one. */
static void assert_row(struct input *input, size_t line, const char *a, const char *b, const char *c)
{
    const char *cells[] = {a, b, c};
    const enum row_status status = row_reader_next(input->reader, &input->row, &input->error);
    if (status != ROW_READ)
        fail_msg("no row: %s", input->error.message);
    assert_int_equal(input->row.line, line);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(input->row.cells[i].set, cells[i][0] != '\0');
        assert_true(!input->row.cells[i].set || str_is(input->row.cells[i].value, cells[i]));
    }
}

static void csv_cells_are_found_by_their_header(void **state)
{
    static const char text[] = "\xef\xbb\xbfx,C,\"a\" , b\r\n1,2,3,4\r\n\r\n1,\"q\"\"q\n,\",  5\t,\n,,6\n,,7,,,";
    (void)state;
    struct input input = open_text(ROW_CSV, text, sizeof(text) - 1);
    /* A blank behind a quote is no part of RFC 4180. */
    assert_int_equal(row_reader_next(input.reader, &input.row, &input.error), ROW_FAILED);
    close_text(&input);

    static const char good[] = "\xef\xbb\xbfx,C, a , b\r\n1,2,3,4\r\n\r\n1,\"q\"\"q\n,\",  5\t,\n,,6\n,,7,,,";
    input = open_text(ROW_CSV, good, sizeof(good) - 1);
    assert_row(&input, 2, "3", "4", "2");
    assert_row(&input, 4, "5", "", "q\"q\n,");
    assert_row(&input, 6, "6", "", "");
    assert_row(&input, 7, "7", "", "");
    assert_false(input.row.surplus);
    assert_int_equal(row_reader_next(input.reader, &input.row, &input.error), ROW_END);
    close_text(&input);
}

static void csv_row_with_more_cells_than_columns_is_known(void **state)
{
    static const char text[] = "a,b\n1,2,3\n";
    (void)state;
    struct input input = open_text(ROW_CSV, text, sizeof(text) - 1);
    assert_row(&input, 2, "1", "2", "");
    assert_true(input.row.surplus);
    close_text(&input);
}

static void json_values_are_kept_as_they_are_written(void **state)
{
    static const char text[] = "{\"a\":NaN,\"b\":1e999,\"c\":\" x\\u00e9\\n\\ud83d\\ude00 \"}\n \n"
                               "{\"A\": null , \"b\": [1,{\"]\":\"}\"}], \"z\": {}, \"c\":-0}\r\n{}";
    (void)state;
    struct input input = open_text(ROW_NDJSON, text, sizeof(text) - 1);
    assert_row(&input, 1, "NaN", "1e999", "x\xc3\xa9\n\xf0\x9f\x98\x80");
    assert_row(&input, 3, "", "[1,{\"]\":\"}\"}]", "-0");
    assert_row(&input, 4, "", "", "");
    assert_int_equal(row_reader_next(input.reader, &input.row, &input.error), ROW_END);
    close_text(&input);
}

static void unreadable_text_names_its_line(void **state)
{
    static const struct {
        enum row_format format;
        const char *text;
        const char *line;
    } cases[] = {
        {ROW_CSV, "\n", "line 1:"},
        {ROW_CSV, "b,c\n", "line 1:"},
        {ROW_CSV, "a,b,a\n", "line 1:"},
        {ROW_CSV, "a\n1\nx\"y\n", "line 3:"},
        {ROW_CSV, "a\n\"1\n2\n", "line 2:"},
        {ROW_CSV, "a\n\"1\n2\"x\n", "line 3:"},
        {ROW_NDJSON, "{}\n{]\n", "line 2:"},
        {ROW_NDJSON, "{\"a\"}", "line 1:"},
        {ROW_NDJSON, "{\"a\":1,}", "line 1:"},
        {ROW_NDJSON, "{} {}", "line 1:"},
        {ROW_NDJSON, "{\"a\":\"x", "line 1:"},
        {ROW_NDJSON, "{\"a\":\"\\x\"}", "line 1:"},
        {ROW_NDJSON, "{\"a\":1,\"A\":2}", "line 1:"},
        {ROW_NDJSON, "{\"a\":[}", "line 1:"},
        {ROW_NDJSON, "\"a\"", "line 1:"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct input input = open_text(cases[i].format, cases[i].text, strlen(cases[i].text));
        enum row_status status;
        while ((status = row_reader_next(input.reader, &input.row, &input.error)) == ROW_READ) {
        }
        if (status != ROW_FAILED || strncmp(input.error.message, cases[i].line, strlen(cases[i].line)) != 0)
            fail_msg("case %zu: %d %s", i, status, input.error.message);
        assert_int_equal(input.error.code, ERROR_USAGE);
        close_text(&input);
    }
}

static void any_bytes_end_in_rows_or_an_error(void **state)
{
    static const char alphabet[] = "a,b\"\n\r{}[]:\\u0nN \t\0\xff";
    (void)state;
    uint64_t random = 7;
    for (size_t round = 0; round < 4000; round++) {
        char text[64] = "a,b,c\n{\"a\":";
        size_t len = round % 2 ? 6 : 0;
        for (; len < sizeof(text); len++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            text[len] = alphabet[(random >> 33) % (sizeof(alphabet) - 1)];
        }
        struct input input = open_text(round % 2 ? ROW_CSV : ROW_NDJSON, text, len);
        size_t rows = 0;
        while (row_reader_next(input.reader, &input.row, &input.error) == ROW_READ)
            assert_in_range(++rows, 1, sizeof(text));
        close_text(&input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_cells_are_found_by_their_header),
        cmocka_unit_test(csv_row_with_more_cells_than_columns_is_known),
        cmocka_unit_test(json_values_are_kept_as_they_are_written),
        cmocka_unit_test(unreadable_text_names_its_line),
        cmocka_unit_test(any_bytes_end_in_rows_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
