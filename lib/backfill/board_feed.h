/*
 * Keeps a board up to what stands on the topics.
 *
 * board_feed_new reads nothing yet; board_feed_poll takes what is at hand, and board_feed_complete says once everything that was
 * there at the beginning was taken. Records that cannot be read are left out.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_BACKFILL_BOARD_FEED_H
#define QUOTEBUS_BACKFILL_BOARD_FEED_H

#include "backfill/board.h"
#include "base/config.h"
#include "bus/registry.h"

struct board_feed;

/** Opens both topics. `follow`: go on with what comes later. NULL on failure: ERROR_NOT_FOUND (no topic), ERROR_UNREACHABLE. */
struct board_feed *board_feed_new(const struct config *config, struct registry *registry, bool follow,
                                  struct error *error) MUST_CHECK;
/** NULL is fine. */
void board_feed_free(struct board_feed *feed);
/** Takes what is at hand onto the board, waiting up to `wait_ms` for a first record. False: begin anew. */
bool board_feed_poll(struct board_feed *feed, struct board *board, int64_t wait_ms, struct error *error) MUST_CHECK;
/** Whether all that stood on the topics when they were opened is on the board. */
bool board_feed_complete(const struct board_feed *feed);

#endif
