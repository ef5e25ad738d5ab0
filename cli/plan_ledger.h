/*
 * What ingest.ledger knows of the lanes, taken over into a planner that only looks ahead.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_PLAN_LEDGER_H
#define QUOTEBUS_CLI_PLAN_LEDGER_H

#include "base/config.h"
#include "ingest/planner.h"

/**
 * Lets the planner's lanes go on from their last records; a lane without one begins afresh. *lanes gets the number of those that
 * had one. False when broker or registry do not answer, or a record cannot be read: lanes told before stay as told.
 */
bool plan_ledger_take(const struct config *config, struct planner *planner, const struct moment *now, size_t *lanes,
                      struct error *error) MUST_CHECK;

#endif
