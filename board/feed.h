/*
 * Kafka to the hub: one consumer for all pages follows prices.consensus, quotes.anomalies and the dead letter topics, from now
 * on.
 *
 * Events: `prices` and `anomalies` (board/tick.h) at most every FEED_TICK_MS, `beat` {"at"} every FEED_BEAT_MS, by which a page
 * knows that the line is alive. A record that cannot be decoded is counted and left out: persist makes the dead letter.
 *
 * Threads: the main loop; the hub and the letters have locks of their own.
 */
#ifndef QUOTEBUS_BOARD_FEED_H
#define QUOTEBUS_BOARD_FEED_H

#include "base/config.h"
#include "board/hub.h"
#include "board/refusals.h"
#include "bus/topics.h"

#define FEED_TICK_MS 200
#define FEED_BEAT_MS 5000

struct feed;

/** All but the result is borrowed for its life. */
struct feed *feed_new(struct config *config, const struct topic_table *topics, struct hub *hub, struct refusals *refusals,
                      struct error *error) MUST_CHECK;
/** NULL is fine. */
void feed_free(struct feed *feed);
/** One session (bus/session.h): follows until a stop is asked for or something fails. */
bool feed_session(void *feed, struct error *error) MUST_CHECK;

#endif
