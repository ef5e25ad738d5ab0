/*
 * The HTTP server of the board: the page, the API, the events and the three endpoints of every stage, on one address.
 *
 *     GET /, /asset/..., /providers, ...   the page (board/web)
 *     GET /api/...                         JSON from PostgreSQL by the pool (board/resources), or from memory (board/memory.h)
 *     GET /api/events                      server-sent events by the hub
 *     GET /metrics, /healthz, /readyz
 *
 * GET and HEAD only. One thread serves all connections; who waits for the pool or for an event is suspended and costs no thread.
 * All answers carry a content security policy that allows this server alone.
 *
 * Threads: start and stop from the main thread.
 */
#ifndef QUOTEBUS_BOARD_SERVER_H
#define QUOTEBUS_BOARD_SERVER_H

#include "base/config.h"
#include "board/hub.h"
#include "board/memory.h"
#include "board/pool.h"

struct server;

/** How connections that follow events sleep and wake: for hub_new. */
extern const struct hub_transport server_transport;

/** Listens on config->board.http.listen. Fails with ERROR_USAGE when it cannot. All is borrowed. */
struct server *server_start(const struct config *config, struct hub *hub, struct pool *pool, const struct memory *memory,
                            struct error *error) MUST_CHECK;
/** Takes no new connections. Then hub_close and pool_stop let all requests come to their end. */
void server_quiesce(struct server *server);
/** After hub_close and pool_stop. NULL is fine. */
void server_stop(struct server *server);

#endif
