/*
 * How a quote stands to the other sources of its asset: does it agree with them, is it outvoted, or is it word against word?
 *
 * Two sources that differ cannot outvote each other, so the past of each arbitrates: the one that goes on from where it was is
 * believed against one that leapt away or has stood still while the other moved. Where both have a clean past, or none has one,
 * they are in dispute. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_STANDING_H
#define QUOTEBUS_VALIDATE_STANDING_H

#include <stdbool.h>

struct rule_input;
struct source_state;

enum stand {
    STAND_ALONE,    /**< nobody to compare with */
    STAND_AGREES,   /**< within the limit, or with those who saw a move first */
    STAND_VOUCHED,  /**< beyond the limit, but its past speaks for it and against the other */
    STAND_OUTVOTED, /**< beyond the limit of trusted sources, or of one while its own past speaks against it */
    STAND_DISPUTED  /**< beyond the limit of one other source, and nothing says which of the two is wrong */
};

struct standing {
    enum stand stand;
    double measured_bps; /**< distance from the peers' median */
    double limit_bps;    /**< what was allowed */
};

/** How the quote stands; input->peers must be filled. */
struct standing standing_of(const struct rule_input *input);
/** Whether the price is no leap from the last one of its source, whatever was thought of that. */
bool steps_on(const struct rule_input *input);
/** Whether the last step of a trusted source was a leap: beyond what the price usually does, or far beyond what the quote's
 * source, which has not stood still, has seen. */
bool has_leapt(const struct rule_input *input, const struct source_state *source);
/** Whether the quote is further from the other sources than it may be and its past does not speak for it. */
static inline bool standing_is_bad(struct standing standing)
{
    return standing.stand == STAND_OUTVOTED || standing.stand == STAND_DISPUTED;
}

#endif
