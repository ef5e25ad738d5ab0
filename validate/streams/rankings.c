/* rankings.raw -> rankings.clean: one list of a source at one time. */
#include "validate/raw_quote.h"
#include "validate/streams/stream.h"

/** Whether a place of the list can be true. `before` is the rank of the place before, 0 for the first. */
static bool check_entry(const struct ranked_asset *entry, int32_t before, struct error *error)
{
    const struct str texts[] = {entry->symbol, entry->name, entry->asset.value};
    if (!raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error))
        return false;
    if (entry->rank <= before)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "rank %d comes after rank %d", (int)entry->rank, (int)before);
    if (!figure_is_amount(entry->price) || !figure_is_amount(entry->market_cap) || !figure_is_amount(entry->volume) ||
        !figure_is_finite(entry->change_24h_pct) || !figure_is_finite(entry->score))
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "a figure of rank %d is not finite or below 0",
                           (int)entry->rank);
    return true;
}

/** Whether the list can be true: ranks ascend from 1 or more, so that none stands twice; no amount is below 0. */
static bool check(const struct ranking *ranking, struct error *error)
{
    const struct str texts[] = {ranking->list, ranking->source, ranking->currency, ranking->request_id};
    if (!raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error))
        return false;
    if (ranking->list.len == 0 || ranking->source.len == 0)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "list or source is empty");
    int32_t before = 0;
    for (size_t i = 0; i < ranking->entries_count; i++) {
        if (!check_entry(&ranking->entries[i], before, error))
            return false;
        before = ranking->entries[i].rank;
    }
    return true;
}

/** judge of the stream. */
static bool judge(struct str body, const struct stream_origin *origin, struct arena *arena, struct buf *out,
                  struct stream_result *result, struct error *error)
{
    struct ranking ranking;
    if (!ranking_decode(body, arena, &ranking, error) || !check(&ranking, error))
        return false;
    ranking.verdict = (struct opt_verdict){.set = true, .value = VERDICT_PASS};
    ranking.rules_version = SOME_STR(origin->rules_version);
    ranking.raw_partition = SOME_INT(origin->partition);
    ranking.raw_offset = SOME_LONG(origin->offset);
    ranking_encode(&ranking, out);
    *result = (struct stream_result){.key = ranking.list, .fetched_at_us = ranking.fetched_at_us};
    return true;
}

const struct stream stream_rankings = {
    .raw = "rankings.raw", .schema_json = ranking_schema_json, .clean = OUTPUT_RANKINGS, .judge = judge};
