/*
 * The metrics of validate. They count what was judged, including what a failed session will judge again.
 */
#ifndef QUOTEBUS_VALIDATE_COUNTERS_H
#define QUOTEBUS_VALIDATE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "quotebus_records.h"
#include "validate/rule.h"

struct counters {
    struct metric *records;
    struct metric *restored;
    struct metric *restoring; /**< seconds */
    struct metric *verdicts[VERDICT_COUNT];
    struct metric *flags[RULES_MAX]; /**< in the order of the rule table */
    struct metric *uncorroborated;
    struct metric *rules_info; /**< 1 for the version in use */
    struct metric *reload_failures;
};

/** Makes all metrics, so that they stand at 0 from the start. */
void counters_init(struct counters *counters);
/** A raw record came. */
void counters_record(struct counters *counters);
/** A quote was judged. */
void counters_judged(struct counters *counters, const struct clean_quote *clean);
/** A record became a dead letter; `cause` may be NULL. */
void counters_dead_letter(const char *cause);
/** A version of the rule file is in use now. */
void counters_rules(struct counters *counters, struct str version);
/** A changed rule file was refused. */
void counters_reload_failed(struct counters *counters);
/** The memory of a partition was restored. */
void counters_restored(struct counters *counters, size_t assets, int64_t took_ms);

#endif
