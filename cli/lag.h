/*
 * How far each stage is behind the topics it reads.
 */
#ifndef QUOTEBUS_CLI_LAG_H
#define QUOTEBUS_CLI_LAG_H

#include "base/config.h"
#include "cli/db.h"
#include "cli/kafka_admin.h"

/** What a stage reads. */
struct stage_input {
    const char *stage;
    const char *topic;  /**< without prefix */
    bool transactional; /**< written in transactions: the last offset is a commit marker */
};

/** Everything that is read by stages. */
extern const struct stage_input stage_inputs[];
extern const size_t stage_input_count;

/** Columns of lag_gather: stage, topic, lag, end. */
extern const struct column lag_columns[];
extern const size_t lag_column_count;

/** Records between `next` (-1: nothing yet) and the end of a partition. Pure. */
int64_t partition_lag(const struct partition_span *span, int64_t next, bool transactional);
/**
 * Fills a row per input. The position of validate is in Kafka, that of persist in PostgreSQL; with a NULL `db` what persist
 * committed to its group stands in.
 */
bool lag_gather(const struct config *config, struct kafka_admin *admin, struct cli_db *db, struct grid *grid,
                struct error *error) MUST_CHECK;
/** The sum of the lags of a stage, or with NULL of all. False when a part is not known, or the stage reads nothing. */
bool lag_total(const struct grid *grid, const char *stage, int64_t *total);

#endif
