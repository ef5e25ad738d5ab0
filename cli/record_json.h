/*
 * Records of topics as JSON lines: the value by the schema it was written with, whatever that is.
 *
 *     {"topic":"quotes.clean","partition":1,"offset":42,"timestamp":"2026-01-02T03:04:05.678000Z","key":"crypto:BTC",
 *      "schema_id":4,"value":{...}}
 *
 * Bytes that cannot be decoded are shown as "value_base64" with "error"; "headers" stand there when the record has any. Text that
 * is no UTF-8 becomes base64 under NAME_base64. Threads: one.
 */
#ifndef QUOTEBUS_CLI_RECORD_JSON_H
#define QUOTEBUS_CLI_RECORD_JSON_H

#include <librdkafka/rdkafka.h>

#include "base/bytes.h"
#include "base/error.h"
#include "bus/registry.h"

struct record_printer;

enum record_status {
    RECORD_SHOWN,
    RECORD_UNDECODABLE, /**< shown as base64 */
    RECORD_UNKNOWN,     /**< not shown: the registry does not answer (ERROR_UNREACHABLE) */
};

/** `registry` is borrowed for life. Freed with record_printer_free. */
struct record_printer *record_printer_new(struct registry *registry);
/** NULL is fine. */
void record_printer_free(struct record_printer *printer);
/**
 * The value of a record as JSON, into *json (borrowed until the next call); of a tombstone `null`. RECORD_UNDECODABLE: `error`
 * says why, *json is empty.
 */
enum record_status record_value(struct record_printer *printer, const rd_kafka_message_t *message, struct str *json,
                                struct error *error) MUST_CHECK;
/** Appends one line for a record. */
enum record_status record_print(struct record_printer *printer, const rd_kafka_message_t *message, struct buf *out,
                                struct error *error) MUST_CHECK;

#endif
