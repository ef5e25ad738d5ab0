/*
 * What sources said at one moment, as the JSON of the evidence and sources columns. Pure.
 */
#ifndef QUOTEBUS_PERSIST_EVIDENCE_H
#define QUOTEBUS_PERSIST_EVIDENCE_H

#include "persist/copy.h"
#include "quotebus_records.h"

/** Writes a jsonb field: [{"source", "price", "observed_at" RFC 3339, "weight"}]; prices read back as the same doubles. */
void copy_evidence(struct copy_row *row, const struct source_price *prices, size_t count);

#endif
