/*
 * What a quote says of prices that were judged before it.
 *
 * The first source that sees a real move stands alone and is suspect until another one sees it too; the first that is wrong may
 * pass until the others speak. So a quote that passed clears the doubted prices that it confirms, and casts doubt on trusted ones
 * that it and a majority with it contradict, or that leapt away while its own past vouches for it. Cleared prices are trusted
 * again, in the consensus, and their move is part of what is usual; doubted ones are none of that. Records stay as they were
 * judged. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_HINDSIGHT_H
#define QUOTEBUS_VALIDATE_HINDSIGHT_H

#include "validate/state.h"

/** Thinks again of the latest prices of the other sources of `asset`. `input` is that of a quote that passed, with its peers. */
void hindsight_apply(struct asset_memory *asset, const struct rule_input *input);

#endif
