/*
 * The stage: raw topics in; judged quotes and bars, anomalies, prices, checked company data and state out, exactly once.
 *
 * Binds the pure engine to the transaction loop of lib/bus. A shadow run (validate.output_prefix) reads the same raw topic from
 * its beginning with a group, a transactional id, a state topic and a dead letter topic of its own, so it can stand beside the
 * live one.
 *
 * On SIGHUP the rule file is read again: the next record is judged by it, with all that is remembered; a file with an error is
 * refused and the rules stay. The rule file is written to validate.rules in the transaction of the first record that a session
 * judges by it.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_VALIDATE_VALIDATOR_H
#define QUOTEBUS_VALIDATE_VALIDATOR_H

#include "base/config.h"
#include "base/error.h"

struct validator;

/** The full name of the consumer group, in the memory of `config`. */
const char *validator_group(const struct config *config);

/** Loads the rule file; connects nowhere yet. `config` is borrowed for life. NULL on failure. */
struct validator *validator_new(const struct config *config, struct error *error) MUST_CHECK;
/** NULL is fine. */
void validator_free(struct validator *validator);
/** One session (a session_fn of bus/session.h); `ctx` is the validator. */
bool validator_session(void *ctx, struct error *error);

#endif
