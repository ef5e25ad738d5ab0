/*
 * What is new since the last events: per asset the newest consensus price, and the anomalies. However many records come, the
 * events of a tick have one price per asset and at most TICK_ANOMALIES_MAX anomalies, and the count of those left out.
 *
 * Pure. Threads: one.
 */
#ifndef QUOTEBUS_BOARD_TICK_H
#define QUOTEBUS_BOARD_TICK_H

#include <quotebus_records.h>

/** Most assets whose prices one tick takes; those of further ones come with the next. */
#define TICK_ASSETS_MAX 4096
#define TICK_ANOMALIES_MAX 100

struct tick;

struct tick *tick_new(void);
/** NULL is fine. */
void tick_free(struct tick *tick);

/** Takes a price; false when there is no room for another asset: take the tick's events first. The record is not kept. */
bool tick_add_price(struct tick *tick, const struct consensus_price *price) MUST_CHECK;
/** Takes an anomaly. The record is not kept. */
void tick_add_anomaly(struct tick *tick, const struct anomaly *anomaly);

/** Appends the JSON of the event `prices`, an array; false, and nothing, when there are none. */
bool tick_take_prices(struct tick *tick, struct buf *out);
/** Appends the JSON of the event `anomalies`, {"items", "left_out"}; false, and nothing, when there are none. */
bool tick_take_anomalies(struct tick *tick, struct buf *out);

#endif
