/*
 * What `quotebus summary` counts.
 */
#ifndef QUOTEBUS_CLI_SUMMARY_DATA_H
#define QUOTEBUS_CLI_SUMMARY_DATA_H

#include "cli/books.h"
#include "cli/db.h"
#include "cli/kafka_admin.h"

/** Clients, and what was counted with them. */
struct summary {
    const struct config *config;
    struct kafka_admin *admin;
    struct cli_db *db;
    struct book books[BOOK_COUNT];
    bool moving; /**< records came while they were counted, so the books say nothing when they do not balance */
    struct grid tables;
    struct grid sources; /**< name, rows */
    size_t assets_priced;
    size_t assets_configured; /**< without those that a provider calls delisted */
    bool timed;               /**< the two below are known: persist runs and has stored quotes */
    double p50_ms, p99_ms;    /**< from the fetch to the committed row */
};

/** Connects lazily. False when a setting is refused. Cleared with summary_close, also after a failure. */
bool summary_open(struct summary *summary, const struct config *config, struct error *error) MUST_CHECK;
void summary_close(struct summary *summary);
/** Waits until the stages have read all there is, or for `wait_ms`. *settled: whether they have. */
bool summary_wait(struct summary *summary, int64_t wait_ms, bool *settled, struct error *error) MUST_CHECK;
/** Counts everything anew. */
bool summary_count(struct summary *summary, struct error *error) MUST_CHECK;

/** Whether something is missing: the books do not balance although nothing moved. */
bool summary_is_wrong(const struct summary *summary);

/** Appends one object on one line. */
void summary_json(struct buf *out, const struct summary *summary);
/** Appends the text. */
void summary_text(struct buf *out, struct summary *summary);

#endif
