/*
 * Days from CoinGecko's market_chart. It gives prices, capitalisations and turnovers at points in time, five minutes to a day
 * apart; of a day there is no open, high or low. What it does say of a day is its last price: the point at midnight (UTC) that
 * ends it, and the turnover of the 24 hours before. So a bar has close and volume only, from the first point of the hour that
 * begins there; a point of another time of day, as the newest one, is no bar.
 */
#include <math.h>

#include "base/clock.h"
#include "ingest/json.h"
#include "ingest/providers/coingecko.h"

/** How long after midnight a point still stands for it. */
#define MIDNIGHT_MS 3600000.0
#define DAY_MS 86400000.0
/** Latest time that is believed: the end of the year 9999, epoch milliseconds. */
#define TIME_MAX_MS 253402300799000.0
/** End of a range that has none. */
#define FAR_AWAY_S INT64_C(9999999999)

const char *const coingecko_history_params[] = {"days", NULL};

bool coingecko_build_history(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    int64_t days;
    if (spec->asset_count != 1) {
        return error_set(error, ERROR_INVALID, "coingecko market_chart takes one coin, not %zu", spec->asset_count);
    }
    if (!request_param_int(spec, "days", 30, 1, 365, &days, error)) {
        return false;
    }
    coingecko_add_key(spec, headers);
    buf_append_str(path, STR("/api/v3/coins/"));
    path_escape(path, spec->assets[0].symbol);
    if (spec->from_us.set) {
        int64_t from_s = spec->from_us.value / US_PER_S;
        int64_t to_s = spec->to_us.set ? spec->to_us.value / US_PER_S + (int64_t)(MIDNIGHT_MS / 1000) : FAR_AWAY_S;
        buf_printf(path, "/market_chart/range?vs_currency=usd&from=%lld&to=%lld", (long long)from_s, (long long)to_s);
    } else {
        buf_printf(path, "/market_chart?vs_currency=usd&days=%lld&interval=daily", (long long)days);
    }
    buf_append_str(path, STR("&precision=full"));
    return true;
}

/** A point `[1613347200000, 48607.87]`; false when it is none. */
static bool read_point(const json_t *point, double *at_ms, double *value)
{
    const json_t *time = json_array_get(point, 0);
    const json_t *figure = json_array_get(point, 1);
    *at_ms = json_number_value(time);
    *value = json_number_value(figure);
    return json_is_number(time) && json_is_number(figure) && *at_ms >= 0 && *at_ms <= TIME_MAX_MS;
}

/** The turnover at the time of a price: the two lists go side by side. */
static struct opt_double turnover_at(const json_t *turnovers, size_t i, double at_ms)
{
    double time_ms;
    double value;
    bool found = read_point(json_array_get(turnovers, i), &time_ms, &value) && time_ms == at_ms;
    return found ? SOME_DOUBLE(value) : (struct opt_double){0};
}

/** Whether a day was asked for. */
static bool in_range(const struct request_spec *spec, int32_t date)
{
    int64_t begin_us = date * US_PER_DAY;
    return (!spec->from_us.set || begin_us >= time_day_of_us(spec->from_us.value) * US_PER_DAY) &&
           (!spec->to_us.set || begin_us < spec->to_us.value);
}

/** Reads all points; false with the outcome set when one is none or their times go back. */
static bool read_points(const struct request_spec *spec, const json_t *prices, const json_t *turnovers,
                        struct parse_result *result)
{
    double before_ms = 0;
    for (size_t i = 0; i < json_array_size(prices); i++) {
        double at_ms;
        double price;
        if (!read_point(json_array_get(prices, i), &at_ms, &price) || at_ms < before_ms) {
            reply_set(result, OUTCOME_MALFORMED, "the points are not numbers in the order of time");
            return false;
        }
        before_ms = at_ms;
        int32_t date = (int32_t)floor(at_ms / DAY_MS) - 1;
        bool known = result->bar_count > 0 && result->bars[result->bar_count - 1].date == date;
        if (known || fmod(at_ms, DAY_MS) >= MIDNIGHT_MS || !in_range(spec, date)) {
            continue;
        }
        struct bar *bar = &result->bars[result->bar_count++];
        *bar = reply_bar(COINGECKO, &spec->assets[0], date);
        bar->currency = STR("USD");
        bar->close = price;
        bar->volume = turnover_at(turnovers, i, at_ms);
    }
    return true;
}

void coingecko_parse_history(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                             struct parse_result *result)
{
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    const json_t *prices = json_object_get(answer, "prices");
    if (answer != NULL && !json_is_array(prices)) {
        reply_set(result, OUTCOME_MALFORMED, "there are no prices in the answer");
    } else if (answer != NULL) {
        result->bars = arena_alloc(arena, (json_array_size(prices) + 1) * sizeof *result->bars);
        if (!read_points(spec, prices, json_object_get(answer, "total_volumes"), result)) {
            result->bar_count = 0;
        } else if (result->bar_count == 0 && spec->from_us.set) {
            reply_set(result, OUTCOME_OK, "there is no day in the range");
        } else {
            reply_finish(spec, result);
        }
    }
    json_decref(root);
}
