/*
 * The kinds of faults: one row each in fault_kinds.c. A kind either bends an observation or an answer.
 */
#ifndef QUOTEBUS_SIM_FAULT_KINDS_H
#define QUOTEBUS_SIM_FAULT_KINDS_H

#include "tests/sim/faults.h"

struct fault_kind {
    const char *name;
    const char *provider; /**< the only one it goes with; NULL: any */
    bool replaces;        /**< the provider's own answer is not made at all */
    /** Bends an observation; `began_s` is when the fault began, epoch seconds. NULL: the kind is about answers. */
    void (*on_quote)(const struct fault_settings *settings, int64_t began_s, struct observation_effect *effect);
    void (*on_answer)(const struct fault_settings *settings, const struct sim_provider *provider, struct sim_answer *answer);
};

/** All kinds, ended by one without a name. */
extern const struct fault_kind fault_kinds[];
/** The kind of that name, or NULL. */
const struct fault_kind *fault_kind_find(const char *name);

#endif
