#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void error_holds_code_cause_and_message(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(error_cause(&error, ERROR_INVALID, "bad_magic", "byte %d is wrong", 0));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, "bad_magic");
    assert_string_equal(error.message, "byte 0 is wrong");
    assert_false(error_set(&error, ERROR_RETRY, "again"));
    assert_int_equal(error.code, ERROR_RETRY);
    assert_null(error.cause);
    error_clear(&error);
    assert_int_equal(error.code, ERROR_NONE);
    assert_string_equal(error.message, "");
}

static void nobody_has_to_ask_for_the_error(void **state)
{
    (void)state;
    assert_false(error_set(NULL, ERROR_FATAL, "unheard"));
    assert_false(error_cause(NULL, ERROR_FATAL, "x", "unheard"));
    assert_false(error_prefix(NULL, "unheard"));
    error_clear(NULL);
}

static void context_goes_in_front_and_keeps_code_and_cause(void **state)
{
    (void)state;
    struct error error = {0};
    error_cause(&error, ERROR_LIMIT, "too_large", "body of %d bytes", 9);
    assert_false(error_prefix(&error, "fetching %s", "yahoo"));
    assert_false(error_prefix(&error, "slot %d", 3));
    assert_string_equal(error.message, "slot 3: fetching yahoo: body of 9 bytes");
    assert_int_equal(error.code, ERROR_LIMIT);
    assert_string_equal(error.cause, "too_large");
}

static void message_may_be_made_from_the_one_it_replaces(void **state)
{
    (void)state;
    struct error error = {0};
    error_set(&error, ERROR_RETRY, "first");
    error_set(&error, ERROR_FATAL, "after %s: %s", error.message, error.message);
    assert_string_equal(error.message, "after first: first");
    error_prefix(&error, "<%s>", error.message);
    assert_string_equal(error.message, "<after first: first>: after first: first");
}

static void long_messages_are_cut_but_end(void **state)
{
    (void)state;
    struct error error = {0};
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&error, ERROR_INVALID, "%s", text);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    error_prefix(&error, "front");
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
    assert_int_equal(strncmp(error.message, "front: xxx", 10), 0);
    error_prefix(&error, "%s", text);
    assert_int_equal(strlen(error.message), sizeof(error.message) - 1);
}

static void message_is_one_line_of_utf8_wherever_it_is_cut(void **state)
{
    (void)state;
    char text[600];
    for (size_t blanks = 0; blanks < 4; blanks++) {
        struct error error = {0};
        memset(text, ' ', blanks);
        for (size_t i = 0; i < 140; i++)
            memcpy(text + blanks + 4 * i, "\xf0\x9f\x92\xb0", 5);
        error_set(&error, ERROR_INVALID, "%s", text);
        const char *p = error.message + blanks;
        while (strncmp(p, "\xf0\x9f\x92\xb0", 4) == 0)
            p += 4;
        /* What the cut left of the last character stands as question marks. */
        assert_true(strspn(p, "?") == strlen(p) && strlen(p) < 4);
    }
    struct error error = {0};
    error_set(&error, ERROR_INVALID, "refused:\nDETAIL\x1b[2J");
    assert_string_equal(error.message, "refused: DETAIL?[2J");
}

static void exit_status_follows_the_documented_table(void **state)
{
    (void)state;
    assert_int_equal(error_exit_status(ERROR_NONE), 0);
    assert_int_equal(error_exit_status(ERROR_INVALID), 1);
    assert_int_equal(error_exit_status(ERROR_USAGE), 2);
    assert_int_equal(error_exit_status(ERROR_UNREACHABLE), 3);
    assert_int_equal(error_exit_status(ERROR_FATAL), 1);
    assert_int_equal(error_exit_status((enum error_code)99), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_holds_code_cause_and_message),
        cmocka_unit_test(nobody_has_to_ask_for_the_error),
        cmocka_unit_test(context_goes_in_front_and_keeps_code_and_cause),
        cmocka_unit_test(message_may_be_made_from_the_one_it_replaces),
        cmocka_unit_test(long_messages_are_cut_but_end),
        cmocka_unit_test(message_is_one_line_of_utf8_wherever_it_is_cut),
        cmocka_unit_test(exit_status_follows_the_documented_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
