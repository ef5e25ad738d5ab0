/*
 * Daily bars from Yahoo's v8 chart: open, high, low, close (adjusted for splits), close adjusted for dividends too, volume, and
 * the dividends and splits of each day.
 *
 * What Yahoo does beside that: a day without trading, or one it lost, is a row of nulls; while the market is open the last row is
 * the day so far, and sometimes it stands beside another row of the same day; the range is in UTC while its days are the
 * exchange's. So the range is asked for a day wider at both ends, rows are dated by the exchange's clock, and only days that are
 * over become bars.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/providers/yahoo.h"

#define DAY_S INT64_C(86400)
/** Latest time that is believed: the end of the year 9999, epoch seconds. */
#define TIME_MAX_S 253402300799.0
/** End of a range that has none, as Yahoo takes it. */
#define FAR_AWAY_S INT64_C(9999999999)
#define RANGE_DEFAULT "1mo"

const char *const yahoo_history_params[] = {"range", NULL};

/** Whether `range` is one that Yahoo knows. */
static bool is_range(const char *range)
{
    static const char *const known[] = {"5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "max"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i], range) == 0) {
            return true;
        }
    }
    return false;
}

bool yahoo_build_history(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    const char *range = request_param(spec, "range", RANGE_DEFAULT);
    if (spec->asset_count != 1) {
        return error_set(error, ERROR_INVALID, "yahoo history takes one symbol, not %zu", spec->asset_count);
    }
    if (!is_range(range)) {
        return error_set(error, ERROR_USAGE, "params.range: '%.20s' is none of 5d, 1mo, 3mo, 6mo, 1y, 2y, 5y, 10y, max", range);
    }
    buf_append_str(path, STR("/v8/finance/chart/"));
    path_escape(path, spec->assets[0].symbol);
    if (spec->from_us.set) {
        int64_t from_s = spec->from_us.value / US_PER_S - DAY_S;
        int64_t to_s = spec->to_us.set ? spec->to_us.value / US_PER_S + DAY_S : FAR_AWAY_S;
        buf_printf(path, "?period1=%lld&period2=%lld", (long long)from_s, (long long)to_s);
    } else {
        buf_printf(path, "?range=%s", range);
    }
    buf_append_str(path, STR("&interval=1d&events=div%2Csplit&includePrePost=false"));
    return true;
}

/** The series of an answer; NULL where one is absent or not as long as the times. */
struct series {
    const json_t *times;
    size_t count;
    const json_t *open, *high, *low, *close, *volume, *adj_close;
};

/** An array with one value per time, or NULL. */
static const json_t *series_of(const json_t *object, const char *key, size_t count)
{
    const json_t *values = json_object_get(object, key);
    return json_is_array(values) && json_array_size(values) == count ? values : NULL;
}

/** Finds the series of a result. */
static struct series find_series(const json_t *response)
{
    const json_t *indicators = json_object_get(response, "indicators");
    const json_t *quote = json_array_get(json_object_get(indicators, "quote"), 0);
    const json_t *adjusted = json_array_get(json_object_get(indicators, "adjclose"), 0);
    struct series series = {.times = json_object_get(response, "timestamp")};
    series.count = json_array_size(series.times);
    series.open = series_of(quote, "open", series.count);
    series.high = series_of(quote, "high", series.count);
    series.low = series_of(quote, "low", series.count);
    series.close = series_of(quote, "close", series.count);
    series.volume = series_of(quote, "volume", series.count);
    series.adj_close = series_of(adjusted, "adjclose", series.count);
    return series;
}

/** A price of a row; unset for null and where there is no such series. */
static struct opt_double price_at(const json_t *series, size_t row, int hint)
{
    const json_t *value = json_array_get(series, row);
    return json_is_number(value) ? SOME_DOUBLE(yahoo_price(json_number_value(value), hint)) : (struct opt_double){0};
}

/** Days since the epoch of a time (epoch seconds) by the exchange's clock; false when it is no time. */
static bool local_date(const json_t *meta, const json_t *time, int32_t *date)
{
    double at_s = json_is_number(time) ? json_number_value(time) : -1;
    if (!(at_s >= 0) || at_s > TIME_MAX_S) {
        return false;
    }
    *date = (int32_t)floor((at_s + (double)yahoo_offset_s(meta, (int64_t)at_s)) / DAY_S);
    return true;
}

