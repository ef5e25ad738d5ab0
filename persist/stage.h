/*
 * The stage persist: a consumer group over the topics of all tables, whose batches a writer stores.
 *
 * What lives as long as the process is in `struct stage` (registry, decoders); a session has the rest and is thrown away whole
 * when anything fails (bus/session.h). The next batch is read and decoded while PostgreSQL works on the one before (overlap.h);
 * with both batches full nothing is read. Threads: the main loop; a session has one more, which writes.
 */
#ifndef QUOTEBUS_PERSIST_STAGE_H
#define QUOTEBUS_PERSIST_STAGE_H

#include "base/config.h"
#include "base/error.h"

struct stage;

/** `config` is kept by reference. */
struct stage *stage_new(struct config *config, struct error *error) MUST_CHECK;
/** NULL is fine. */
void stage_free(struct stage *stage);
/** One session, a session_fn: `ctx` is the stage. */
bool stage_session(void *ctx, struct error *error);

#endif
