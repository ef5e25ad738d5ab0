#include "ingest/moment.h"

#include "base/clock.h"

int64_t moment_wall_us(const struct moment *now, int64_t mono_ms)
{
    return now->wall_us + (mono_ms - now->mono_ms) * US_PER_MS;
}

int64_t moment_mono_ms(const struct moment *now, int64_t wall_us)
{
    int64_t ahead_us = wall_us - now->wall_us;
    int64_t ahead_ms = ahead_us / US_PER_MS;
    return now->mono_ms + ahead_ms + (ahead_us > ahead_ms * US_PER_MS ? 1 : 0);
}
