/*
 * Asks a running stage how it is, over its HTTP endpoints.
 */
#ifndef QUOTEBUS_BUS_STAGE_PROBE_H
#define QUOTEBUS_BUS_STAGE_PROBE_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/config.h"

/** Number of stages. */
#define STAGE_COUNT 3

/** What one stage says. */
struct stage_report {
    const char *name;
    const char *state;  /**< ready, not ready, down, no endpoint */
    char reason[320];   /**< its own words, or why it cannot be asked */
    struct buf metrics; /**< the text of /metrics with a NUL; empty when it was not given */
};

/** Asks all stages that the configuration names; bounded to some seconds. Cleared with stage_reports_clear. */
void stage_probe_all(const struct config *config, struct stage_report reports[STAGE_COUNT]);
void stage_reports_clear(struct stage_report reports[STAGE_COUNT]);
/** The metrics of a stage by its name, NULL when it gave none. */
const char *stage_metrics(const struct stage_report reports[STAGE_COUNT], const char *name);

#endif
