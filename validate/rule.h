/*
 * What a rule is: one file in validate/rules and one row in validate/rules/table.c.
 *
 * A rule is a pure function of the quote, the state of its asset and the settings. It says whether it fires, with what evidence.
 * Time is that of the records: "now" is the quote's fetched_at.
 *
 * Prices are compared in one currency: USD where a rate is on the record, else the record's own. Structural rules come first in
 * the table and find what makes a quote unusable; when one of them fires the others are not asked, so they may rely on finite
 * positive prices and plausible times.
 */
#ifndef QUOTEBUS_VALIDATE_RULE_H
#define QUOTEBUS_VALIDATE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "quotebus_records.h"
#include "validate/past.h"
#include "validate/settings.h"
#include "validate/standing.h"

/** Most sources of one asset that are remembered. */
#define SOURCES_MAX 32
/** Prices beyond these are not prices; within them no arithmetic on two of them overflows. */
#define PRICE_MAX 1e30
#define PRICE_MIN 1e-30
/** Longest names that are remembered, bytes. */
#define ASSET_NAME_MAX 128
#define SOURCE_NAME_MAX 64
#define CURRENCY_NAME_MAX 12

/** Another source of the asset that can be compared with the quote. */
struct peer {
    const struct source_state *state;
    double price;           /**< what it said nearest to the quote's time if it is trusted, else what it said last */
    int64_t observed_at_us; /**< when that was */
    double gap_minutes;     /**< how far that is from the quote's time */
    double weight;          /**< 1 shared among the peers of one independence group */
    bool trusted;           /**< passed and not excluded */
};

/**
 * The sources of the asset that can be compared with the quote: of another independence group, same currency, fetched and
 * observed within fresh_s of it.
 */
struct peers {
    const struct peer *items; /**< at most SOURCES_MAX */
    size_t count;
    double weight;            /**< of all peers: the number of independent ones */
    bool trusted;             /**< whether the median is that of trusted peers; when there are none it is that of all */
    struct opt_double median; /**< in the comparison currency; unset without peers. The nearer in time, the more a peer counts */
    double spread;            /**< robust standard deviation (1.4826 MAD) around the median, in price units */
    double trusted_weight;    /**< of the trusted ones */
    const struct source_state *moving; /**< the trusted source of another group, at any time, that changed last; or NULL */
};

/** How much a price usually moves. Nobody asks for it while a quote agrees with the others, so it is computed when somebody does.
 */
struct pace {
    bool known;
    double past_bps;  /**< deviation per square root of a minute of the pasts that are known; 0: none is */
    double least_bps; /**< least deviation that is reckoned with, over a session at most */
};

struct rule_input {
    const struct quote *quote;
    double rate;                         /**< comparison currency per unit of the record's: usd_rate, or 1 */
    double price;                        /**< quote's price in the comparison currency */
    struct str currency;                 /**< the comparison currency */
    int64_t observation;                 /**< fingerprint of the figures, to know a repeated poll */
    const struct source_state *previous; /**< of this source, or NULL */
    const struct peers *peers;
    struct pace *pace;        /**< what pace_of keeps; for rules that are not structural */
    struct standing standing; /**< to the peers; for rules that are not structural */
    const struct class_settings *settings;
};

/** What a rule found. */
struct finding {
    enum verdict verdict; /**< PASS: a flag only, without an anomaly record */
    struct opt_double measured;
    struct opt_double threshold;
    const char *unit; /**< bps, s, z, ratio or "" */
    char message[160];
};

struct rule {
    const char *name; /**< the flag */
    bool structural;  /**< when it makes a REJECT, the rules behind the structural ones are not asked */
    /** True when it fires; then *finding is filled. */
    bool (*check)(const struct rule_input *input, struct finding *finding);
};

/** All rules in the order of flags, ended by NULL. */
extern const struct rule *const rules[];
/** Most rules in the table. */
#define RULES_MAX 32

/**
 * Writes a finding with its evidence; `format` and what follows make the message. Returns true, so that a rule ends by
 * `return finding_set(...)`.
 */
bool finding_set(struct finding *finding, enum verdict verdict, struct opt_double measured, struct opt_double threshold,
                 const char *unit, const char *format, ...) PRINTF_LIKE(6, 7);

/** When an observation ends that is known to a resolution only, microseconds: a day's price may be from its last second. */
static inline int64_t observed_end_us(int64_t observed_at_us, int64_t resolution_s)
{
    return resolution_s > 1 ? observed_at_us + resolution_s * US_PER_S : observed_at_us;
}

/** Distance of two prices in basis points of the second, signed. */
double distance_bps(double price, double reference);
/** max(floor, k times the peers' robust spread, quoted spread): how far a quote may be from the peers' median at one time. */
double agreement_base_bps(const struct rule_input *input);
/** The same with what the price may have moved between the quote's time and theirs, in basis points. */
double agreement_bps(const struct rule_input *input);
/**
 * How far a price may be from another at another time, in basis points: the divergence floor at the same time, and with it, as
 * independent errors add up, divergence_z times the usual deviation of the price over the time between. That is the median of
 * what the pasts of the source and its peers give, times the square root of the minutes, and at least half of sigma_bps of the
 * class; without a past sigma_bps.
 */
double step_limit_bps(const struct rule_input *input, int64_t a_us, int64_t b_us);
/** The pace of the asset: the median of those that the pasts of the source and its peers give. A past that is too short to say
 * gives 0 and does not count. It is that of the first call, whatever becomes of the pasts. */
struct pace pace_of(const struct rule_input *input);
/** Median of the distances in time between the quote and its peers; each counts as in the median of prices. There must be some.
 */
double peers_gap_minutes(const struct peers *peers);
/** Whether the source has been at that price lately: it comes back from where it was taken along in the meantime. */
bool is_known_level(const struct rule_input *input);
/** Whether the peers at the quote's level are at least as many as the others, and have at least as many votes. */
bool confirmed_by_peers(const struct rule_input *input);
/**
 * What the price is a multiple of where it seems to be in another unit or unadjusted: the trusted peers' median, or the
 * accepted price while it is not older than gross_s. Unset without either, and where others confirm the price.
 */
struct opt_double gross_reference(const struct rule_input *input);
/** What a peer counts when sources are asked: the further it is in time, the less it knows of the quote's moment. */
static inline double peer_vote(const struct peer *peer)
{
    return peer->weight / (1 + peer->gap_minutes);
}

/** How the peers vote on a price. */
struct votes {
    double with;            /**< votes of those that agree */
    double against;         /**< votes of the others */
    double sources_with;    /**< independent sources that agree, however far in time */
    double sources_against; /**< the others */
};

/** Asks each peer, within that part of the limit at its own distance in time. */
struct votes votes_of_peers(const struct rule_input *input, double part);
/** The move that a source may make since its accepted price without it being a jump, in basis points of the log return. */
double jump_limit_bps(const struct rule_input *input);
/** Log return since the accepted price in basis points; unset without an accepted price that is young enough to compare with. */
struct opt_double move_bps(const struct rule_input *input);

#endif
