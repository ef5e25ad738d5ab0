/*
 * Events to many followers: a ring of the newest messages that all share, and per follower only the number of the next one.
 *
 * So a follower costs a few bytes however slow it is, and one message is held once however many follow. Who falls behind the ring
 * is told so by an event `dropped` and let go; a page then connects again and loads what it missed. A follower whose last event
 * is still in the ring (Last-Event-ID) goes on behind it.
 *
 * A follower with nothing to read is asleep: hub_read calls `sleep` under the hub's lock, hub_publish and hub_close call `wake`
 * for those asleep, so no wake is lost.
 *
 * Threads: any; `sleep` and `wake` are called with the lock held and must not call back.
 */
#ifndef QUOTEBUS_BOARD_HUB_H
#define QUOTEBUS_BOARD_HUB_H

#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"

/** Messages that the ring holds: a minute at the five a second that the feed makes at most. */
#define HUB_MESSAGES 300

struct hub;
struct follower;

/** How a connection sleeps and wakes up. */
struct hub_transport {
    void (*sleep)(void *connection);
    void (*wake)(void *connection);
};

struct hub *hub_new(const struct hub_transport *transport, size_t followers_max);
/** After all followers have left. NULL is fine. */
void hub_free(struct hub *hub);

/** Adds an event to the ring; its id is the next number. `event` is a word. */
void hub_publish(struct hub *hub, const char *event, struct str data);
/** Nobody joins any more, and all followers get to their end. */
void hub_close(struct hub *hub);

/**
 * A new follower for `connection`, freed by hub_leave. It begins behind event `last_id` when the ring still has what follows,
 * else (also for -1) with a `hello` and what is new. NULL: there are followers_max already, or the hub is closed.
 */
struct follower *hub_join(struct hub *hub, void *connection, int64_t last_id);
void hub_leave(struct follower *follower);

#define HUB_END (-1)
/** Copies up to `max` bytes for a follower: their number, 0 when it is asleep now, HUB_END when there is nothing more. */
ssize_t hub_read(struct follower *follower, char *out, size_t max);

#endif
