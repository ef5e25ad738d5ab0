/*
 * What the files of the simulated Yahoo share: yahoo.c (chart, spark), yahoo_quote.c (v7 quote and its session).
 */
#ifndef QUOTEBUS_SIM_YAHOO_H
#define QUOTEBUS_SIM_YAHOO_H

#include "tests/sim/provider.h"

/** How an exchange presents itself. */
struct venue {
    const char *name, *full_name, *instrument, *timezone, *zone_name;
    int64_t gmt_offset_s;
    bool pre_post;
    int64_t first_trade;                    /**< epoch seconds */
    int64_t open_s, close_s, pre_s, post_s; /**< of the sessions, from local midnight */
};

/** The venue of an asset. */
const struct venue *yahoo_venue(const struct sim_asset *asset);
/** Digits behind the point that Yahoo shows. */
int yahoo_price_hint(const struct sim_asset *asset);
/** An error in the wrapper of the endpoint. */
void yahoo_error(struct sim_answer *answer, const char *wrapper, int status, const char *code, const char *words);
/** Asks for the assets of the parameter `symbols`. */
void yahoo_resolve_symbols(struct sim_call *call);

/** /v7/finance/quote?symbols=A,B&crumb=C with the cookie of yahoo_answer_cookie */
void yahoo_answer_quote(struct sim_call *call, struct sim_answer *answer);
/** /v1/test/getcrumb with the cookie */
void yahoo_answer_crumb(struct sim_call *call, struct sim_answer *answer);
/** The start page: a 404 that sets the cookie. */
void yahoo_answer_cookie(struct sim_call *call, struct sim_answer *answer);

#endif