/** What days an answer may give. */
struct window {
    int32_t first; /* days since the epoch, inclusive */
    int32_t last;
};

/** The days that were asked for and are over. */
static struct window window_of(const struct request_spec *spec, const json_t *meta, const struct http_response *http)
{
    const json_t *regular = json_object_get(json_object_get(meta, "currentTradingPeriod"), "regular");
    struct opt_long end = json_epoch_us(regular, "end");
    int64_t fetched_s = http->fetched_at_us / US_PER_S;
    int64_t today = (fetched_s + yahoo_offset_s(meta, fetched_s)) / DAY_S;
    int32_t current = 0;
    bool over = end.set && local_date(meta, json_object_get(regular, "end"), &current) && current == today &&
                end.value <= http->fetched_at_us;
    struct window window = {.first = INT32_MIN, .last = (int32_t)(over ? today : today - 1)};
    if (spec->from_us.set) {
        window.first = (int32_t)time_day_of_us(spec->from_us.value);
    }
    if (spec->to_us.set && time_day_of_us(spec->to_us.value - 1) < window.last) {
        window.last = (int32_t)time_day_of_us(spec->to_us.value - 1);
    }
    return window;
}

/** Reads one row into a bar whose date is set; false when Yahoo has no close of that day. */
static bool read_row(const struct series *series, size_t row, int hint, struct bar *bar)
{
    struct opt_double close = price_at(series->close, row, hint);
    if (!close.set) {
        return false;
    }
    bar->open = price_at(series->open, row, hint);
    bar->high = price_at(series->high, row, hint);
    bar->low = price_at(series->low, row, hint);
    bar->close = close.value;
    bar->adj_close = price_at(series->adj_close, row, YAHOO_NO_HINT);
    bar->volume = price_at(series->volume, row, 0);
    return true;
}

/** Reads all rows; false with the outcome set when their times are none or go back. */
static bool read_rows(const struct request_spec *spec, const json_t *meta, const struct series *series,
                      const struct window *window, struct parse_result *result)
{
    int hint = yahoo_hint(meta);
    int32_t before = INT32_MIN;
    for (size_t row = 0; row < series->count; row++) {
        int32_t date;
        if (!local_date(meta, json_array_get(series->times, row), &date) || date < before) {
            reply_set(result, OUTCOME_MALFORMED, "the times of the days are not in order");
            return false;
        }
        before = date;
        struct bar bar = reply_bar(YAHOO, &spec->assets[0], date);
        if (date < window->first || date > window->last || !read_row(series, row, hint, &bar)) {
            continue;
        }
        /* Of two rows of one day the later is the fuller one. */
        bool again = result->bar_count > 0 && result->bars[result->bar_count - 1].date == date;
        result->bars[again ? result->bar_count - 1 : result->bar_count++] = bar;
    }
    return true;
}

/** Orders a date and a bar. */
static int compare_date(const void *date, const void *bar)
{
    int32_t left = *(const int32_t *)date;
    int32_t right = ((const struct bar *)bar)->date;
    return (left > right) - (left < right);
}

/** Adds one dividend to its day: several of one day add up. */
static void add_dividend(const json_t *event, struct bar *bar)
{
    struct opt_double amount = json_number(event, "amount");
    if (amount.set) {
        bar->dividend = SOME_DOUBLE(bar->dividend.value + number_undo_float32(amount.value));
    }
}

/** Adds one split to its day. */
static void add_split(const json_t *event, struct bar *bar)
{
    struct opt_double new_units = json_number(event, "numerator");
    struct opt_double old_units = json_number(event, "denominator");
    if (new_units.set && old_units.set && new_units.value > 0 && old_units.value > 0) {
        bar->split = SOME_DOUBLE((bar->split.set ? bar->split.value : 1) * new_units.value / old_units.value);
    }
}

