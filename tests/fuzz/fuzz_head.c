/*
 * Any bytes as header lines of a response, as a date, as seconds to wait and as a number.
 *
 * What is kept has to be within its bounds, and a validator must not bring a line end into a later request.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/http_date.h"
#include "ingest/number.h"
#include "ingest/response_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Aborts unless a text is short and printable. */
static void check_sendable(const struct buf *text)
{
    if (text->len > HEAD_VALIDATOR_MAX)
        abort();
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] < ' ' || text->data[i] > '~')
            abort();
    }
}

/** Gives the lines to a head and looks at what it keeps. */
static void try_head(struct str lines)
{
    struct response_head head = {0};
    bool within = true;
    while (within && lines.len > 0) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        const size_t len = end ? (size_t)(end - lines.ptr) + 1 : lines.len;
        within = response_head_line(&head, (struct str){lines.ptr, len}, INT64_C(1767322800000000));
        lines = (struct str){lines.ptr + len, lines.len - len};
    }
    const int64_t fresh_s = response_head_fresh_s(&head);
    if (fresh_s < 0 || fresh_s > HEAD_FRESH_MAX_S || head.cookies.len > HEAD_COOKIES_MAX)
        abort();
    if (head.retry_after_s.set && (head.retry_after_s.value < 0 || head.retry_after_s.value > RETRY_AFTER_MAX_S))
        abort();
    check_sendable(&head.etag);
    check_sendable(&head.last_modified);
    response_head_clear(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {.ptr = (const char *)data, .len = size};
    int64_t time;
    double number;
    try_head(text);
    (void)http_date_parse(text, &time);
    (void)retry_after_parse(text, 0, &time);
    if (number_from_text(text, &number)) {
        if (!isfinite(number))
            abort();
        (void)number_undo_float32(number);
        (void)number_shift_point(number, -2);
    }
    if (size >= sizeof(number)) {
        memcpy(&number, data, sizeof(number));
        (void)number_undo_float32(number);
        (void)number_shift_point(number, data[0] % 8 - 4);
    }
    return 0;
}
