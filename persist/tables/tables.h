/*
 * The tables of this folder, for the table of tables.
 */
#ifndef QUOTEBUS_PERSIST_TABLES_TABLES_H
#define QUOTEBUS_PERSIST_TABLES_TABLES_H

#include "persist/table.h"

extern const struct table table_quote;
extern const struct table table_anomaly;
extern const struct table table_consensus;
extern const struct table table_health_event;

#endif
