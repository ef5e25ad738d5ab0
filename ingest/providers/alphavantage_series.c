/*
 * Alpha Vantage's series: technical indicators (SMA, EMA, RSI, MACD) and FX_DAILY. Each is an object of points by their time; a
 * whole one goes back decades, of which only the newest points are taken.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/zone.h"
#include "ingest/json.h"
#include "ingest/providers/alphavantage.h"

/** Points of an answer that are taken: where the job does not say, and at most. */
#define POINTS_DEFAULT 5
#define POINTS_MAX 100
/** Days that an answer of outputsize=compact has. */
#define COMPACT_DAYS 100

const char *const alphavantage_indicator_params[] = {"function", "interval", "time_period", "series_type", "points", NULL};
const char *const alphavantage_fx_daily_params[] = {"points", NULL};

/** The intervals: the provider's word, and ours. */
static const char *const intervals[][2] = {{"daily", "1d"},  {"weekly", "1w"},   {"monthly", "1mo"}, {"1min", "1min"},
                                           {"5min", "5min"}, {"15min", "15min"}, {"30min", "30min"}, {"60min", "60min"}};

/** What the parameters of an indicator say. */
struct wish {
    const char *function;
    const char *interval; /* the provider's word */
    const char *interval_name;
    const char *series_type;
    int64_t time_period; /* 0: the indicator has none */
    int64_t points;
};

/** Whether a parameter is one of some words; an error otherwise. */
static bool one_of(const char *value, const char *name, const char *const *words, struct error *error)
{
    for (; *words != NULL; words++) {
        if (strcmp(value, *words) == 0) {
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "params.%s: '%.40s' is not known here", name, value);
}

/** Reads the parameters of an indicator. */
static bool read_wish(const struct request_spec *spec, struct wish *wish, struct error *error)
{
    static const char *const functions[] = {"SMA", "EMA", "RSI", "MACD", NULL};
    static const char *const series[] = {"close", "open", "high", "low", NULL};
    *wish = (struct wish){
        .function = request_param(spec, "function", "SMA"),
        .interval = request_param(spec, "interval", "daily"),
        .series_type = request_param(spec, "series_type", "close"),
    };
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        wish->interval_name = strcmp(wish->interval, intervals[i][0]) == 0 ? intervals[i][1] : wish->interval_name;
    }
    if (wish->interval_name == NULL) {
        return error_set(error, ERROR_USAGE, "params.interval: '%.40s' is not known here", wish->interval);
    }
    if (!one_of(wish->function, "function", functions, error) || !one_of(wish->series_type, "series_type", series, error) ||
        !request_param_int(spec, "points", POINTS_DEFAULT, 1, POINTS_MAX, &wish->points, error) ||
        !request_param_int(spec, "time_period", strcmp(wish->function, "RSI") == 0 ? 14 : 20, 1, 1000, &wish->time_period,
                           error)) {
        return false;
    }
    wish->time_period = strcmp(wish->function, "MACD") == 0 ? 0 : wish->time_period;
    return true;
}

bool alphavantage_build_indicator(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    struct wish wish;
    (void)headers;
    if (!read_wish(spec, &wish, error)) {
        return false;
    }
    buf_printf(path, "/query?function=%s&symbol=", wish.function);
    path_symbols(path, spec);
    buf_printf(path, "&interval=%s&series_type=%s", wish.interval, wish.series_type);
    if (wish.time_period > 0) {
        buf_printf(path, "&time_period=%lld", (long long)wish.time_period);
    }
    alphavantage_add_key(spec, path);
    return true;
}

/** One point of a series. */
struct point {
    int64_t at_us;
    const json_t *values; /* borrowed from the answer */
};

/** Where a point belongs among those taken, newest first. */
static size_t place_of(const struct point *points, size_t count, int64_t at_us)
{
    while (count > 0 && points[count - 1].at_us < at_us) {
        count--;
    }
    return count;
}

/** `2017-12-20`, `2017-12-20 14:00` or `2017-12-20 14:00:00`, the last two in New York's time where `eastern`. */
static struct opt_long point_time(const char *text, bool eastern)
{
    char iso[24];
    size_t len = strlen(text);
    if (len == 10) {
        return reply_time(text);
    }
    if ((len != 16 && len != 19) || text[10] != ' ') {
        return (struct opt_long){0};
    }
    snprintf(iso, sizeof iso, "%.10sT%.8s%sZ", text, text + 11, len == 16 ? ":00" : "");
    struct opt_long time = reply_time(iso);
    if (time.set && eastern) {
        time.value = zone_to_utc_us(ZONE_NEW_YORK, time.value);
    }
    return time;
}

