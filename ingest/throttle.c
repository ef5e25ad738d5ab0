#include "ingest/throttle.h"

void throttle_init(struct throttle *throttle, double floor, double step)
{
    *throttle = (struct throttle){.floor = floor, .step = step, .share = 1};
}

bool throttle_limited(struct throttle *throttle, int64_t sent_ms, int64_t now_ms)
{
    throttle->changed_ms = now_ms;
    if (throttle->was_cut && sent_ms < throttle->cut_ms) {
        return false;
    }
    throttle->was_cut = true;
    throttle->cut_ms = now_ms;
    throttle->share = throttle->share / 2 > throttle->floor ? throttle->share / 2 : throttle->floor;
    return true;
}

void throttle_good(struct throttle *throttle, int64_t window_ms, int64_t now_ms)
{
    int64_t every_ms = window_ms > THROTTLE_STEP_MS ? window_ms : THROTTLE_STEP_MS;
    if (throttle->share >= 1 || now_ms - throttle->changed_ms < every_ms) {
        return;
    }
    throttle->share = throttle->share + throttle->step < 1 ? throttle->share + throttle->step : 1;
    throttle->changed_ms = now_ms;
}
