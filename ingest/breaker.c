#include "ingest/breaker.h"

#include "ingest/schedule.h"

void breaker_init(struct breaker *breaker, int64_t failures_max, int64_t open_ms, int64_t open_max_ms)
{
    *breaker = (struct breaker){.failures_max = failures_max, .open_ms = open_ms, .open_max_ms = open_max_ms};
}

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms)
{
    if (breaker->opens == 0) {
        return BREAKER_CLOSED;
    }
    return breaker->probing || now_ms >= breaker->until_ms ? BREAKER_HALF_OPEN : BREAKER_OPEN;
}

const char *breaker_word(enum breaker_state state)
{
    static const char *const words[] = {"closed", "open", "half_open"};
    return words[state];
}

int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms)
{
    if (breaker->opens == 0) {
        return 0;
    }
    if (breaker->probing) {
        return -1;
    }
    return breaker->until_ms > now_ms ? breaker->until_ms - now_ms : 0;
}

bool breaker_take(struct breaker *breaker)
{
    breaker->probing = breaker->opens > 0;
    return breaker->probing;
}

void breaker_neutral(struct breaker *breaker, bool probe)
{
    breaker->probing = probe ? false : breaker->probing;
}

bool breaker_good(struct breaker *breaker)
{
    bool was_open = breaker->opens > 0;
    breaker->failures = 0;
    breaker->opens = 0;
    breaker->probing = false;
    return was_open;
}

bool breaker_failed(struct breaker *breaker, bool probe, int64_t now_ms, uint64_t *random_state)
{
    breaker->failures++;
    bool opens = breaker->opens > 0 ? probe : breaker->failures_max > 0 && breaker->failures >= breaker->failures_max;
    if (!opens) {
        return false;
    }
    int64_t open_ms = breaker->open_ms;
    for (int64_t i = 0; i < breaker->opens && open_ms < breaker->open_max_ms; i++) {
        open_ms *= 2;
    }
    open_ms = open_ms > breaker->open_max_ms ? breaker->open_max_ms : open_ms;
    open_ms -= (int64_t)(random_next(random_state) % (uint64_t)(open_ms / 5 + 1));
    breaker->opens++;
    breaker->until_ms = now_ms + open_ms;
    breaker->probing = false;
    return true;
}
