/*
 * Writes batches into PostgreSQL: one batch, one transaction, with the offsets of its partitions in it.
 *
 * BEGIN; move the offsets (which finds out a zombie before anything else); rows per table (store.h); dead letters sent and
 * acknowledged; COMMIT. The configuration's persist.mode says how rows go in: `append` by COPY, falling back to upsert for a
 * batch with a key that exists; `upsert` always; `auto` as append, but it stays with upsert for a while after a fallback. When
 * PostgreSQL refuses a row for another reason, the batch is written once more by halves, until the row stands alone and becomes a
 * dead letter. After any failure the writer is of no use: free it, and begin anew from the stored offsets, which also settles a
 * commit whose outcome is not known.
 *
 * Threads: one at a time.
 */
#ifndef QUOTEBUS_PERSIST_WRITER_H
#define QUOTEBUS_PERSIST_WRITER_H

#include "base/config.h"
#include "base/error.h"
#include "persist/batch.h"

struct writer;

/** Connects and checks the schema's version. `config` is kept by reference. */
struct writer *writer_new(const struct config *config, struct error *error) MUST_CHECK;
/** Closes the connection: an open transaction is rolled back, and nothing is written any more. */
void writer_disconnect(struct writer *writer);
/** NULL is fine. */
void writer_free(struct writer *writer);

/** Takes partitions over: `partitions` gets the offsets to begin at. */
bool writer_assign(struct writer *writer, rd_kafka_topic_partition_list_t *partitions, struct error *error) MUST_CHECK;
/** Lets partitions go; what was read of them must have been written or dropped. */
void writer_release(struct writer *writer, const rd_kafka_topic_partition_list_t *partitions);
/** Partitions that belong to it. */
size_t writer_partitions(const struct writer *writer);
/** Its connection, in no transaction between two batches; borrowed. */
struct pg *writer_connection(struct writer *writer);
/** Stores a batch. ERROR_FENCED: another instance has taken over. The batch is left to the caller. */
bool writer_write(struct writer *writer, struct batch *batch, struct error *error) MUST_CHECK;
/** Notices a lost connection while there is nothing to write. */
bool writer_check(struct writer *writer, struct error *error) MUST_CHECK;

#endif
