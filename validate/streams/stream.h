/*
 * What a stream without a memory is: one file in validate/streams and one row in table.c. A raw topic beside quotes.raw and
 * bars.raw whose records are checked one by one and carried on with the judgement filled in; what cannot be true goes to the dead
 * letters of the raw topic.
 *
 * Pure functions. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_STREAMS_STREAM_H
#define QUOTEBUS_VALIDATE_STREAMS_STREAM_H

#include "validate/outputs.h"

/** What of a raw record stands on what is made from it. */
struct stream_origin {
    int32_t partition;
    int64_t offset;
    struct str rules_version;
};

/** What comes of a record besides its value. Borrowed from the body or the arena. */
struct stream_result {
    struct str key;
    int64_t fetched_at_us;
};

struct stream {
    const char *raw;         /**< its topic, without prefix */
    const char *schema_json; /**< of the raw topic and of the clean one */
    enum output clean;
    /**
     * Checks a record's body and appends the clean record's to `out`. ERROR_INVALID with a cause: it is none that can be true;
     * then `out` is as it was.
     */
    bool (*judge)(struct str body, const struct stream_origin *origin, struct arena *arena, struct buf *out,
                  struct stream_result *result, struct error *error);
};

/** All such streams, ended by NULL. */
extern const struct stream *const streams_table[];
#define STREAMS_MAX 8

extern const struct stream stream_fundamentals;
extern const struct stream stream_indicators;
extern const struct stream stream_rankings;

/** Cause of dead letters for records that were read but cannot be true. */
#define CAUSE_IMPOSSIBLE "impossible"

/** Whether a figure is absent or finite. */
bool figure_is_finite(struct opt_double figure);
/** Whether a figure is absent or finite and not below 0. */
bool figure_is_amount(struct opt_double figure);

#endif
