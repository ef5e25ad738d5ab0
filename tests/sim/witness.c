#include "tests/sim/witness.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** The place of a provider in the table. */
static size_t index_of(const struct sim_provider *provider)
{
    size_t i = 0;
    while (sim_providers[i] != provider)
        i++;
    return i;
}

void witness_count(struct witness *witness, const struct sim_provider *provider, const struct sim_endpoint *endpoint,
                   int64_t now_us)
{
    struct witness_provider *counts = &witness->providers[index_of(provider)];
    const int64_t second = now_us / US_PER_S;
    counts->calls[endpoint ? (size_t)(endpoint - provider->endpoints) : SIM_ENDPOINTS_MAX]++;
    counts->in_second = second == counts->second ? counts->in_second + 1 : 1;
    counts->second = second;
    if (counts->in_second > counts->per_second_max)
        counts->per_second_max = counts->in_second;
    if (!counts->times_us)
        counts->times_us = xcalloc(WITNESS_TIMES_MAX, sizeof(*counts->times_us));
    counts->times_us[counts->total++ % WITNESS_TIMES_MAX] = now_us;
}

void witness_clear(struct witness *witness)
{
    for (size_t i = 0; sim_providers[i]; i++)
        free(witness->providers[i].times_us);
    *witness = (struct witness){0};
}

bool witness_write_times(const struct witness *witness, const char *provider, struct buf *body)
{
    struct json_out out = {.buf = body};
    size_t place = 0;
    while (sim_providers[place] && strcmp(sim_providers[place]->name, provider) != 0)
        place++;
    if (!sim_providers[place])
        return false;
    const struct witness_provider *counts = &witness->providers[place];
    const uint64_t kept = counts->total < WITNESS_TIMES_MAX ? counts->total : WITNESS_TIMES_MAX;
    out_begin(&out, NULL, '{');
    out_int(&out, "total", (int64_t)counts->total);
    out_begin(&out, "times_us", '[');
    for (uint64_t i = counts->total - kept; i < counts->total; i++)
        out_int(&out, NULL, counts->times_us[i % WITNESS_TIMES_MAX]);
    out_end(&out, ']');
    out_end(&out, '}');
    return true;
}

/** The counts of one provider. */
static void write_counts(struct json_out *out, const struct sim_provider *provider, const struct witness_provider *counts)
{
    out_begin(out, provider->name, '{');
    for (size_t i = 0; i < provider->endpoint_count; i++)
        out_int(out, provider->endpoints[i].name, (int64_t)counts->calls[i]);
    out_int(out, "other", (int64_t)counts->calls[SIM_ENDPOINTS_MAX]);
    out_end(out, '}');
}

/** The times of the last calls of one provider. */
static void write_times(struct json_out *out, const struct sim_provider *provider, const struct witness_provider *counts)
{
    char time[TIME_TEXT_MAX];
    const uint64_t kept = counts->total < WITNESS_LAST_CALLS ? counts->total : WITNESS_LAST_CALLS;
    out_begin(out, provider->name, '[');
    for (uint64_t i = counts->total - kept; i < counts->total; i++)
        out_text(out, NULL, time_format_us(counts->times_us[i % WITNESS_TIMES_MAX], time));
    out_end(out, ']');
}

void witness_write(const struct witness *witness, struct buf *body)
{
    struct json_out out = {.buf = body};
    out_begin(&out, NULL, '{');
    for (size_t i = 0; sim_providers[i]; i++)
        write_counts(&out, sim_providers[i], &witness->providers[i]);
    out_begin(&out, "per_second_max", '{');
    for (size_t i = 0; sim_providers[i]; i++)
        out_int(&out, sim_providers[i]->name, (int64_t)witness->providers[i].per_second_max);
    out_end(&out, '}');
    out_begin(&out, "http", '{');
    out_int(&out, "connections", (int64_t)witness->connections);
    out_int(&out, "not_modified", (int64_t)witness->not_modified);
    out_end(&out, '}');
    out_begin(&out, "last_calls", '{');
    for (size_t i = 0; sim_providers[i]; i++)
        write_times(&out, sim_providers[i], &witness->providers[i]);
    out_end(&out, '}');
    out_end(&out, '}');
}
