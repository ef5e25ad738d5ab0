/*
 * Avro object container files, compressed by deflate or not at all.
 *
 * They are written here and not by avro-c, whose header leaves the logical types out of the schema, so that times would be plain
 * numbers to whoever reads the file. Values come and go encoded. Reading is bounded: each length is checked before anything is
 * allocated by it.
 *
 * Source: Apache Avro specification 1.11, "Object Container Files". Threads: one.
 */
#ifndef QUOTEBUS_CLI_AVRO_FILE_H
#define QUOTEBUS_CLI_AVRO_FILE_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/out_file.h"

/** Bytes of a block before compression, when it is closed; and of the longest one that is read. */
#define AVRO_FILE_BLOCK_BYTES ((size_t)1024 * 1024)
#define AVRO_FILE_BLOCK_MAX ((size_t)64 * 1024 * 1024)
/** What every file begins with. */
#define AVRO_FILE_MAGIC "Obj\1"

struct avro_writer;

/**
 * Makes the file, or (with `bytes` above 0) goes on behind its first `bytes`. `path` is kept by reference. NULL: ERROR_USAGE.
 * Freed with avro_writer_close.
 */
struct avro_writer *avro_writer_open(const char *path, const char *schema_json, int64_t bytes, struct error *error) MUST_CHECK;
/** Appends a value of the schema. */
bool avro_writer_append(struct avro_writer *writer, struct str body, struct error *error) MUST_CHECK;
/** Closes the block and sees to it that all is on the disk; *bytes gets the length of the file. */
bool avro_writer_sync(struct avro_writer *writer, int64_t *bytes, struct error *error) MUST_CHECK;
/** What was not synced may be lost. NULL is fine. */
void avro_writer_close(struct avro_writer *writer);

struct avro_input;

enum avro_input_status { AVRO_INPUT_BLOCK, AVRO_INPUT_END, AVRO_INPUT_FAILED };

/** Reads the header of a file. NULL: ERROR_USAGE, it is none or has another codec. `path` is kept by reference. */
struct avro_input *avro_input_open(const char *path, struct error *error) MUST_CHECK;
/** NULL is fine. */
void avro_input_close(struct avro_input *input);
/** The schema that the values have. */
const char *avro_input_schema(const struct avro_input *input);
/** The next block: `count` values one behind the other in `values`, borrowed until the next call. FAILED: ERROR_INVALID. */
enum avro_input_status avro_input_next(struct avro_input *input, struct str *values, int64_t *count,
                                       struct error *error) MUST_CHECK;
/** Bytes of the file that were read, and all of them. */
void avro_input_place(const struct avro_input *input, int64_t *read, int64_t *total);

#endif
