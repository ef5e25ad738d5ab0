/*
 * The thin shell around the world: HTTP on a loopback address.
 *
 * One thread per connection, at most 64, so that a fault may hold one answer back while the others go on; the world is asked
 * under a lock. A body of a request may have 64 KiB.
 */
#ifndef QUOTEBUS_SIM_SERVER_H
#define QUOTEBUS_SIM_SERVER_H

#include "tests/sim/world.h"

struct sim_server;

struct sim_server_settings {
    const char *listen;     /**< ADDRESS:PORT; anything but a loopback address is refused */
    bool validators;        /**< answers have an ETag, and 304 is said to who has it */
    int64_t fixed_clock_us; /**< every request comes at that time; 0: the wall clock */
};

/** Starts listening; `world` is borrowed until sim_server_stop. NULL on failure (ERROR_USAGE). */
struct sim_server *sim_server_start(const struct sim_server_settings *settings, struct sim_world *world,
                                    struct error *error) MUST_CHECK;
/** The port listened on. */
uint16_t sim_server_port(const struct sim_server *server);
/** Ends all connections, held back ones included, and frees the server. NULL does nothing. */
void sim_server_stop(struct sim_server *server);

#endif
