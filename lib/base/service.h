/*
 * The life cycle that every stage shares: signals, health endpoints, bounded stop, fault points.
 *
 *     service_start("validate", &config->validate.http, &error);
 *     while (!service_stopping()) { ... service_heartbeat(); service_set_ready(true, "assigned"); ... }
 *     service_stop();
 *
 * SIGTERM and SIGINT ask for a stop; from then a watchdog thread ends the process with status 1 after `stop_timeout_ms`, since
 * closing a consumer of librdkafka 2.0.2 can hang (state is safe in transactions). SIGHUP asks for a reload. SIGPIPE is
 * ignored. /metrics, /healthz (own heartbeat younger than 60 s: never depends on a broker), /readyz (the stage's own
 * word, and a heartbeat younger than 5 s).
 *
 * Threads: HTTP runs in its own thread; the other functions may be called from any.
 */
#ifndef QUOTEBUS_BASE_SERVICE_H
#define QUOTEBUS_BASE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** Where the endpoints listen. */
struct http_settings {
    char *listen;            /**< `ADDRESS:PORT`; port 0 takes a free one; empty: no endpoints */
    int64_t stop_timeout_ms; /**< bound of a graceful stop */
};

/** Installs signal handlers, starts the HTTP thread. Fails when the port is taken. */
bool service_start(const char *name, const struct http_settings *settings, struct error *error) MUST_CHECK;
/** True once a stop was asked for. */
bool service_stopping(void);
/** Asks for a stop, as SIGTERM does. */
void service_request_stop(void);
/** True once after each SIGHUP. */
bool service_take_reload(void);
/** The main loop lives. */
void service_heartbeat(void);
/** Sets readiness and its reason (copied). */
void service_set_ready(bool ready, const char *reason);
/** The port the endpoints listen on; 0 when there are none. */
uint16_t service_port(void);
/** Sleeps up to `timeout_ms`, shorter when a stop is asked for. */
void service_sleep(int64_t timeout_ms);
/** Stops the HTTP thread and the watchdog. */
void service_stop(void);

/**
 * A named point between two side effects. When the environment variable QUOTEBUS_FAIL is `NAME` or `NAME:N`, the N-th visit
 * ends the process at once as kill -9 does. Costs one branch otherwise.
 */
void failpoint(const char *name);

#endif
