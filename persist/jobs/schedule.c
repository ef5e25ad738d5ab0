#include "persist/jobs/schedule.h"

#include "base/clock.h"

int64_t slot_at(int64_t now_us, int64_t every_s)
{
    const int64_t every_us = every_s * US_PER_S;
    const int64_t past_us = now_us % every_us;
    return now_us - past_us - (past_us < 0 ? every_us : 0);
}

struct slots slots_due(struct opt_long done_us, int64_t now_us, int64_t every_s, int64_t most)
{
    const int64_t every_us = every_s * US_PER_S;
    const int64_t last_us = slot_at(now_us, every_s);
    if (!done_us.set)
        return (struct slots){.first_us = last_us, .last_us = last_us, .any = true};
    const int64_t next_us = slot_at(done_us.value, every_s) + every_us;
    const int64_t oldest_us = last_us - (most - 1) * every_us;
    return (struct slots){.first_us = next_us > oldest_us ? next_us : oldest_us, .last_us = last_us, .any = next_us <= last_us};
}
