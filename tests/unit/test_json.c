#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/json.h"

/** Reads a text; NULL when it is refused with a reason. */
static json_t *read_text(const char *text)
{
    char why[120] = "";
    json_t *root = json_read(str_from(text), why);
    assert_int_equal(root == NULL, why[0] != '\0');
    return root;
}

/** `[[[...]]]` with `depth` brackets. */
static bool depth_is_taken(size_t depth)
{
    struct buf text = {0};
    for (size_t i = 0; i < depth; i++) {
        buf_append(&text, "[", 1);
    }
    for (size_t i = 0; i < depth; i++) {
        buf_append(&text, "]", 1);
    }
    buf_append(&text, "", 1);
    json_t *root = read_text((const char *)text.data);
    buf_clear(&text);
    bool taken = root != NULL;
    json_decref(root);
    return taken;
}

static void nesting_up_to_its_bound_is_taken(void **state)
{
    (void)state;
    assert_true(depth_is_taken(JSON_DEPTH_MAX));
    assert_false(depth_is_taken(JSON_DEPTH_MAX + 1));
    assert_false(depth_is_taken(1000000));
}

/** An array of `count` numbers; the brackets and each comma count as a value. */
static bool count_is_taken(size_t count)
{
    struct buf text = {0};
    buf_append(&text, "[1", 2);
    for (size_t i = 1; i < count; i++) {
        buf_append(&text, ",1", 2);
    }
    buf_append(&text, "]", 2);
    json_t *root = read_text((const char *)text.data);
    buf_clear(&text);
    bool taken = root != NULL;
    json_decref(root);
    return taken;
}

static void values_up_to_their_bound_are_taken(void **state)
{
    (void)state;
    assert_true(count_is_taken(JSON_NODES_MAX));
    assert_false(count_is_taken(JSON_NODES_MAX + 1));
}

static void brackets_in_texts_do_not_count(void **state)
{
    (void)state;
    json_t *root = read_text("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \\\" {{{{ \\\\\",\"b\":1}");
    assert_non_null(root);
    assert_true(json_number(root, "b").value == 1);
    json_decref(root);
}

static void body_that_is_no_json_is_refused(void **state)
{
    static const char *const texts[] = {"",    "{",       "{\"a\":1", "{\"a\":1}x", "{\"a\":1,\"a\":2}",
                                        "nul", "[1,]",    "\xff\xfe", "[\"\xc3\"]", "{\"a\":01}",
                                        "'a'", "[1e999]", "]",        "\"\\u0000\""};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(read_text(texts[i]));
    }
}

static void number_is_set_only_when_it_is_one(void **state)
{
    (void)state;
    json_t *root = read_text("{\"a\":1.5,\"b\":\"2\",\"c\":null,\"d\":true,\"e\":123456789012345678901234567890}");
    assert_true(json_number(root, "a").set && json_number(root, "a").value == 1.5);
    assert_false(json_number(root, "b").set);
    assert_false(json_number(root, "c").set);
    assert_false(json_number(root, "d").set);
    assert_true(json_number(root, "e").set);
    assert_false(json_number(root, "f").set);
    assert_false(json_number(NULL, "a").set);
    assert_true(json_number_text(root, "b").set && json_number_text(root, "b").value == 2);
    assert_true(json_number_text(root, "a").set);
    json_decref(root);
}

static void epoch_is_taken_within_the_years_that_can_be_written(void **state)
{
    (void)state;
    json_t *root = read_text("{\"a\":0,\"b\":253402300799,\"c\":253402300800,\"d\":-1,\"e\":1740051143.5,\"f\":1e300}");
    assert_true(json_epoch_us(root, "a").set);
    assert_int_equal(json_epoch_us(root, "b").value, INT64_C(253402300799000000));
    assert_false(json_epoch_us(root, "c").set);
    assert_false(json_epoch_us(root, "d").set);
    assert_int_equal(json_epoch_us(root, "e").value, INT64_C(1740051143500000));
    assert_false(json_epoch_us(root, "f").set);
    json_decref(root);
}

static void entry_is_found_by_text_whatever_its_case(void **state)
{
    (void)state;
    json_t *root = read_text("[1,{\"id\":2},{\"id\":\"Btc\",\"n\":5}]");
    const json_t *found = json_find(root, "id", "bTC");
    assert_non_null(found);
    assert_true(json_number(found, "n").value == 5);
    assert_null(json_find(root, "id", "eth"));
    assert_null(json_find(NULL, "id", "eth"));
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_up_to_its_bound_is_taken),
        cmocka_unit_test(values_up_to_their_bound_are_taken),
        cmocka_unit_test(brackets_in_texts_do_not_count),
        cmocka_unit_test(body_that_is_no_json_is_refused),
        cmocka_unit_test(number_is_set_only_when_it_is_one),
        cmocka_unit_test(epoch_is_taken_within_the_years_that_can_be_written),
        cmocka_unit_test(entry_is_found_by_text_whatever_its_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
