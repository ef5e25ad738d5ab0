/*
 * Telling a service manager how it goes: the datagrams of sd_notify(3), without its library.
 *
 * Without NOTIFY_SOCKET in the environment nothing is sent. Threads: any.
 */
#ifndef QUOTEBUS_BASE_NOTIFY_H
#define QUOTEBUS_BASE_NOTIFY_H

#include <stdint.h>

/** Sends a state: `READY=1`, `STOPPING=1`, `RELOADING=1`, `WATCHDOG=1`. Never blocks; a failure is ignored, as the manager's
 * timeouts see it. */
void notify_send(const char *state);
/** How often WATCHDOG=1 should be sent: a third of WATCHDOG_USEC, in milliseconds, at most `fallback_ms`; `fallback_ms` without
 * one. */
int64_t notify_interval_ms(int64_t fallback_ms);

#endif
