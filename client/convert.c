#include "client/convert.h"

#include <math.h>

#include "quotebus_records.h"

/** What there is not, is no number. */
static double or_nan(struct opt_double value)
{
    return value.set ? value.value : NAN;
}

/** The user's word for a verdict. */
static enum quotebus_verdict verdict_of(enum verdict verdict)
{
    return verdict == VERDICT_PASS ? QUOTEBUS_PASS : verdict == VERDICT_SUSPECT ? QUOTEBUS_SUSPECT : QUOTEBUS_REJECT;
}

/** Flags as a list that NULL ends. */
static const char *const *flags_of(const struct clean_quote *from, struct arena *memory)
{
    const char **flags = arena_alloc(memory, (from->flags_count + 1) * sizeof(*flags));
    for (size_t i = 0; i < from->flags_count; i++)
        flags[i] = arena_strdup(memory, from->flags[i]);
    flags[from->flags_count] = NULL;
    return flags;
}

bool convert_quote(struct str body, struct arena *memory, struct quotebus_quote *quote, struct error *error)
{
    struct clean_quote from;
    if (!clean_quote_decode(body, memory, &from, error))
        return false;
    *quote = (struct quotebus_quote){
        .asset = arena_strdup(memory, from.asset),
        .source = arena_strdup(memory, from.source),
        .symbol = arena_strdup(memory, from.symbol),
        .currency = arena_strdup(memory, from.currency),
        .price = from.price,
        .bid = or_nan(from.bid),
        .ask = or_nan(from.ask),
        .open = or_nan(from.open),
        .high = or_nan(from.high),
        .low = or_nan(from.low),
        .previous_close = or_nan(from.previous_close),
        .volume = or_nan(from.volume),
        .market_cap = or_nan(from.market_cap),
        .observed_at_us = from.observed_at_us,
        .fetched_at_us = from.fetched_at_us,
        .verdict = verdict_of(from.verdict),
        .flags = flags_of(&from, memory),
        .flag_count = from.flags_count,
        .reference_price = or_nan(from.reference_price),
        .deviation_bps = or_nan(from.deviation_bps),
        .score = from.score,
        .source_count = from.source_count,
    };
    return true;
}

bool convert_price(struct str body, struct arena *memory, struct quotebus_price *price, struct error *error)
{
    struct consensus_price from;
    if (!consensus_price_decode(body, memory, &from, error))
        return false;
    *price = (struct quotebus_price){
        .asset = arena_strdup(memory, from.asset),
        .currency = arena_strdup(memory, from.currency),
        .price = from.price,
        .confidence = from.confidence,
        .source_count = from.source_count,
        .observed_at_us = from.observed_at_us,
        .as_of_us = from.as_of_us,
    };
    return true;
}
