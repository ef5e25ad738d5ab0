/*
 * How many calls a provider may get, and when the next one may go out.
 *
 * Four limits at once: at most `calls_per_window` in any `window_seconds`, at most `max_calls` in any `reset_period_seconds`, at
 * most `max_calls_per_month` in a calendar month (UTC), at least `batch_delay_seconds` between two calls. A provider that said
 * "too many" is paused on top of it, and `share` slows the rate down (see throttle.h).
 *
 * The limits hold from the provider's view, wherever its windows begin and however long requests travel: a call that is under way
 * counts as not made yet, one that has ended counts from its end. So the provider, which sees a call some time between the two,
 * never sees one more than allowed in any window. The log of the window is exact; that of the period is kept in at most
 * QUOTA_RUNS runs, whose calls all count as long as the last of them.
 *
 *     if (quota_wait_ms(&quota, &now) == 0) { ticket = quota_take(&quota, &now); ... quota_settle(&quota, &ticket, &now); }
 *
 * Pure: time is an argument, on both clocks (the month follows the wall clock, all else the monotonic one). Threads: one.
 */
#ifndef QUOTEBUS_INGEST_QUOTA_H
#define QUOTEBUS_INGEST_QUOTA_H

#include "base/bytes.h"
#include "base/config.h"
#include "ingest/lane_state.h"
#include "ingest/moment.h"

/** Runs that a period is cut into at most. */
#define QUOTA_RUNS 52
/** quota_wait_ms: only the end of a call can say. */
#define QUOTA_WAIT_RESULT INT64_C(-1)

/** Calls that are near each other in time. */
struct quota_run {
    int64_t first_ms;
    int64_t last_ms; /**< end of the last of them that ended */
    int64_t calls;
    int64_t in_flight; /**< of them */
};

struct quota {
    int64_t max_calls;           /**< 0: no such limit */
    int64_t max_calls_per_month; /**< 0: no such limit */
    int64_t calls_per_window;    /**< 0: no such limit */
    int64_t window_ms;
    int64_t reset_period_ms;
    int64_t delay_ms;
    double share; /**< of calls_per_window that is used, (0, 1] */
    int64_t *log; /**< when each of the last calls_per_window calls ended, a ring */
    size_t log_size;
    size_t log_next;
    struct quota_run runs[QUOTA_RUNS]; /**< of the period, oldest first */
    size_t run_count;
    int64_t month; /**< year * 12 + month - 1 that month_used counts */
    int64_t month_used;
    bool called; /**< there was a call */
    int64_t last_call_ms;
    int64_t paused_until_ms; /**< 0: not paused */
};

/** What a call took; kept with the call. */
struct quota_ticket {
    size_t place; /* in the log */
    int64_t taken_ms;
    int64_t month;
};

/** Takes the settings; quota_clear frees. */
void quota_init(struct quota *quota, const struct provider_settings *settings);
void quota_clear(struct quota *quota);
/**
 * Begins with other settings and all that `old` knows, which stays as it is: for a changed configuration. Tickets of calls in
 * flight are made good for the new one by quota_move_ticket.
 */
void quota_move(struct quota *quota, const struct provider_settings *settings, const struct quota *old);
void quota_move_ticket(const struct quota *quota, const struct quota *old, struct quota_ticket *ticket);
/** 0 when a call may go out now, else how long to wait, or QUOTA_WAIT_RESULT. */
int64_t quota_wait_ms(const struct quota *quota, const struct moment *now);
/** Counts a call that goes out now. */
struct quota_ticket quota_take(struct quota *quota, const struct moment *now);
/** The call has ended, well or not. */
void quota_settle(struct quota *quota, const struct quota_ticket *ticket, const struct moment *now);
/** The call was not made after all. */
void quota_refund(struct quota *quota, const struct quota_ticket *ticket);
/** No call before `until_ms`; never shortens a pause. */
void quota_pause(struct quota *quota, int64_t until_ms);
/** Calls made in the period that ends now, those under way included. */
int64_t quota_used(const struct quota *quota, const struct moment *now);
/** Calls that a reset period may have, as a health event tells it; not set without such a limit. */
struct opt_long quota_limit(const struct provider_settings *settings);
/** Calls made in the calendar month of now. */
int64_t quota_month_used(const struct quota *quota, const struct moment *now);
/** Year * 12 + month - 1 of a wall time, UTC. */
int64_t quota_month_of(int64_t wall_us);
/** Begin of a month so numbered, wall clock. */
int64_t quota_month_start_us(int64_t month);

/** Fills window, period, month, in_flight, last_call and pause of a state. */
void quota_export(const struct quota *quota, const struct moment *now, struct lane_state *state);
/** Takes them over into a quota without calls; calls that were in flight count as made now. */
void quota_import(struct quota *quota, const struct lane_state *state, const struct moment *now);

#endif
