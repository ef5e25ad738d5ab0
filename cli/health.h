/*
 * `quotebus health`: one line as a Nagios check gives it.
 */
#ifndef QUOTEBUS_CLI_HEALTH_H
#define QUOTEBUS_CLI_HEALTH_H

#include "base/bytes.h"
#include "cli/status_data.h"

/** What a check ends with; see the Nagios plugin guidelines. */
enum health { HEALTH_OK, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN };

/** From where on something is worth a warning, and worth waking somebody. */
struct health_limits {
    int64_t lag_warning, lag_critical;         /**< records that the stages are behind, all together */
    int64_t age_warning_s, age_critical_s;     /**< of the newest price of all */
    int64_t letters_warning, letters_critical; /**< dead letters */
};

/** Judges what was gathered, and appends the line: state, what is wrong, performance data. Pure. */
enum health health_judge(const struct status_data *data, const struct health_limits *limits, struct buf *line);

#endif
