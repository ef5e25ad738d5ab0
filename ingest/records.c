#include "ingest/records.h"

#include <assert.h>

/** An encoder that takes any record, and the row of the table for it. */
#define ENCODER(type)                                                                                                            \
    static void encode_##type(const void *record, struct buf *out)                                                               \
    {                                                                                                                            \
        type##_encode(record, out);                                                                                              \
    }
#define KIND(type, topic_, list_, count_, key_)                                                                                  \
    {                                                                                                                            \
        .name = #list_, .topic = (topic_), .schema_json = type##_schema_json, .encode = encode_##type,                           \
        .size = sizeof(struct type), .list_offset = offsetof(struct parse_result, list_),                                        \
        .count_offset = offsetof(struct parse_result, count_), .key_offset = offsetof(struct type, key_),                        \
        .fetched_at_offset = offsetof(struct type, fetched_at_us), .request_id_offset = offsetof(struct type, request_id),       \
    }

ENCODER(quote)
ENCODER(bar)
ENCODER(fundamentals)
ENCODER(indicator)
ENCODER(ranking)

const struct record_kind record_kinds[RECORD_KINDS] = {
    KIND(quote, "quotes.raw", quotes, quote_count, asset),
    KIND(bar, "bars.raw", bars, bar_count, asset),
    KIND(fundamentals, "fundamentals.raw", fundamentals, fundamentals_count, asset),
    KIND(indicator, "indicators.raw", indicators, indicator_count, asset),
    KIND(ranking, "rankings.raw", rankings, ranking_count, list),
};

size_t records_count(const struct record_kind *kind, const struct parse_result *parsed)
{
    return *(const size_t *)((const char *)parsed + kind->count_offset);
}

size_t records_total(const struct parse_result *parsed)
{
    size_t total = 0;
    for (size_t i = 0; i < RECORD_KINDS; i++) {
        total += records_count(&record_kinds[i], parsed);
    }
    return total;
}

/** The same as records_at, to write to. */
static char *record_at(const struct record_kind *kind, const struct parse_result *parsed, size_t i)
{
    assert(i < records_count(kind, parsed));
    char *list = *(char *const *)((const char *)parsed + kind->list_offset);
    return list + i * kind->size;
}

const void *records_at(const struct record_kind *kind, const struct parse_result *parsed, size_t i)
{
    return record_at(kind, parsed, i);
}

struct str record_key(const struct record_kind *kind, const void *record)
{
    return *(const struct str *)((const char *)record + kind->key_offset);
}

int64_t record_fetched_at_us(const struct record_kind *kind, const void *record)
{
    return *(const int64_t *)((const char *)record + kind->fetched_at_offset);
}

void records_stamp(struct parse_result *parsed, int64_t fetched_at_us, const char *request_id)
{
    for (size_t k = 0; k < RECORD_KINDS; k++) {
        const struct record_kind *kind = &record_kinds[k];
        for (size_t i = 0; i < records_count(kind, parsed); i++) {
            char *record = record_at(kind, parsed, i);
            *(int64_t *)(record + kind->fetched_at_offset) = fetched_at_us;
            *(struct str *)(record + kind->request_id_offset) = str_from(request_id);
        }
    }
}