/** Takes the newest `max` points of a series, newest first. Returns how many; `points` has room for one more. */
static size_t newest_points(const json_t *series, bool eastern, size_t max, struct point *points)
{
    size_t count = 0;
    const char *key;
    json_t *values;
    json_object_foreach((json_t *)series, key, values)
    {
        struct opt_long time = point_time(key, eastern);
        size_t place = time.set ? place_of(points, count, time.value) : max;
        if (place < max && json_is_object(values)) {
            memmove(&points[place + 1], &points[place], (count - place) * sizeof *points);
            points[place] = (struct point){.at_us = time.value, .values = values};
            count = count < max ? count + 1 : max;
        }
    }
    return count;
}

/** Whether the head of an answer is about what was asked for. */
static bool meta_fits(const json_t *meta, const struct wish *wish, const char *symbol)
{
    struct opt_str named = json_text(meta, "1: Symbol");
    struct opt_str interval = json_text(meta, "4: Interval");
    struct opt_double period = json_number_text(meta, "5: Time Period");
    const char *named_text = json_string_value(json_object_get(meta, "1: Symbol"));
    bool period_fits = wish->time_period == 0 || (period.set && period.value == (double)wish->time_period);
    return named.set && strcasecmp(named_text, symbol) == 0 && interval.set && str_is(interval.value, wish->interval) &&
           period_fits;
}

/** Fills one record; false when the point has no value. */
static bool read_indicator(const struct point *point, const struct wish *wish, const struct request_asset *asset,
                           struct arena *arena, struct indicator *indicator)
{
    struct opt_double value = json_number_text(point->values, wish->function);
    if (!value.set) {
        return false;
    }
    *indicator = (struct indicator){
        .asset = str_from(asset->asset),
        .source = STR(ALPHAVANTAGE),
        .symbol = str_from(asset->symbol),
        .indicator = str_from(wish->function),
        .interval = str_from(wish->interval_name),
        .time_period = wish->time_period > 0 ? SOME_INT((int32_t)wish->time_period) : (struct opt_int){0},
        .series_type = arena_str(arena, str_from(wish->series_type)),
        .at_us = point->at_us,
        .value = value.value,
    };
    if (wish->time_period == 0) {
        indicator->signal = json_number_text(point->values, "MACD_Signal");
        indicator->histogram = json_number_text(point->values, "MACD_Hist");
    }
    return true;
}

/** Takes the newest values of a good answer. */
static void take_indicators(const json_t *root, const json_t *series, const struct wish *wish, const struct request_asset *asset,
                            struct arena *arena, struct parse_result *result)
{
    struct point points[POINTS_MAX + 1];
    const json_t *meta = json_object_get(root, "Meta Data");
    struct opt_str zone = json_text(meta, "7: Time Zone");
    if (!meta_fits(meta, wish, asset->symbol)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is about something else than %s of %.40s", wish->function,
                  asset->symbol);
        return;
    }
    bool eastern = !zone.set || text_has(zone.value, "Eastern") || text_has(zone.value, "New_York");
    size_t count = newest_points(series, eastern, (size_t)wish->points, points);
    result->indicators = arena_alloc(arena, (count + 1) * sizeof *result->indicators);
    for (size_t i = 0; i < count; i++) {
        struct indicator *next = &result->indicators[result->indicator_count];
        result->indicator_count += read_indicator(&points[i], wish, asset, arena, next) ? 1 : 0;
    }
}

void alphavantage_parse_indicator(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                  struct parse_result *result)
{
    char name[40];
    struct wish wish;
    struct error error = {0};
    json_t *root = NULL;
    reply_begin(spec, arena, result);
    if (!read_wish(spec, &wish, &error)) {
        reply_set(result, OUTCOME_MALFORMED, "%.150s", error.message);
        return;
    }
    snprintf(name, sizeof name, "Technical Analysis: %s", wish.function);
    const json_t *series = alphavantage_open(response, name, &root, result);
    if (series != NULL) {
        take_indicators(root, series, &wish, &spec->assets[0], arena, result);
        if (result->outcome != OUTCOME_MALFORMED) {
            reply_finish(spec, result);
        }
    }
    json_decref(root);
}

