/*
 * The kinds of records that a provider's answer can hold: one row per kind says where they stand in a parse_result, which topic
 * they go to and how they are encoded. What is done to all records of an answer (stamping, counting, sending) is written once,
 * over this table.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_INGEST_RECORDS_H
#define QUOTEBUS_INGEST_RECORDS_H

#include "ingest/provider.h"

struct record_kind {
    const char *name;        /**< plural, for people and metrics: quotes, bars, ... */
    const char *topic;       /**< without the prefix */
    const char *schema_json; /**< its Avro schema */
    void (*encode)(const void *record, struct buf *out);
    size_t size;              /**< of one record */
    size_t list_offset;       /**< of the array's pointer in struct parse_result */
    size_t count_offset;      /**< of the number of records in struct parse_result */
    size_t key_offset;        /**< of the record's key, a struct str */
    size_t fetched_at_offset; /**< of fetched_at_us */
    size_t request_id_offset; /**< of request_id */
};

/** Quotes, bars, fundamentals, indicators, rankings. */
#define RECORD_KINDS 5
extern const struct record_kind record_kinds[RECORD_KINDS];

/** How many records of a kind an answer holds. */
size_t records_count(const struct record_kind *kind, const struct parse_result *parsed);
/** How many of all kinds. */
size_t records_total(const struct parse_result *parsed);
/** Record `i` of a kind; borrowed from the answer. */
const void *records_at(const struct record_kind *kind, const struct parse_result *parsed, size_t i);
/** The key of a record in Kafka; borrowed from it. */
struct str record_key(const struct record_kind *kind, const void *record);
/** When a record was fetched, microseconds UTC. */
int64_t record_fetched_at_us(const struct record_kind *kind, const void *record);
/** Puts fetch time and request id (borrowed) on all records of an answer. */
void records_stamp(struct parse_result *parsed, int64_t fetched_at_us, const char *request_id);

#endif
