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
extern const struct table table_bar;
extern const struct table table_fundamentals;
extern const struct table table_indicator;
extern const struct table table_ranking;
extern const struct table table_report;

#endif