/** Puts events on the bars of their days. Returns how many lie between the first and the last bar and found none. */
static size_t add_events(const json_t *meta, const json_t *events, void (*add)(const json_t *event, struct bar *bar),
                         struct parse_result *result)
{
    size_t lost = 0;
    const char *key;
    json_t *event;
    if (result->bar_count == 0) {
        return 0;
    }
    json_object_foreach((json_t *)events, key, event)
    {
        int32_t date;
        if (!local_date(meta, json_object_get(event, "date"), &date)) {
            continue;
        }
        struct bar *bar = bsearch(&date, result->bars, result->bar_count, sizeof *result->bars, compare_date);
        if (bar != NULL) {
            add(event, bar);
        } else {
            lost += date > result->bars[0].date && date < result->bars[result->bar_count - 1].date;
        }
    }
    return lost;
}

/** Whether a result is about the days of the symbol that was asked for; false with the outcome set. */
static bool check_meta(const struct request_spec *spec, const json_t *meta, struct parse_result *result)
{
    struct opt_str symbol = json_text(meta, "symbol");
    struct opt_str granularity = json_text(meta, "dataGranularity");
    if (!symbol.set || !json_text(meta, "currency").set) {
        reply_set(result, OUTCOME_MALFORMED, "the answer does not say which symbol and currency it is about");
        return false;
    }
    if (strcasecmp(symbol.value.ptr, spec->assets[0].symbol) != 0) {
        reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about %.40s", spec->assets[0].symbol,
                  symbol.value.ptr);
        return false;
    }
    if (granularity.set && !str_is(granularity.value, "1d")) {
        reply_set(result, OUTCOME_MALFORMED, "asked for days, the answer is about %.20s", granularity.value.ptr);
        return false;
    }
    return true;
}

/** Says what a good answer came to. That there was no trading in a range that was asked for is an answer. */
static void finish(const struct request_spec *spec, size_t lost_events, struct parse_result *result)
{
    if (result->bar_count == 0 && spec->from_us.set) {
        reply_set(result, OUTCOME_OK, "there is no day of trading in the range");
        return;
    }
    reply_finish(spec, result);
    if (lost_events > 0 && result->outcome == OUTCOME_OK) {
        reply_set(result, OUTCOME_OK, "%zu dividends or splits are of days that Yahoo has no prices of", lost_events);
    }
}

/** Reads a result of the right symbol. */
static void read_days(const struct request_spec *spec, const json_t *response, const struct http_response *http,
                      struct arena *arena, struct parse_result *result)
{
    const json_t *meta = json_object_get(response, "meta");
    const json_t *events = json_object_get(response, "events");
    struct series series = find_series(response);
    struct window window = window_of(spec, meta, http);
    if (series.count > 0 && series.close == NULL) {
        reply_set(result, OUTCOME_MALFORMED, "the answer has times without closes");
        return;
    }
    result->bars = arena_alloc(arena, (series.count + 1) * sizeof *result->bars);
    if (!read_rows(spec, meta, &series, &window, result)) {
        result->bar_count = 0;
        return;
    }
    size_t lost = add_events(meta, json_object_get(events, "dividends"), add_dividend, result) +
                  add_events(meta, json_object_get(events, "splits"), add_split, result);
    for (size_t i = 0; i < result->bar_count; i++) {
        reply_bar_currency(&result->bars[i], json_text(meta, "currency").value, arena);
    }
    finish(spec, lost, result);
}

/**
 * Whether Yahoo says that the symbol has no prices in the range that was asked for, e.g. before its first day. It does so as an
 * error, sometimes with the guess that the symbol was delisted: that is said about the range, so it retires nothing.
 */
static bool nothing_in_range(const struct request_spec *spec, const json_t *root)
{
    struct str words = json_text(json_object_get(json_object_get(root, "chart"), "error"), "description").value;
    return spec->from_us.set && (text_has(words, "data doesn't exist") || text_has(words, "date range"));
}

void yahoo_parse_history(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    reply_begin(spec, arena, result);
    json_t *root = yahoo_json(response, result);
    if (root != NULL && response->status != 429 && nothing_in_range(spec, root)) {
        finish(spec, 0, result);
        json_decref(root);
        return;
    }
    const json_t *list = root == NULL ? NULL : yahoo_results(root, "chart", response, result);
    const json_t *first = json_array_get(list, 0);
    if (list != NULL && check_meta(spec, json_object_get(first, "meta"), result)) {
        read_days(spec, first, response, arena, result);
    }
    json_decref(root);
}
