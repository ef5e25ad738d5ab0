#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/csv.h"

static struct buf out;

static int clear(void **state)
{
    (void)state;
    buf_clear(&out);
    return 0;
}

static void assert_cell(struct str text, const char *expected)
{
    buf_reset(&out);
    csv_put(&out, text);
    buf_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
}

static void assert_json_cell(const char *json, const char *expected)
{
    json_error_t why;
    json_t *value = json_loads(json, JSON_DECODE_ANY, &why);
    assert_non_null(value);
    buf_reset(&out);
    csv_put_json(&out, value);
    buf_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
    json_decref(value);
}

static void text_is_quoted_only_where_it_must_be(void **state)
{
    (void)state;
    assert_cell(STR("plain text; with 'signs'"), "plain text; with 'signs'");
    assert_cell(STR("a,b"), "\"a,b\"");
    assert_cell(STR("say \"x\""), "\"say \"\"x\"\"\"");
    assert_cell(STR("two\r\nlines"), "\"two\r\nlines\"");
}

static void empty_text_differs_from_no_value(void **state)
{
    (void)state;
    assert_cell(STR(""), "\"\"");
    assert_json_cell("null", "");
    assert_json_cell("\"\"", "\"\"");
}

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    assert_json_cell("0.30000000000000004", "0.30000000000000004");
    assert_json_cell("0.1", "0.1");
    assert_json_cell("9007199254740993", "9007199254740993");
    assert_json_cell("true", "true");
}

static void lists_become_their_json(void **state)
{
    (void)state;
    assert_json_cell("[\"jump\",\"stale\"]", "\"[\"\"jump\"\",\"\"stale\"\"]\"");
    assert_json_cell("[]", "[]");
}

static void rows_end_with_cr_and_lf(void **state)
{
    (void)state;
    buf_reset(&out);
    csv_end(&out);
    assert_true(str_is(buf_str(&out), "\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(text_is_quoted_only_where_it_must_be, clear),
        cmocka_unit_test_teardown(empty_text_differs_from_no_value, clear),
        cmocka_unit_test_teardown(numbers_read_back_as_they_were, clear),
        cmocka_unit_test_teardown(lists_become_their_json, clear),
        cmocka_unit_test_teardown(rows_end_with_cr_and_lf, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
