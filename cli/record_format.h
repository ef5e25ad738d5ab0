/*
 * Records in a form that the user writes, with the signs that kcat has:
 *
 *     %t topic   %p partition   %o offset   %T time stamp in milliseconds   %k key   %s value   %h headers (name=value,...)
 *     %K bytes of the key   %S bytes of the value (-1: none)   %% a per cent sign   \n \r \t \\ \xNN as in C
 *
 * The value is JSON, as the whole record is without a format; bytes that cannot be decoded are base64. Threads: one.
 */
#ifndef QUOTEBUS_CLI_RECORD_FORMAT_H
#define QUOTEBUS_CLI_RECORD_FORMAT_H

#include "cli/record_json.h"

/** Whether a format has known signs only; ERROR_USAGE names the wrong one. Pure. */
bool record_format_check(const char *format, struct error *error) MUST_CHECK;
/** Appends a record in a format that was checked; no newline is added. */
enum record_status record_format(struct record_printer *printer, const char *format, const rd_kafka_message_t *message,
                                 struct buf *out, struct error *error) MUST_CHECK;

#endif
