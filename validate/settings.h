/*
 * The rule file: thresholds per asset class, exceptions per asset, groups of sources that are not independent.
 *
 * Every record that was judged carries rules_version, `<version>-<12 hex digits>`: the version that stands in the file and a
 * fingerprint of the file's bytes, so that a number that was changed without a new version still shows.
 *
 * Ownership: rule_settings_load makes one object; all that is reached from it lives until rule_settings_free. Read-only
 * afterwards. Threads: any, once loaded.
 */
#ifndef QUOTEBUS_VALIDATE_SETTINGS_H
#define QUOTEBUS_VALIDATE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/** Thresholds of one asset class, or of one asset. */
struct class_settings {
    char *currency;              /**< prices must be in it; empty: anything; CURRENCY_OF_PAIR */
    int64_t stale_s;             /**< oldest observation at the time of its fetch */
    int64_t future_s;            /**< an observation may be later than its fetch by that */
    int64_t fresh_s;             /**< largest distance in time of two observations that are compared */
    double divergence_floor_bps; /**< least distance from the other sources that counts */
    double divergence_k;         /**< times their robust spread */
    double divergence_z;         /**< times what the price usually moves between their time and the quote's */
    double sigma_bps;            /**< least deviation of a minute's log return that is reckoned with */
    double jump_floor_bps;       /**< least move that counts */
    double jump_z;               /**< robust z-score of a log return */
    int64_t reseed_s;            /**< age from which a base is not compared with */
    int64_t gross_s;             /**< the same for a wrong unit and a missed split, which no time explains */
    int64_t lag_s;               /**< an observation may be that much older than what a source that still moves says */
    int64_t min_sources;         /**< independent sources a consensus needs */
};

/** class_settings.currency: the last three letters of the asset's id, as in fx:EURUSD. */
#define CURRENCY_OF_PAIR "pair"
/** class_settings.currency: that of the exchange which the suffix of the code names, as in OCDO.L; USD without one. */
#define CURRENCY_OF_LISTING "listing"
/** Group of a source that stands for itself. */
#define GROUP_OF_ITS_OWN (-1)

struct rule_settings;

/** Reads and checks a rule file; errors (ERROR_USAGE) name file, line and field. NULL on failure. */
struct rule_settings *rule_settings_load(const char *path, struct error *error) MUST_CHECK;
/** The same from a text; `name` stands for the file in errors. */
struct rule_settings *rule_settings_parse(const char *name, struct str text, struct error *error) MUST_CHECK;
/** NULL is fine. */
void rule_settings_free(struct rule_settings *settings);

/** `<version>-<12 hex digits>`. */
struct str rule_settings_version(const struct rule_settings *settings);
/** Thresholds for an asset: its own, those of its class, or the defaults. Never NULL. */
const struct class_settings *rule_settings_for(const struct rule_settings *settings, struct str asset);
/** The currency that prices of the asset must be in; empty when any will do. Borrowed from `settings` or `asset`. */
struct str class_settings_currency(const struct class_settings *settings, struct str asset);
/** The independence group of a source, 0 or more, or GROUP_OF_ITS_OWN. */
int rule_settings_group(const struct rule_settings *settings, struct str source);

#endif
