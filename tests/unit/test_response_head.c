#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/response_head.h"

/** A head of some lines, each ended by CR LF. */
static struct response_head head_of(const char *lines)
{
    struct response_head head = {0};
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n") + 1;
        assert_true(response_head_line(&head, (struct str){.ptr = lines, .len = len}, 0));
        lines += len;
    }
    return head;
}

/** How long an answer with these headers stays fresh. */
static int64_t fresh_s(const char *lines)
{
    struct response_head head = head_of(lines);
    int64_t seconds = response_head_fresh_s(&head);
    response_head_clear(&head);
    return seconds;
}

static void validators_are_kept_as_they_came(void **state)
{
    (void)state;
    struct response_head head =
        head_of("HTTP/2 200\r\nETag:  W/\"a b\" \r\nlast-modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCONTENT-TYPE: text/x\r\n");
    assert_true(str_is(buf_str(&head.etag), "W/\"a b\""));
    assert_true(str_is(buf_str(&head.last_modified), "Sun, 06 Nov 1994 08:49:37 GMT"));
    assert_true(str_is(buf_str(&head.content_type), "text/x"));
    response_head_clear(&head);
}

static void validator_that_cannot_be_sent_back_is_dropped(void **state)
{
    char line[HEAD_VALIDATOR_MAX + 20];
    (void)state;
    struct response_head head = head_of("ETag: \"a\tb\"\r\nLast-Modified: \x80\r\n");
    assert_int_equal(head.etag.len + head.last_modified.len, 0);
    memset(line, 'x', sizeof line);
    memcpy(line, "etag: ", 6);
    assert_true(response_head_line(&head, (struct str){.ptr = line, .len = sizeof line}, 0));
    assert_int_equal(head.etag.len, 0);
    response_head_clear(&head);
}

static void headers_of_an_interim_response_are_forgotten(void **state)
{
    (void)state;
    struct response_head head = head_of("HTTP/1.1 103 Early\r\nETag: \"x\"\r\nRetry-After: 7\r\nHTTP/1.1 200 OK\r\n");
    assert_int_equal(head.etag.len, 0);
    assert_false(head.retry_after_s.set);
    response_head_clear(&head);
}

static void freshness_is_the_answers_own_word(void **state)
{
    static const struct {
        const char *lines;
        int64_t fresh_s;
    } cases[] = {
        {"", 0},
        {"Cache-Control: public, max-age=30, must-revalidate, s-maxage=60\r\n", 30},
        {"cache-control: MAX-AGE = \"45\"\r\n", 45},
        {"Cache-Control: max-age=30\r\nAge: 12\r\n", 18},
        {"Cache-Control: max-age=30\r\nAge: 31\r\n", 0},
        {"Cache-Control: max-age=30, max-age=90\r\n", 30},
        {"Cache-Control: max-age=-1\r\n", 0},
        {"Cache-Control: max-age=x, max-age=90\r\n", 0},
        {"Cache-Control: max-age=99999999999999999999999999\r\n", HEAD_FRESH_MAX_S},
        {"Cache-Control: max-age=30, no-cache\r\n", 0},
        {"Cache-Control: max-age=30\r\nCache-Control: no-store\r\n", 0},
        {"Cache-Control: ,,=,;\r\n", 0},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: Sun, 06 Nov 1994 08:50:37 GMT\r\n", 60},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: Sun, 06 Nov 1994 08:48:37 GMT\r\n", 0},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: 0\r\n", 0},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nExpires: Sun, 06 Nov 1994 08:50:37 GMT\r\nCache-Control: max-age=5\r\n", 5},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(fresh_s(cases[i].lines), cases[i].fresh_s);
    }
}

static void too_many_and_too_long_headers_are_refused(void **state)
{
    static char line[HEAD_BYTES_MAX + 1];
    (void)state;
    struct response_head head = {0};
    for (int i = 0; i < HEAD_LINES_MAX; i++) {
        assert_true(response_head_line(&head, STR("a: b\r\n"), 0));
    }
    assert_false(response_head_line(&head, STR("a: b\r\n"), 0));
    response_head_reset(&head);
    memset(line, 'x', sizeof line);
    assert_false(response_head_line(&head, (struct str){.ptr = line, .len = sizeof line}, 0));
    response_head_clear(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validators_are_kept_as_they_came),
        cmocka_unit_test(validator_that_cannot_be_sent_back_is_dropped),
        cmocka_unit_test(headers_of_an_interim_response_are_forgotten),
        cmocka_unit_test(freshness_is_the_answers_own_word),
        cmocka_unit_test(too_many_and_too_long_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
