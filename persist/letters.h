/*
 * Sends the dead letters of a batch and waits until the broker has them.
 *
 * The producer is made at the first one: most sessions need none. Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_LETTERS_H
#define QUOTEBUS_PERSIST_LETTERS_H

#include "base/config.h"
#include "base/error.h"
#include "persist/batch.h"

/** Time to send all letters of a batch and have them acknowledged. */
#define LETTERS_TIMEOUT_MS INT64_C(5000)

struct letters;

/** `config` is kept by reference. */
struct letters *letters_new(const struct config *config);
/** NULL is fine. */
void letters_free(struct letters *letters);
/** Sends and flushes. On failure some may have been sent: they come again when the batch does. */
bool letters_send(struct letters *letters, const struct batch_letter *items, size_t count, struct error *error) MUST_CHECK;

#endif
