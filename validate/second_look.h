/*
 * What the quotes behind a quote say of it: for histories, where these are known, as bars are judged from both sides.
 *
 * In a stream the first source that sees a real move looks wrong and the first that is wrong may pass, since nothing else is
 * known yet. In a file both can be told: the other sources are asked what they said before and after, and the source itself
 * whether it came back. A quote that was suspect for its distance alone is confirmed, or one that passed is refuted; everything
 * else stands.
 *
 *  - confirmed: the sources at its level, itself included, are more than the others and outvote them. Of a lone source: it went
 * on from there, to a price that passed.
 *  - refuted: two or more sources contradict it, and those at its level with it are fewer. One source contradicts it, and the
 *    price left its level for a run of polls and came back while the other went on. Nobody else is there, and it did so by more
 *    than a jump; or the price stood still at one figure while the market was closed, left it and came back to it.
 *
 * The same limits as in the stream (rule.h), half of them to come back. Refuted quotes are no witnesses of what is confirmed.
 * Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_SECOND_LOOK_H
#define QUOTEBUS_VALIDATE_SECOND_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "market/calendar.h"
#include "quotebus_records.h"
#include "validate/settings.h"

/** Flags of quotes that are seen otherwise with what came later in view. */
#define FLAG_CONFIRMED "confirmed"
#define FLAG_REFUTED "refuted"

enum look { LOOK_STANDS, LOOK_CONFIRMED, LOOK_REFUTED };

/** A judged quote of a history. */
struct look_quote {
    size_t row;          /**< the caller's number of it */
    struct str source;   /**< borrowed */
    struct str currency; /**< that of `price`; borrowed */
    int group;           /**< independence group, or GROUP_OF_ITS_OWN */
    int64_t observed_at_us;
    int64_t observed_resolution_s;
    int64_t fetched_at_us;
    double price; /**< finite, above 0 */
    enum verdict verdict;
    bool by_distance; /**< suspect, and only for the distance from other prices */
    bool by_jump;     /**< suspect for a jump alone */
    enum look look;   /**< what is found */
};

/** Looks at all quotes of one asset, in the order in which they were fetched. `market` is where it is traded. */
void second_look(struct look_quote *quotes, size_t count, enum market market, const struct class_settings *settings);

#endif
