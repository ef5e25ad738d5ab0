#include "ingest/stamp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "ingest/schedule.h"

void stamp_init(struct stamp *stamp, uint64_t seed)
{
    *stamp = (struct stamp){.last_us = INT64_MIN, .random_state = seed};
}

int64_t stamp_time_us(struct stamp *stamp, int64_t wall_us)
{
    stamp->last_us = wall_us > stamp->last_us ? wall_us : stamp->last_us + 1;
    return stamp->last_us;
}

uint64_t random_seed(void)
{
    uint64_t value;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value) {
        abort(); /* Linux gives up to 256 bytes whole once it is up */
    }
    return value;
}

const char *stamp_request_id(struct stamp *stamp, char out[REQUEST_ID_SIZE])
{
    bool seeded = stamp->random_state != 0;
    uint64_t high = seeded ? random_next(&stamp->random_state) : random_seed();
    uint64_t low = seeded ? random_next(&stamp->random_state) : random_seed();
    snprintf(out, REQUEST_ID_SIZE, "%016" PRIx64 "%016" PRIx64, high, low);
    return out;
}
