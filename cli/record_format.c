#include "cli/record_format.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"

/** The signs behind a per cent sign, and behind a backslash. */
static const char signs[] = "tpoTkshKS%";
static const char escapes[] = "nrt\\x";

/** Value of a hexadecimal digit. */
static unsigned hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? (unsigned)(digit - '0') : (unsigned)(tolower((unsigned char)digit) - 'a' + 10);
}

/** Length of a sign that begins with a backslash; 0: there is no such sign. */
static size_t escape_length(const char *text)
{
    if (text[1] == '\0' || !strchr(escapes, text[1]))
        return 0;
    if (text[1] != 'x')
        return 2;
    return isxdigit((unsigned char)text[2]) && isxdigit((unsigned char)text[3]) ? 4 : 0;
}

bool record_format_check(const char *format, struct error *error)
{
    for (const char *p = format; *p;) {
        const size_t len = *p == '\\' ? escape_length(p) : *p == '%' ? (size_t)(p[1] && strchr(signs, p[1]) ? 2 : 0) : 1;
        if (len == 0)
            return error_set(
                error, ERROR_USAGE,
                "--format: '%.2s' is not known: write %%t %%p %%o %%T %%k %%s %%h %%K %%S %%%% and \\n \\r \\t \\\\ \\xNN", p);
        p += len;
    }
    return true;
}

/** Appends what a backslash and what follows stand for. */
static void put_escape(struct buf *out, const char *text)
{
    static const char meanings[] = "\n\r\t\\";
    const char byte =
        text[1] == 'x' ? (char)(hex_value(text[2]) << 4 | hex_value(text[3])) : meanings[strchr(escapes, text[1]) - escapes];
    buf_append(out, &byte, 1);
}

/** Appends the headers as kcat does. */
static void put_headers(struct buf *out, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t size;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        buf_printf(out, "%s%s=", i ? "," : "", name);
        buf_append(out, value, size);
    }
}

/** Appends the value: JSON, or base64 of what is not decodable. */
static enum record_status put_value(struct record_printer *printer, const rd_kafka_message_t *message, struct buf *out,
                                    struct error *error)
{
    struct str json;
    const enum record_status status = record_value(printer, message, &json, error);
    if (status == RECORD_UNDECODABLE)
        json_put_base64(out, (struct str){.ptr = message->payload, .len = message->len});
    else if (status == RECORD_SHOWN)
        buf_append_str(out, json);
    return status;
}

/** Appends what a sign stands for, but the value. */
static void put_sign(struct buf *out, char sign, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t kind;
    if (sign == 't')
        buf_printf(out, "%s", rd_kafka_topic_name(message->rkt));
    else if (sign == 'p')
        buf_printf(out, "%" PRId32, message->partition);
    else if (sign == 'o')
        buf_printf(out, "%" PRId64, message->offset);
    else if (sign == 'T')
        buf_printf(out, "%" PRId64, rd_kafka_message_timestamp(message, &kind));
    else if (sign == 'k')
        buf_append(out, message->key ? message->key : "", message->key_len);
    else if (sign == 'h')
        put_headers(out, message);
    else if (sign == 'K')
        buf_printf(out, "%" PRId64, message->key ? (int64_t)message->key_len : -1);
    else if (sign == 'S')
        buf_printf(out, "%" PRId64, message->payload ? (int64_t)message->len : -1);
    else
        buf_append(out, &sign, 1);
}

enum record_status record_format(struct record_printer *printer, const char *format, const rd_kafka_message_t *message,
                                 struct buf *out, struct error *error)
{
    enum record_status worst = RECORD_SHOWN;
    for (const char *p = format; *p;) {
        if (*p == '\\') {
            put_escape(out, p);
            p += escape_length(p);
        } else if (p[0] == '%' && p[1] == 's') {
            const enum record_status status = put_value(printer, message, out, error);
            worst = status > worst ? status : worst;
            p += 2;
        } else if (*p == '%') {
            put_sign(out, p[1], message);
            p += 2;
        } else {
            buf_append(out, p++, 1);
        }
    }
    return worst;
}
