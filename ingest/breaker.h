/*
 * Circuit breaker of one provider: after `failures` failed calls in a row none is made for a while, then one as a probe.
 *
 *     closed --failures in a row--> open --time is up--> half open --probe is good--> closed
 *                                    ^------------------probe fails------|
 *
 * It stays open for open_ms, doubled each time the probe fails, up to open_max_ms, less a random part of up to a fifth, so that
 * instances do not probe in step. What says something about an asset (unknown symbol, delisted) or a quota is no failure.
 *
 * Pure; time is an argument (monotonic milliseconds). Threads: one.
 */
#ifndef QUOTEBUS_INGEST_BREAKER_H
#define QUOTEBUS_INGEST_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct breaker {
    int64_t failures_max; /**< it opens at so many in a row; 0: never */
    int64_t open_ms;
    int64_t open_max_ms;
    int64_t failures; /**< in a row */
    int64_t opens;    /**< since it was closed last; 0: it is closed */
    int64_t until_ms; /**< the probe may go out then */
    bool probing;     /**< the probe is under way */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

void breaker_init(struct breaker *breaker, int64_t failures_max, int64_t open_ms, int64_t open_max_ms);
enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms);
/** closed, open, half_open. */
const char *breaker_word(enum breaker_state state);
/** 0 when a call may go out, else how long to wait, or -1: the probe's end decides. */
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);
/** A call goes out. True when it is the probe. */
bool breaker_take(struct breaker *breaker);
/** A call ended without a word about the provider's health; `probe` as breaker_take said. */
void breaker_neutral(struct breaker *breaker, bool probe);
/** A good answer. True when that closed it. */
bool breaker_good(struct breaker *breaker);
/** A failed call. True when that opened it, for the first time or anew. */
bool breaker_failed(struct breaker *breaker, bool probe, int64_t now_ms, uint64_t *random_state);

#endif
