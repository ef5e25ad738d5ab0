#include "ingest/schedule.h"

#include <assert.h>

#include "base/clock.h"

/** Most that slots are shifted. */
#define JITTER_MAX_US (10 * US_PER_S)

uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t name_seed(const char *name, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/** Quotient rounded down. */
static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return a % b < 0 ? quotient - 1 : quotient;
}

int64_t schedule_jitter_us(const char *name, int64_t every_us, uint64_t seed)
{
    uint64_t state = name_seed(name, seed);
    int64_t most = every_us / 10;
    most = most > JITTER_MAX_US ? JITTER_MAX_US : most;
    return (int64_t)(random_next(&state) % (uint64_t)(most + 1));
}

void schedule_init(struct schedule *schedule, const struct schedule_rule *rule, int64_t jitter_us)
{
    assert(rule->every_us > 0);
    *schedule = (struct schedule){.rule = *rule, .jitter_us = jitter_us};
}

int64_t schedule_slot_us(const struct schedule *schedule, int64_t slot)
{
    return schedule->rule.offset_us + slot * schedule->rule.every_us;
}

int64_t schedule_slot_at(const struct schedule *schedule, int64_t us)
{
    return floor_div(us - schedule->rule.offset_us, schedule->rule.every_us);
}

bool schedule_take(struct schedule *schedule, int64_t now_us, struct schedule_slot *taken)
{
    int64_t slot = schedule_slot_at(schedule, now_us - schedule->jitter_us);
    /* A wall clock that went back by a slot or more starts the schedule anew; a smaller step repeats nothing. */
    if (schedule->ran && slot <= schedule->last_slot && schedule->last_slot - slot < 2) {
        return false;
    }
    *taken =
        (struct schedule_slot){.slot = slot, .first = !schedule->ran || slot < schedule->last_slot, .after = schedule->last_slot};
    schedule->ran = true;
    schedule->last_slot = slot;
    return true;
}

bool schedule_serves(const struct schedule *schedule, const struct schedule_slot *taken, enum market market)
{
    const struct schedule_rule *rule = &schedule->rule;
    int64_t slot_us = schedule_slot_us(schedule, taken->slot);
    int64_t after_us = schedule_slot_us(schedule, taken->after);
    if (taken->first || market == MARKET_ALWAYS || calendar_is_open(market, slot_us) ||
        calendar_open_seconds_between(market, after_us - rule->settle_us, slot_us) > 0) {
        return true;
    }
    return rule->closed_every_us > 0 && floor_div(slot_us, rule->closed_every_us) != floor_div(after_us, rule->closed_every_us);
}

int64_t schedule_wait_us(const struct schedule *schedule, int64_t now_us)
{
    int64_t slot = schedule_slot_at(schedule, now_us - schedule->jitter_us);
    if (!schedule->ran || slot > schedule->last_slot) {
        return 0;
    }
    return schedule_slot_us(schedule, slot + 1) + schedule->jitter_us - now_us;
}

int64_t schedule_count(const struct schedule *schedule, int64_t from_us, int64_t to_us)
{
    return schedule_slot_at(schedule, to_us - schedule->jitter_us) - schedule_slot_at(schedule, from_us - schedule->jitter_us);
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
