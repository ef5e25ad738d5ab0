/*
 * What reading and writing Avro container files share. Private to cli/avro_file.c and cli/avro_input.c.
 */
#ifndef QUOTEBUS_CLI_AVRO_PARTS_H
#define QUOTEBUS_CLI_AVRO_PARTS_H

#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

#define AVRO_SYNC_BYTES 16
/** Bits of the window of raw deflate, as zlib wants them said. */
#define AVRO_DEFLATE_WINDOW (-15)

struct avro_header {
    char *schema_json; /* freed with free() */
    bool deflate;
    uint8_t sync[AVRO_SYNC_BYTES];
};

/** Reads a header from the beginning of a stream. ERROR_USAGE names `path`. */
bool avro_header_read(FILE *stream, const char *path, struct avro_header *header, struct error *error) MUST_CHECK;
/** Reads a long of a stream; false at its end or when it is none. */
bool avro_stream_long(FILE *stream, int64_t *value);

#endif
