/*
 * Faults on request: rows of a YAML file (or of a POST) that say which provider errs, when and how; and the labels of what was
 * injected, so that a test can compare what the product flagged with what was really wrong.
 *
 *     faults:
 *       split-like: { provider: yahoo, asset: "equity:KO", kind: price_x100, from_s: 25, until_s: 40 }
 *       limit:      { provider: coingecko, kind: status_429, retry_after: 3, every_n: 6 }
 *
 * A fault without every_n and probability hits everything it matches. Whether it fires depends on the seed, its name and how
 * often it has matched: the same requests meet the same faults. Called under the simulator's lock.
 */
#ifndef QUOTEBUS_SIM_FAULTS_H
#define QUOTEBUS_SIM_FAULTS_H

#include "tests/sim/provider.h"

/** Most faults of one run, switched off ones included. */
#define SIM_FAULTS_MAX 1000
/** Labels kept; older ones are forgotten, their number is not. */
#define SIM_LABELS_MAX 2000

struct sim_fault;

/** One row, as the fields of the file. Texts may be empty: any. */
struct fault_settings {
    char *provider;
    char *endpoint;
    char *asset;  /**< id of the configuration */
    char *symbol; /**< the provider's, instead of `asset` */
    char *kind;
    double from_s;       /**< since the start (of a posted one: since it was posted) */
    double until_s;      /**< the same */
    int64_t every_n;     /**< 0: not set */
    double probability;  /**< 0 to 1 */
    double percent;      /**< of a spike */
    int64_t age_s;       /**< of stale_time */
    int64_t status;      /**< of status_5xx */
    int64_t retry_after; /**< of status_429 and status_5xx, seconds; -1: no header */
    double seconds;      /**< of timeout and slow_body; 0: as the kind has it */
};

/** One fault that hit. Texts live as long as the faults. */
struct fault_label {
    int64_t at_us;
    const char *fault;
    const char *kind;
    const char *provider;
    const char *endpoint;
    const char *asset; /**< NULL: the whole answer */
};

struct sim_faults {
    uint64_t seed;
    struct sim_fault *items; /**< SIM_FAULTS_MAX, made with the first */
    size_t count;
    struct fault_label *labels; /**< a ring of SIM_LABELS_MAX */
    uint64_t label_count;       /**< ever */
    struct arena memory;
};

/** Adds the rows of a file. On failure (ERROR_USAGE, `file:line: faults.NAME.field: ...`) some may have been added. */
bool faults_load(struct sim_faults *faults, const char *path, int64_t start_us, struct error *error) MUST_CHECK;
/** Adds one row given as a JSON object with the fields of the file and an optional `name`; its times count from `now_us`. */
bool faults_post(struct sim_faults *faults, struct str body, int64_t now_us, struct error *error) MUST_CHECK;
/** Switches off the fault of that name, NULL: all. Returns how many. */
size_t faults_stop(struct sim_faults *faults, const char *name);
/** Frees everything. */
void faults_clear(struct sim_faults *faults);

/** Sums up what hits this observation, and labels it. */
struct observation_effect faults_on_quote(struct sim_faults *faults, const struct sim_call *call, const struct sim_asset *asset);
/** The fault that hits this answer (labelled), or NULL. */
const struct sim_fault *faults_on_answer(struct sim_faults *faults, const struct sim_call *call);
/** Whether such a fault replaces the answer (otherwise it changes a written one). */
bool fault_replaces(const struct sim_fault *fault);
/** Lets the fault do its work on the answer. */
void fault_apply(const struct sim_fault *fault, const struct sim_provider *provider, struct sim_answer *answer);

/** Writes `{"active": [...], "injected_total": n, "injected": [...]}`. */
void faults_write(const struct sim_faults *faults, int64_t now_us, struct buf *body);

#endif
