#include "board/refusals.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"

/** Longest text of a header that is kept. */
#define TEXT_MAX 400

/** The fields of a letter: name in JSON, header. The offset and the partition stay texts of digits. */
static const struct {
    const char *name;
    const char *header;
} fields[] = {
    {"topic", "__connect.errors.topic"},
    {"partition", "__connect.errors.partition"},
    {"offset", "__connect.errors.offset"},
    {"stage", "qb.stage"},
    {"cause", "qb.cause"},
    {"message", "__connect.errors.exception.message"},
};

struct refusals {
    pthread_mutex_t lock;
    struct buf kept[REFUSALS_KEPT]; /* JSON; letter n at n % REFUSALS_KEPT */
    size_t count;                   /* ever added */
};

struct refusals *refusals_new(void)
{
    struct refusals *refusals = xcalloc(1, sizeof(*refusals));
    pthread_mutex_init(&refusals->lock, NULL);
    return refusals;
}

void refusals_free(struct refusals *refusals)
{
    if (!refusals)
        return;
    for (size_t i = 0; i < REFUSALS_KEPT; i++)
        buf_clear(&refusals->kept[i]);
    pthread_mutex_destroy(&refusals->lock);
    free(refusals);
}

/** Appends the text of the last header of that name, or null. */
static void put_header(struct buf *out, rd_kafka_headers_t *headers, const char *name)
{
    const void *value;
    size_t len;
    if (!headers || rd_kafka_header_get_last(headers, name, &value, &len) || !value) {
        buf_append_str(out, STR("null"));
        return;
    }
    char text[TEXT_MAX + 1];
    len = len < TEXT_MAX ? len : TEXT_MAX;
    memcpy(text, value, len);
    text[len] = '\0';
    utf8_to_line(text);
    json_put_string(out, str_from(text));
}

/** Appends the record's key as text, or null. */
static void put_key(struct buf *out, const rd_kafka_message_t *message)
{
    const struct str key = {.ptr = message->key, .len = message->key_len < TEXT_MAX ? message->key_len : TEXT_MAX};
    if (message->key && utf8_valid(key))
        json_put_string(out, key);
    else
        buf_append_str(out, STR("null"));
}

void refusals_add(struct refusals *refusals, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers))
        headers = NULL;
    pthread_mutex_lock(&refusals->lock);
    struct buf *out = &refusals->kept[refusals->count++ % REFUSALS_KEPT];
    buf_reset(out);
    buf_append_str(out, STR("{\"at\":"));
    json_put_time(out, rd_kafka_message_timestamp(message, NULL) * 1000);
    buf_append_str(out, STR(",\"key\":"));
    put_key(out, message);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        buf_printf(out, ",\"%s\":", fields[i].name);
        put_header(out, headers, fields[i].header);
    }
    buf_append_str(out, STR("}"));
    pthread_mutex_unlock(&refusals->lock);
}

void refusals_reset(struct refusals *refusals)
{
    pthread_mutex_lock(&refusals->lock);
    refusals->count = 0;
    pthread_mutex_unlock(&refusals->lock);
}

void refusals_write(struct refusals *refusals, struct buf *out)
{
    pthread_mutex_lock(&refusals->lock);
    const size_t count = refusals->count < REFUSALS_KEPT ? refusals->count : REFUSALS_KEPT;
    buf_append_str(out, STR("["));
    for (size_t i = 1; i <= count; i++) {
        if (i > 1)
            buf_append_str(out, STR(","));
        buf_append_str(out, buf_str(&refusals->kept[(refusals->count - i) % REFUSALS_KEPT]));
    }
    buf_append_str(out, STR("]"));
    pthread_mutex_unlock(&refusals->lock);
}
