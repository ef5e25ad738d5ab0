/*
 * Framing of server-sent events (HTML standard, 9.2). Pure; any thread.
 */
#ifndef QUOTEBUS_BOARD_SSE_H
#define QUOTEBUS_BOARD_SSE_H

#include <stdint.h>

#include "base/bytes.h"

/** Appends one event. `id` below 0: none. `data` of several lines becomes as many data lines. `name` is a word. */
void sse_write(struct buf *out, const char *name, int64_t id, struct str data);

#endif
