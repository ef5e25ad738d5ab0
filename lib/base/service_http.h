/*
 * The three endpoints of a stage, and what they read from its life cycle.
 *
 * Threads: start and stop from the main thread; answers are given in the HTTP thread.
 */
#ifndef QUOTEBUS_BASE_SERVICE_HTTP_H
#define QUOTEBUS_BASE_SERVICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/** Listens on `ADDRESS:PORT` (IPv4, or IPv6 in brackets; `localhost` is 127.0.0.1). Empty: does nothing. */
bool service_http_start(const char *listen, struct error *error) MUST_CHECK;
/** Closes what service_http_start opened; may be called twice. */
void service_http_stop(void);
/** The port listened on, 0 when none. */
uint16_t service_http_port(void);

/**
 * The answer to one of the three endpoints, for a stage that serves them on a server of its own: appends the body and sets the
 * HTTP status and the (literal) content type. False when `url` is none of them. Any thread.
 */
bool service_http_answer(const char *url, struct buf *body, unsigned *status, const char **content_type);

/** The stage's word on its readiness, with the reason; false too while the main loop waits within a call for 5 s or more. */
bool service_ready(char *reason, size_t size);
/** Whether the main loop gave a sign of life within the last minute. */
bool service_alive(char *reason, size_t size);

#endif
