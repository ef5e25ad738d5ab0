#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/reply.h"

static void path_keeps_only_unreserved_characters(void **state)
{
    (void)state;
    struct buf path = {0};
    path_escape(&path, "aZ09-._~ ^=/?&%\xc3\xa9");
    assert_true(str_is(buf_str(&path), "aZ09-._~%20%5E%3D%2F%3F%26%25%C3%A9"));
    buf_clear(&path);
}

static void words_are_found_whatever_their_case(void **state)
{
    (void)state;
    assert_true(text_has(STR("Too Many Requests\r\n"), "too many requests"));
    assert_true(text_has(STR("x"), "x"));
    assert_false(text_has(STR("too man"), "too many"));
    assert_false(text_has((struct str){0}, "x"));
}

static void message_holds_no_control_characters(void **state)
{
    (void)state;
    struct parse_result result;
    reply_set(&result, OUTCOME_MALFORMED, "a\nb\x1b[31m\xff%s", "\t");
    assert_string_equal(result.message, "a?b?[31m??");
}

static void status_decides_where_the_body_says_nothing(void **state)
{
    static const struct {
        int status;
        enum outcome outcome;
    } cases[] = {{429, OUTCOME_LIMITED},    {401, OUTCOME_BLOCKED},    {403, OUTCOME_BLOCKED},
                 {451, OUTCOME_BLOCKED},    {301, OUTCOME_HTTP_ERROR}, {404, OUTCOME_HTTP_ERROR},
                 {500, OUTCOME_HTTP_ERROR}, {199, OUTCOME_HTTP_ERROR}, {0, OUTCOME_HTTP_ERROR}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parse_result result = {0};
        const struct http_response response = {.status = cases[i].status};
        assert_false(reply_status(&response, &result));
        assert_int_equal(result.outcome, cases[i].outcome);
    }
    for (int status = 200; status <= 299; status += 99) {
        struct parse_result result = {0};
        const struct http_response response = {.status = status};
        assert_true(reply_status(&response, &result));
    }
}

static void currency_in_a_minor_unit_moves_the_point_of_every_price(void **state)
{
    static const char *const units[][2] = {{"GBp", "GBP"}, {"GBX", "GBP"}, {"ZAc", "ZAR"}, {"ILA", "ILS"}};
    (void)state;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        struct arena arena = {0};
        struct quote quote = {
            .price = 305.3, .bid = SOME_DOUBLE(1), .previous_close = SOME_DOUBLE(0.7), .volume = SOME_DOUBLE(9)};
        reply_currency(&quote, str_from(units[i][0]), &arena);
        assert_true(str_is(quote.currency, units[i][1]));
        assert_true(quote.price == 3.053 && quote.bid.value == 0.01 && quote.previous_close.value == 0.007);
        assert_true(quote.volume.value == 9 && !quote.ask.set);
        assert_true(quote.unit_factor == 0.01);
        arena_clear(&arena);
    }
}

static void currency_in_a_major_unit_is_taken_as_it_is(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct quote quote = {.price = 305.3, .unit_factor = 1};
    reply_currency(&quote, STR("GBP"), &arena);
    assert_true(str_is(quote.currency, "GBP") && quote.price == 305.3 && quote.unit_factor == 1);
    reply_currency(&quote, (struct str){0}, &arena);
    assert_int_equal(quote.currency.len, 0);
    arena_clear(&arena);
}

static void time_before_1970_or_of_another_form_is_none(void **state)
{
    static const char *const texts[] = {
        "", "now", "-5m", "1621087816", "1017-12-20", "1969-12-31T23:59:59Z", "2018-13-05", "2018/10/05", "2018-10-05T25:00:00Z"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(reply_time(texts[i]).set);
    }
    assert_false(reply_time(NULL).set);
    assert_int_equal(reply_time("1970-01-01").value, 0);
    assert_true(reply_time("1970-01-01").set);
    assert_int_equal(reply_time("2018-10-05T00:00:01Z").value, INT64_C(1538697601000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_keeps_only_unreserved_characters),
        cmocka_unit_test(words_are_found_whatever_their_case),
        cmocka_unit_test(message_holds_no_control_characters),
        cmocka_unit_test(status_decides_where_the_body_says_nothing),
        cmocka_unit_test(currency_in_a_minor_unit_moves_the_point_of_every_price),
        cmocka_unit_test(currency_in_a_major_unit_is_taken_as_it_is),
        cmocka_unit_test(time_before_1970_or_of_another_form_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
