#include "ingest/minute.h"

#include <inttypes.h>

#include "ingest/quota.h"

/** What the lane did, and what keeps it from more, in one sentence. */
static struct str words_of(const struct lane_minute *minute, const struct lane_view *lane, struct arena *arena)
{
    const char *text = arena_printf(
        arena, "%" PRId64 " calls in the minute, %" PRId64 " good, %" PRId64 " limited, %" PRId64 " failed%s%s%s", minute->calls,
        minute->good, minute->limited, minute->failed, lane->breaker != BREAKER_CLOSED ? "; the circuit breaker is " : "",
        lane->breaker != BREAKER_CLOSED ? breaker_word(lane->breaker) : "", lane->share < 1 ? "; the rate is held down" : "");
    return str_from(text);
}

struct health_event minute_health(const char *provider, const struct lane_minute *minute, const struct lane_view *lane,
                                  int64_t at_us, struct arena *arena)
{
    bool bad = minute->last_failure != OUTCOME_OK && (minute->calls > minute->good || lane->breaker != BREAKER_CLOSED);
    return (struct health_event){
        .provider = str_from(provider),
        .at_us = at_us,
        .state = str_from(outcome_name(bad ? minute->last_failure : OUTCOME_OK)),
        .endpoint = STR(MINUTE_ENDPOINT),
        .quota_used = lane->quota_used,
        .quota_limit = quota_limit(lane->settings),
        .message = words_of(minute, lane, arena),
        .request_id = str_from(lane->name),
    };
}
