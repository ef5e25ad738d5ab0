#include <string.h>

#include "validate/rules/table.h"

/** 2200-01-01T00:00:00Z: later times are garbage, and differences of times before it cannot overflow. */
#define LATEST_US (INT64_C(7258118400) * US_PER_S)

/** Whether an id is class:CODE, with something on both sides. */
static bool is_asset_id(struct str asset)
{
    const char *colon = asset.len ? memchr(asset.ptr, ':', asset.len) : NULL;
    return colon && colon != asset.ptr && colon + 1 != asset.ptr + asset.len && asset.len <= ASSET_NAME_MAX;
}

/** Whether a time lies between 1970 and 2200. */
static bool is_plausible(int64_t time_us)
{
    return time_us >= 0 && time_us < LATEST_US;
}

/** The first field that cannot be what it stands for, or NULL. */
static const char *malformed_field(const struct quote *quote)
{
    if (!is_asset_id(quote->asset))
        return "asset is not class:CODE";
    if (quote->source.len == 0 || quote->source.len > SOURCE_NAME_MAX)
        return "source is empty or too long";
    if (quote->currency.len == 0 || quote->currency.len > CURRENCY_NAME_MAX)
        return "currency is empty or too long";
    if (!is_plausible(quote->fetched_at_us))
        return "fetched_at is not between 1970 and 2200";
    if (!is_plausible(quote->observed_at_us))
        return "observed_at is not between 1970 and 2200";
    if (quote->observed_resolution_s < 1 || quote->observed_resolution_s > 366 * (US_PER_DAY / US_PER_S))
        return "observed_resolution_s is not between 1 second and a year";
    return NULL;
}

/** Fires on a record whose names or times cannot be what they stand for. It is not remembered: memory stays bounded. */
static bool check(const struct rule_input *input, struct finding *finding)
{
    const struct opt_double none = {0};
    const char *field = malformed_field(input->quote);
    return field && finding_set(finding, VERDICT_REJECT, none, none, "", "%s", field);
}

const struct rule malformed_rule = {.name = "malformed", .structural = true, .check = check};
