#include "ingest/flights.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flight *flights_add(struct flights *flights, struct call *call, const char *request_id)
{
    if (flights->count == flights->cap) {
        flights->cap = flights->cap > 0 ? flights->cap * 2 : 16;
        flights->items = xrealloc(flights->items, flights->cap * sizeof(void *));
    }
    struct flight *flight = xcalloc(1, sizeof *flight);
    flight->call = call;
    snprintf(flight->request_id, sizeof flight->request_id, "%s", request_id);
    flights->items[flights->count++] = flight;
    return flight;
}

void flight_keep_result(struct flight *flight, const struct call_result *result)
{
    const struct request_asset **missing = xcalloc(result->missing_count + 1, sizeof(void *));
    for (size_t i = 0; i < result->missing_count; i++) {
        missing[i] = result->missing[i];
    }
    flight->stage = FLIGHT_PUBLISHED;
    flight->result = *result;
    flight->result.missing = missing;
}

/** Frees a flight without its call. */
static void free_flight(struct flight *flight)
{
    if (flight->stage == FLIGHT_PUBLISHED) {
        free((void *)flight->result.missing);
    }
    free(flight->url);
    free(flight);
}

void flights_end(struct flights *flights, struct flight *flight)
{
    size_t place = 0;
    while (flights->items[place] != flight) {
        place++;
        assert(place < flights->count);
    }
    flights->count--;
    memmove(&flights->items[place], &flights->items[place + 1], (flights->count - place) * sizeof(void *));
    free_flight(flight);
}

size_t flights_in(const struct flights *flights, enum flight_stage stage)
{
    size_t count = 0;
    for (size_t i = 0; i < flights->count; i++) {
        count += flights->items[i]->stage == stage ? 1 : 0;
    }
    return count;
}

bool flights_any(const struct flights *flights, size_t lane)
{
    for (size_t i = 0; i < flights->count; i++) {
        if (flights->items[i]->call->lane == lane) {
            return true;
        }
    }
    return false;
}

void flights_clear(struct flights *flights)
{
    for (size_t i = 0; i < flights->count; i++) {
        call_free(flights->items[i]->call);
        free_flight(flights->items[i]);
    }
    free(flights->items);
    memset(flights, 0, sizeof *flights);
}
