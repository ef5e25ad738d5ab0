/*
 * The target of a request as it came over the wire (RFC 9112, 3.2.1): path and query, percent-decoded.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_BOARD_TARGET_H
#define QUOTEBUS_BOARD_TARGET_H

#include "base/bytes.h"
#include "base/error.h"

/** Longest target that is read, bytes; most parts of a path, and pairs of a query. */
#define TARGET_MAX 2048
#define TARGET_SEGMENTS_MAX 8
#define TARGET_PAIRS_MAX 16

struct target_pair {
    struct str name;
    struct str value;
};

struct target {
    struct str segments[TARGET_SEGMENTS_MAX]; /**< what stands between the slashes: `/api/assets` has two */
    size_t segment_count;
    struct target_pair pairs[TARGET_PAIRS_MAX]; /**< of the query, in their order */
    size_t pair_count;
};

/**
 * Reads `raw`; decoded texts lie in the arena. ERROR_INVALID for a bad percent sign, a control character (also an encoded one) or
 * bytes that are no UTF-8; ERROR_LIMIT for too much of anything. An empty pair (`a=1&&b=2`) is left out, `+` is a blank in a
 * query, and a name without `=` has an empty value.
 */
bool target_parse(struct str raw, struct arena *arena, struct target *target, struct error *error) MUST_CHECK;

#endif
