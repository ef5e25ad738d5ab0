/*
 * What tests ask the simulator itself: GET /sim/calls and /sim/times?provider=N (the witness), GET /sim/faults (labels of what
 * was injected), POST /sim/faults with one JSON object (switches a fault on), DELETE /sim/faults?name=N (switches it off; without
 * a name all).
 */
#ifndef QUOTEBUS_SIM_CONTROL_H
#define QUOTEBUS_SIM_CONTROL_H

#include "tests/sim/world.h"

/** Answers a request whose path begins with /sim. */
void control_answer(struct sim_world *world, const struct sim_request *request, int64_t now_us, struct sim_answer *answer);

#endif
