/*
 * What `quotebus trace` found, for people. Pure.
 */
#ifndef QUOTEBUS_CLI_TRACE_VIEW_H
#define QUOTEBUS_CLI_TRACE_VIEW_H

#include <jansson.h>

#include "base/bytes.h"

/** Appends the text of a trace: an object with raw, clean, anomalies, consensus, row and database (see docs/replay.md). */
void trace_text(struct buf *out, const json_t *trace);

#endif
