/*
 * The configuration's assets and their sectors in quotebus.asset, where SQL sees them.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_JOBS_ASSETS_H
#define QUOTEBUS_PERSIST_JOBS_ASSETS_H

#include "base/config.h"
#include "base/error.h"
#include "pg/pg.h"

/** Adds assets that are missing and brings sectors up to date. Assets that the configuration does not have stay as they are. */
bool assets_configure(const struct config *config, struct pg *pg, struct error *error) MUST_CHECK;

/** Appends `"text"` as an element of an array literal of PostgreSQL: with a comma before it unless it is the first one. */
void array_put_text(struct buf *literal, const char *text);

#endif
