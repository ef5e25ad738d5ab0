#include "market/listing.h"
#include "validate/bars/sources.h"
#include "validate/bars/table.h"

#define DAYS_PER_WEEK 7
#define WEEKDAYS 5

/** Weekdays before a day, counted from Monday 1969-12-29. */
static int64_t weekdays_before(int64_t day)
{
    const int64_t since_monday = day + 3;
    int64_t weeks = since_monday / DAYS_PER_WEEK, rest = since_monday % DAYS_PER_WEEK;
    if (rest < 0) {
        rest += DAYS_PER_WEEK;
        weeks--;
    }
    return weeks * WEEKDAYS + (rest < WEEKDAYS ? rest : WEEKDAYS);
}

/** Days strictly between two on which the asset could have been traded. */
static int64_t days_between(int64_t before, int64_t day, bool every_day)
{
    return every_day ? day - before - 1 : weekdays_before(day) - weekdays_before(before + 1);
}

/** Whether another source has a bar on a day strictly between two. */
static bool others_have(const struct bar_trial *trial, int64_t before, int64_t day)
{
    for (size_t i = 0; i < trial->all_count; i++) {
        const struct bar_trial *other = &trial->all[i];
        const size_t next = other == trial ? other->live_count : trial_seek(other, before + 1);
        if (next < other->live_count && other->live[next].bar->day < day)
            return true;
    }
    return false;
}

/** The exchange of an asset whose holidays are known; MARKET_WEEKDAYS for any other. */
static enum market exchange_of(struct str asset)
{
    static const struct str equity = {.ptr = "equity:", .len = 7};
    const bool listed = asset.len > equity.len && memcmp(asset.ptr, equity.ptr, equity.len) == 0;
    return listed ? listing_market(asset) : MARKET_WEEKDAYS;
}

/**
 * Fires, as a flag only, on the first bar behind days that are missing: other sources have them, the exchange's calendar does or,
 * where that is not known, there are too many.
 */
static void judge(struct bar_trial *trial, const struct bar_rule *rule)
{
    const struct day_bar *bars = trial->series->bars;
    const enum market exchange = exchange_of(trial->asset);
    const int64_t allowed = exchange == MARKET_WEEKDAYS ? trial->settings->missing_days : 1;
    for (size_t i = 1; i < trial->series->count; i++) {
        const int64_t absent = exchange == MARKET_WEEKDAYS
                                   ? days_between(bars[i - 1].day, bars[i].day, trial->settings->every_day)
                                   : calendar_trading_days_between(exchange, bars[i - 1].day + 1, bars[i].day);
        if (absent >= allowed || (absent > 0 && others_have(trial, bars[i - 1].day, bars[i].day)))
            bar_mark(&trial->series->bars[i], rule, VERDICT_PASS);
    }
}

const struct bar_rule bars_missing_day = {.name = "missing_day", .stage = BAR_FINAL, .judge = judge};
