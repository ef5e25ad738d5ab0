/*
 * Resources of the API that are answered from what the process knows, without the database.
 */
#ifndef QUOTEBUS_BOARD_MEMORY_H
#define QUOTEBUS_BOARD_MEMORY_H

#include "board/pipeline.h"
#include "board/refusals.h"
#include "board/target.h"

/** What there is to tell; borrowed. */
struct memory {
    struct refusals *refusals;
    struct pipeline *pipeline;
};

/** Appends the JSON of the resource of that path; false when it is none of these. Any thread. */
bool memory_answer(const struct memory *memory, const struct target *target, struct buf *out);

#endif