bool alphavantage_build_fx_daily(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    struct pair pair;
    int64_t points;
    (void)headers;
    if (!pair_split(spec->assets[0].symbol, &pair)) {
        return pair_error(&spec->assets[0], error);
    }
    if (!request_param_int(spec, "points", POINTS_DEFAULT, 1, COMPACT_DAYS, &points, error)) {
        return false;
    }
    buf_append_str(path, STR("/query?function=FX_DAILY&from_symbol="));
    path_escape(path, pair.from);
    buf_append_str(path, STR("&to_symbol="));
    path_escape(path, pair.to);
    buf_append_str(path, spec->from_us.set ? STR("&outputsize=full") : STR("&outputsize=compact"));
    alphavantage_add_key(spec, path);
    return true;
}

/** Whether a day belongs to what was asked for; one that is not over never does. */
static bool day_is_wanted(const struct request_spec *spec, int64_t at_us, int64_t now_us)
{
    return at_us + US_PER_DAY <= now_us && (!spec->from_us.set || at_us >= spec->from_us.value) &&
           (!spec->to_us.set || at_us < spec->to_us.value);
}

/** Fills one bar; false when the point has no close. */
static bool read_day(const struct point *point, const struct request_asset *asset, const char *currency, struct arena *arena,
                     struct bar *bar)
{
    struct opt_double close = json_number_text(point->values, "4. close");
    if (!close.set) {
        return false;
    }
    *bar = reply_bar(ALPHAVANTAGE, asset, (int32_t)time_day_of_us(point->at_us));
    bar->open = json_number_text(point->values, "1. open");
    bar->high = json_number_text(point->values, "2. high");
    bar->low = json_number_text(point->values, "3. low");
    bar->close = close.value;
    reply_bar_currency(bar, str_from(currency), arena);
    return true;
}

/** Oldest first, for qsort. */
static int compare_points(const void *a, const void *b)
{
    int64_t left = ((const struct point *)a)->at_us;
    int64_t right = ((const struct point *)b)->at_us;
    return (left > right) - (left < right);
}

/** Takes the wanted days of a good answer, oldest first. */
static void take_days(const struct request_spec *spec, const json_t *series, const struct pair *pair, int64_t now_us,
                      struct arena *arena, struct parse_result *result)
{
    struct error ignored;
    int64_t most;
    size_t count = 0;
    const char *key;
    json_t *values;
    struct point *points = arena_alloc(arena, (json_object_size(series) + 1) * sizeof *points);
    if (!request_param_int(spec, "points", POINTS_DEFAULT, 1, COMPACT_DAYS, &most, &ignored)) {
        most = POINTS_DEFAULT;
    }
    json_object_foreach((json_t *)series, key, values)
    {
        struct opt_long day = strlen(key) == 10 ? reply_time(key) : (struct opt_long){0};
        if (day.set && json_is_object(values) && day_is_wanted(spec, day.value, now_us)) {
            points[count++] = (struct point){.at_us = day.value, .values = values};
        }
    }
    qsort(points, count, sizeof *points, compare_points);
    size_t skipped = !spec->from_us.set && count > (size_t)most ? count - (size_t)most : 0;
    result->bars = arena_alloc(arena, (count - skipped + 1) * sizeof *result->bars);
    for (size_t i = skipped; i < count; i++) {
        struct bar *next = &result->bars[result->bar_count];
        result->bar_count += read_day(&points[i], &spec->assets[0], pair->to, arena, next) ? 1 : 0;
    }
}

void alphavantage_parse_fx_daily(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                 struct parse_result *result)
{
    const struct request_asset *asset = &spec->assets[0];
    struct pair pair;
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *series = alphavantage_open(response, "Time Series FX (Daily)", &root, result);
    const json_t *meta = json_object_get(root, "Meta Data");
    const char *from = json_string_value(json_object_get(meta, "2. From Symbol"));
    const char *to = json_string_value(json_object_get(meta, "3. To Symbol"));
    if (series != NULL && (from == NULL || to == NULL || !pair_split(asset->symbol, &pair) || strcasecmp(from, pair.from) != 0 ||
                           strcasecmp(to, pair.to) != 0)) {
        reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about another pair", asset->symbol);
    } else if (series != NULL) {
        take_days(spec, series, &pair, response->fetched_at_us, arena, result);
        reply_finish(spec, result);
    }
    json_decref(root);
}
