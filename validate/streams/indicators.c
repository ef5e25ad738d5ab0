/* indicators.raw -> indicators.clean: one value of a technical indicator as a source computed it. */
#include <math.h>

#include "base/clock.h"
#include "validate/raw_quote.h"
#include "validate/streams/stream.h"

/** Days by which the end of the last bar may be ahead of the fetch, by the length of the bars: the bar under way has an end, too.
 */
static int64_t days_ahead(struct str interval)
{
    return str_is(interval, "1mo") ? 32 : str_is(interval, "1w") ? 8 : 2;
}

/** Whether the value can be one: RSI is a share of 100, averages of prices are above 0. */
static bool is_possible(const struct indicator *indicator)
{
    if (!isfinite(indicator->value))
        return false;
    if (str_is(indicator->indicator, "RSI"))
        return indicator->value >= 0 && indicator->value <= 100;
    if (str_is(indicator->indicator, "SMA") || str_is(indicator->indicator, "EMA"))
        return indicator->value > 0;
    return true;
}

/** Whether the record can be true. */
static bool check(const struct indicator *indicator, struct error *error)
{
    const struct str texts[] = {indicator->asset,    indicator->source,      indicator->symbol,    indicator->indicator,
                                indicator->interval, indicator->series_type, indicator->request_id};
    if (!raw_check_texts(texts, sizeof(texts) / sizeof(texts[0]), error))
        return false;
    if (indicator->asset.len == 0 || indicator->source.len == 0 || indicator->indicator.len == 0)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "asset, source or indicator is empty");
    if (!is_possible(indicator) || !figure_is_finite(indicator->signal) || !figure_is_finite(indicator->histogram))
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "no %.*s can be %g", STR_ARG(indicator->indicator),
                           indicator->value);
    if (indicator->time_period.set && indicator->time_period.value <= 0)
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "time_period is %d", (int)indicator->time_period.value);
    if (indicator->at_us / US_PER_DAY > indicator->fetched_at_us / US_PER_DAY + days_ahead(indicator->interval))
        return error_cause(error, ERROR_INVALID, CAUSE_IMPOSSIBLE, "its time had not come when it was fetched");
    return true;
}

/** judge of the stream. */
static bool judge(struct str body, const struct stream_origin *origin, struct arena *arena, struct buf *out,
                  struct stream_result *result, struct error *error)
{
    struct indicator indicator;
    if (!indicator_decode(body, arena, &indicator, error) || !check(&indicator, error))
        return false;
    indicator.verdict = (struct opt_verdict){.set = true, .value = VERDICT_PASS};
    indicator.rules_version = SOME_STR(origin->rules_version);
    indicator.raw_partition = SOME_INT(origin->partition);
    indicator.raw_offset = SOME_LONG(origin->offset);
    indicator_encode(&indicator, out);
    *result = (struct stream_result){.key = indicator.asset, .fetched_at_us = indicator.fetched_at_us};
    return true;
}

const struct stream stream_indicators = {
    .raw = "indicators.raw", .schema_json = indicator_schema_json, .clean = OUTPUT_INDICATORS, .judge = judge};
