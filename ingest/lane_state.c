#include "ingest/lane_state.h"

#include <string.h>

void lane_state_clear(struct lane_state *state)
{
    arena_clear(&state->memory);
    memset(state, 0, sizeof *state);
}

void *lane_state_room(struct lane_state *state, size_t count, size_t size)
{
    return count > 0 ? arena_alloc(&state->memory, count * size) : NULL;
}
