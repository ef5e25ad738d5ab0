#include "ingest/response_head.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/http_date.h"

/** Forgets the headers, but not how many there were. */
static void forget_headers(struct response_head *head)
{
    buf_reset(&head->content_type);
    buf_reset(&head->etag);
    buf_reset(&head->last_modified);
    buf_reset(&head->cookies);
    buf_reset(&head->location);
    head->date_us = (struct opt_long){0};
    head->retry_after_s = (struct opt_long){0};
    head->max_age_s = (struct opt_long){0};
    head->expires_us = (struct opt_long){0};
    head->no_store = false;
    head->no_cache = false;
    head->age_s = 0;
}

void response_head_reset(struct response_head *head)
{
    forget_headers(head);
    head->lines = 0;
    head->bytes = 0;
}

void response_head_clear(struct response_head *head)
{
    buf_clear(&head->content_type);
    buf_clear(&head->etag);
    buf_clear(&head->last_modified);
    buf_clear(&head->cookies);
    buf_clear(&head->location);
}

/** A text without the blanks around it. */
static struct str trimmed(struct str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && text.ptr[text.len - 1] != '\0' && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL) {
        text.len--;
    }
    return text;
}

/** Whether a text is that word, letters compared without case. */
static bool is_word(struct str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

/** Whether a text can be kept and sent back: not longer than that, and nothing but printable ASCII. */
static bool is_sendable(struct str text, size_t max)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return text.len > 0 && text.len <= max;
}

/** Takes one directive of Cache-Control: a name, perhaps with a value. */
static void take_directive(struct response_head *head, struct str directive)
{
    const char *equals = directive.len > 0 ? memchr(directive.ptr, '=', directive.len) : NULL;
    struct str value = {0};
    struct str name = directive;
    int64_t seconds;
    if (equals != NULL) {
        name.len = (size_t)(equals - directive.ptr);
        value = trimmed((struct str){.ptr = equals + 1, .len = directive.len - name.len - 1});
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
            value = (struct str){.ptr = value.ptr + 1, .len = value.len - 2};
        }
    }
    name = trimmed(name);
    if (is_word(name, "no-store")) {
        head->no_store = true;
    } else if (is_word(name, "no-cache")) {
        head->no_cache = true;
    } else if (is_word(name, "max-age")) {
        /* Of two the first counts, and one that cannot be read means stale (RFC 9111, section 4.2.1). */
        bool good = http_seconds_parse(value, HEAD_FRESH_MAX_S, &seconds);
        head->max_age_s = head->max_age_s.set ? head->max_age_s : SOME_LONG(good ? seconds : 0);
    }
}

/** Reads a line of Cache-Control; there may be several. */
static void take_cache_control(struct response_head *head, struct str value)
{
    while (value.len > 0) {
        const char *comma = memchr(value.ptr, ',', value.len);
        size_t len = comma != NULL ? (size_t)(comma - value.ptr) : value.len;
        take_directive(head, trimmed((struct str){.ptr = value.ptr, .len = len}));
        size_t used = comma != NULL ? len + 1 : len;
        value.ptr += used;
        value.len -= used;
    }
}

/** Keeps a text that is sent back later. */
static void take_validator(struct buf *kept, struct str value)
{
    buf_reset(kept);
    if (is_sendable(value, HEAD_VALIDATOR_MAX)) {
        buf_append_str(kept, value);
    }
}

/** Keeps name and value of a Set-Cookie header; one that is too long or no plain text is as good as none. */
static void take_cookie(struct buf *cookies, struct str value)
{
    const char *end = value.len > 0 ? memchr(value.ptr, ';', value.len) : NULL;
    value.len = end != NULL ? (size_t)(end - value.ptr) : value.len;
    if (cookies->len + value.len + 2 <= HEAD_COOKIES_MAX && is_sendable(value, HEAD_COOKIES_MAX)) {
        buf_append_str(cookies, cookies->len > 0 ? STR("; ") : STR(""));
        buf_append_str(cookies, value);
    }
}

/** Keeps what is wanted of one header. */
static void take_header(struct response_head *head, struct str name, struct str value, int64_t now_us)
{
    int64_t number;
    if (is_word(name, "content-type")) {
        buf_reset(&head->content_type);
        buf_append_str(&head->content_type, value);
    } else if (is_word(name, "date") && http_date_parse(value, &number)) {
        head->date_us = SOME_LONG(number);
    } else if (is_word(name, "retry-after") && retry_after_parse(value, now_us, &number)) {
        head->retry_after_s = SOME_LONG(number);
    } else if (is_word(name, "set-cookie")) {
        take_cookie(&head->cookies, value);
    } else if (is_word(name, "location")) {
        buf_reset(&head->location);
        buf_append_str(&head->location, value);
    } else if (is_word(name, "etag")) {
        take_validator(&head->etag, value);
    } else if (is_word(name, "last-modified")) {
        take_validator(&head->last_modified, value);
    } else if (is_word(name, "cache-control")) {
        take_cache_control(head, value);
    } else if (is_word(name, "expires")) {
        head->expires_us = SOME_LONG(http_date_parse(value, &number) ? number : 0); /* "0" means: at once */
    } else if (is_word(name, "age") && http_seconds_parse(value, HEAD_FRESH_MAX_S, &number)) {
        head->age_s = number;
    }
}

bool response_head_line(struct response_head *head, struct str line, int64_t now_us)
{
    head->lines++;
    head->bytes += line.len;
    if (head->lines > HEAD_LINES_MAX || head->bytes > HEAD_BYTES_MAX) {
        return false;
    }
    if (line.len >= 5 && memcmp(line.ptr, "HTTP/", 5) == 0) {
        forget_headers(head);
        return true;
    }
    const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    if (colon != NULL) {
        size_t len = (size_t)(colon - line.ptr);
        take_header(head, (struct str){.ptr = line.ptr, .len = len},
                    trimmed((struct str){.ptr = colon + 1, .len = line.len - len - 1}), now_us);
    }
    return true;
}

int64_t response_head_fresh_s(const struct response_head *head)
{
    int64_t fresh_s = 0;
    if (head->no_store || head->no_cache) {
        return 0;
    }
    if (head->max_age_s.set) {
        fresh_s = head->max_age_s.value;
    } else if (head->expires_us.set && head->date_us.set) {
        fresh_s = (head->expires_us.value - head->date_us.value) / US_PER_S;
    }
    fresh_s = fresh_s > HEAD_FRESH_MAX_S ? HEAD_FRESH_MAX_S : fresh_s;
    return fresh_s > head->age_s ? fresh_s - head->age_s : 0;
}
