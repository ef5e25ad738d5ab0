#include "ingest/schedule.h"

#include <assert.h>

#include "base/clock.h"

/** Most that a job is shifted. */
#define JITTER_MAX_US (10 * US_PER_S)

uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/** FNV-1a of a name, mixed with a seed. */
static uint64_t name_seed(const char *name, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

void schedule_init(struct schedule *schedule, const char *job, int64_t every_s, uint64_t seed)
{
    assert(every_s > 0);
    uint64_t state = name_seed(job, seed);
    int64_t most = every_s * US_PER_S / 10;
    most = most > JITTER_MAX_US ? JITTER_MAX_US : most;
    *schedule = (struct schedule){
        .every_us = every_s * US_PER_S,
        .jitter_us = (int64_t)(random_next(&state) % (uint64_t)(most + 1)),
    };
}

/** Number of the slot that `now_us` lies in. */
static int64_t slot_at(const struct schedule *schedule, int64_t now_us)
{
    int64_t shifted = now_us - schedule->jitter_us;
    int64_t slot = shifted / schedule->every_us;
    return shifted % schedule->every_us < 0 ? slot - 1 : slot;
}

bool schedule_take(struct schedule *schedule, int64_t now_us)
{
    int64_t slot = slot_at(schedule, now_us);
    if (schedule->ran && slot <= schedule->last_slot && schedule->last_slot - slot < 2) {
        return false;
    }
    schedule->ran = true;
    schedule->last_slot = slot;
    return true;
}

int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us)
{
    int64_t slot = slot_at(schedule, now_us);
    if (!schedule->ran || slot > schedule->last_slot) {
        return 0;
    }
    return (slot + 1) * schedule->every_us + schedule->jitter_us - now_us;
}

int64_t backoff_ms(int64_t base_ms, int64_t max_ms, int64_t attempt, uint64_t *random_state)
{
    int64_t most = base_ms;
    for (int64_t i = 1; i < attempt && most < max_ms; i++) {
        most *= 2;
    }
    most = most > max_ms ? max_ms : most;
    return most <= 0 ? 0 : (int64_t)(random_next(random_state) % (uint64_t)(most + 1));
}
