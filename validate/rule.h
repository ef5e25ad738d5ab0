/*
 * What a rule is: one file in validate/rules and one row in validate/rules/table.c.
 *
 * A rule is a pure function of the quote, the state of its asset and the settings. It says whether it fires, with what evidence.
 */
#ifndef QUOTEBUS_VALIDATE_RULE_H
#define QUOTEBUS_VALIDATE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "quotebus_records.h"
#include "validate/settings.h"

/** The fresh sources of the asset other than the quote's own, and their middle. */
struct peers {
    const struct source_state *const *sources;
    size_t count;
    struct opt_double median; /**< weighted, in the comparison currency; unset without peers */
    double spread;            /**< robust spread (1.4826 MAD) in price units, 0 with fewer than two */
};

struct rule_input {
    const struct quote *quote;
    double price;                        /**< in the comparison currency (USD where a rate is on the record) */
    const struct source_state *previous; /**< of this source, or NULL */
    const struct peers *peers;
    const struct class_settings *settings;
};

/** What a rule found. */
struct finding {
    enum verdict verdict;
    struct opt_double measured;
    struct opt_double threshold;
    const char *unit; /**< bps, s, z, ratio or "" */
    char message[160];
};

struct rule {
    const char *name; /**< the flag */
    /** True when it fires; then *finding is filled. */
    bool (*check)(const struct rule_input *input, struct finding *finding);
};

/** All rules in the order of flags, ended by NULL. */
extern const struct rule *const rules[];

#endif
