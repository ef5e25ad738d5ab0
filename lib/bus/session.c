#include "bus/session.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/service.h"

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000
/** A session that lived that long was healthy: the next failure starts with the first backoff again. */
#define HEALTHY_AFTER_MS 30000

/** Spreads `backoff_ms` to between a half and the whole of it, so that stages that failed together do not come back together. */
static int64_t with_jitter(int64_t backoff_ms, unsigned *seed)
{
    return backoff_ms / 2 + rand_r(seed) % (backoff_ms / 2 + 1);
}

/** Says what happened and whether another session can mend it. */
static bool can_go_on(const char *component, const struct error *error, int64_t wait_ms)
{
    if (error->code == ERROR_FATAL || error->code == ERROR_USAGE) {
        log_error(component, "cannot go on", F_ERR(error));
        return false;
    }
    log_warn(component, "the session failed; a new one begins from what is committed", F_ERR(error),
             F_STR("cause", error->cause ? error->cause : ""), F_INT("wait_ms", wait_ms));
    return true;
}

int session_run(const char *component, session_fn run, void *ctx)
{
    struct metric *failures = metric_counter("quotebus_session_failures_total", "Sessions that ended with an error", NULL);
    unsigned seed = (unsigned)clock_wall_us();
    int64_t backoff_ms = BACKOFF_FIRST_MS;
    while (!service_stopping()) {
        struct error error = {0};
        const int64_t began_ms = clock_mono_ms();
        service_heartbeat();
        if (run(ctx, &error) || service_stopping())
            break;
        metric_add(failures, 1);
        service_set_ready(false, error.message);
        if (clock_mono_ms() - began_ms >= HEALTHY_AFTER_MS)
            backoff_ms = BACKOFF_FIRST_MS;
        const int64_t wait_ms = with_jitter(backoff_ms, &seed);
        if (!can_go_on(component, &error, wait_ms))
            return 1;
        service_heartbeat();
        service_sleep(wait_ms);
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
    return 0;
}
