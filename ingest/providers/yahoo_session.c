/*
 * The session that Yahoo's v7 quote wants: any page of fc.yahoo.com sets the cookie (its status is 404), and v1/test/getcrumb
 * gives the crumb for it as plain text. A limit comes as text, too: "Too Many Requests" is no crumb.
 */
#include <string.h>

#include "ingest/providers/yahoo.h"

/** Longest crumb that is believed; they have eleven characters. */
#define CRUMB_MAX 64

/** `/` of the session's host. */
static bool build_cookie(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)spec;
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/"));
    return true;
}

/** Takes the cookie of an answer of any status. */
static void parse_cookie(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    reply_begin(spec, arena, result);
    if (yahoo_wants_consent(response, result)) {
        return;
    }
    if (response->cookies.len > 0) {
        result->outcome = OUTCOME_OK;
        result->cookie = response->cookies;
    } else if (response->status >= 400 && response->status != 404) {
        reply_status(response, result);
    } else {
        reply_set(result, OUTCOME_EMPTY, "the answer sets no cookie");
    }
}

/** `/v1/test/getcrumb` */
static bool build_crumb(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    yahoo_add_cookie(spec, headers);
    buf_append_str(path, STR("/v1/test/getcrumb"));
    return true;
}

/** Whether a text can be a crumb: short, printable, without blanks, and no beginning of something else. */
static bool is_crumb(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return text.len > 0 && text.len <= CRUMB_MAX && text.ptr[0] != '<' && text.ptr[0] != '{';
}

/** Takes the crumb. */
static void parse_crumb(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                        struct parse_result *result)
{
    reply_begin(spec, arena, result);
    if (yahoo_wants_consent(response, result) || !reply_status(response, result)) {
        return;
    }
    if (text_has(response->body, "too many requests")) {
        reply_set(result, OUTCOME_LIMITED, "the provider says: too many requests");
    } else if (is_crumb(response->body)) {
        result->outcome = OUTCOME_OK;
        result->token = response->body;
    } else if (response->body.len > 0 && response->body.ptr[0] == '<') {
        reply_set(result, OUTCOME_HTML, "a page of HTML instead of a crumb");
    } else {
        reply_set(result, OUTCOME_MALFORMED, "the answer is no crumb");
    }
}

const struct endpoint yahoo_session_cookie = {
    .name = "cookie", .batch_max = 1, .other_host = true, .build = build_cookie, .parse = parse_cookie};
const struct endpoint yahoo_session_crumb = {.name = "crumb", .batch_max = 1, .build = build_crumb, .parse = parse_crumb};
