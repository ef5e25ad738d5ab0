/*
 * Thresholds of the judge of bars, per asset class: section `bars` of the rule file.
 *
 * Ownership: bar_rules_parse makes one object, freed by bar_rules_free. Read-only afterwards; any thread.
 */
#ifndef QUOTEBUS_VALIDATE_BARS_SETTINGS_H
#define QUOTEBUS_VALIDATE_BARS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct bar_settings {
    bool every_day;              /**< traded on all days, not on weekdays only */
    double bad_bar_bps;          /**< a close beyond high or low by that makes the bar suspect; less is rounding */
    double spike_floor_bps;      /**< least deviation from the days on both sides that counts */
    double spike_k;              /**< times the robust standard deviation of the series' returns */
    double divergence_floor_bps; /**< least distance from the other sources that counts */
    double divergence_k;         /**< times the robust spread of that distance over the history */
    int64_t frozen_bars;         /**< identical bars in a row, even where the price has few digits */
    int64_t missing_days;        /**< trading days absent in a row that are a gap */
    double volume_move_bps;      /**< a move that needs a volume */
};

struct bar_rules;

/** Reads the section from a rule file's text; `name` stands for the file in errors. Without the section: defaults. NULL on
 * failure.
 */
struct bar_rules *bar_rules_parse(const char *name, struct str text, struct error *error) MUST_CHECK;
/** NULL is fine. */
void bar_rules_free(struct bar_rules *rules);
/** The thresholds for an asset `class:CODE`: those of its class, else the defaults. */
const struct bar_settings *bar_rules_for(const struct bar_rules *rules, struct str asset);

#endif
