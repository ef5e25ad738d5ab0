/*
 * The simulator without a socket: a request goes in, an answer comes out. Market, faults, recordings and the witness live here.
 *
 * One call at a time (the server holds a lock); time is an argument.
 */
#ifndef QUOTEBUS_SIM_WORLD_H
#define QUOTEBUS_SIM_WORLD_H

#include "tests/sim/faults.h"
#include "tests/sim/recordings.h"
#include "tests/sim/witness.h"

struct sim_world {
    struct market market;
    struct sim_faults faults;
    struct witness witness;
    struct recordings *recordings; /**< owned; NULL: answers are made */
};

/** A world that begins at `start_us`; the seed decides prices, noise and faults. */
void world_init(struct sim_world *world, uint64_t seed, int64_t start_us);
void world_clear(struct sim_world *world);

/** A request as it came. All borrowed. */
struct sim_incoming {
    const char *method;
    const char *uri;    /**< path and query, escaped */
    struct str body;    /**< of a POST */
    const char *cookie; /**< Cookie header; NULL: none */
};

/** Answers one request. Any bytes get an answer. The caller frees answer->body with buf_clear. */
void world_answer(struct sim_world *world, const struct sim_incoming *incoming, int64_t now_us, struct sim_answer *answer);

#endif
