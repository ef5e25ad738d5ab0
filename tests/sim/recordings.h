/*
 * Recorded answers, served as they are. A recording answers a request of the same path and the same parameters that matter to the
 * provider (sim_provider.matter), so never one about another symbol; several for one request are served in turn.
 *
 * DIR/index.tsv has a header and the columns file, url and status; the first part of `file` is the provider. Answers of Alpha
 * Vantage whose URL was not kept are found by the symbols in their body. Bounds: 4096 files of 16 MiB. Under the simulator's
 * lock.
 */
#ifndef QUOTEBUS_SIM_RECORDINGS_H
#define QUOTEBUS_SIM_RECORDINGS_H

#include "tests/sim/provider.h"

struct recordings;

/** Reads index and bodies. NULL on failure (ERROR_NOT_FOUND, ERROR_INVALID). Free with recordings_free. */
struct recordings *recordings_load(const char *folder, struct error *error) MUST_CHECK;
void recordings_free(struct recordings *recordings);
/** How many can be served. */
size_t recordings_count(const struct recordings *recordings);
/** Answers by the next recording of the request; false (nothing written) when there is none. */
bool recordings_answer(struct recordings *recordings, const struct sim_provider *provider, const struct sim_request *request,
                       struct sim_answer *answer);

#endif
