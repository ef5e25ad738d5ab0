/*
 * Frankfurter: the reference rates of the last working day, fixed at 14:10 Central European time and there from 15:00 UTC on. The
 * simulated bank knows the four currencies of the simulated pairs.
 */
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"
#include "tests/sim/provider.h"

#define PUBLISHED_S INT64_C(54000)
#define FIXING_S INT64_C(51000)
#define SATURDAY 6

/** What a currency is worth in dollars follows from one pair; `digits` behind the point of its rate in euros. */
static const struct currency {
    const char *code;
    const char *pair; /* NULL: the dollar itself */
    bool inverse;     /* the pair is dollars in this currency */
    int decimals;
} currencies[] = {
    {"EUR", "fx:EURUSD", false, 4},
    {"USD", NULL, false, 4},
    {"GBP", "fx:GBPUSD", false, 5},
    {"JPY", "fx:USDJPY", true, 2},
};
#define CURRENCY_COUNT (sizeof(currencies) / sizeof(currencies[0]))

/** The day of the newest rates. */
static int64_t newest_day(int64_t now_us)
{
    int64_t day = time_day_of_us(now_us - PUBLISHED_S * US_PER_S);
    const int64_t weekday = (day + 4) % 7; /* 0 is Sunday */
    return day - (weekday == 0 ? 2 : weekday == SATURDAY ? 1 : 0);
}

/** Whether the list asks for a code; no list asks for all. */
static bool is_wanted(const char *list, const char *code)
{
    bool wanted = !list;
    for (struct str item; sim_list_next(&list, &item);)
        wanted = wanted || str_is(item, code);
    return wanted;
}

/** The currency of a code, or NULL. */
static const struct currency *find_currency(const char *code)
{
    for (size_t i = 0; i < CURRENCY_COUNT; i++) {
        if (strcmp(currencies[i].code, code) == 0)
            return &currencies[i];
    }
    return NULL;
}

/** All pairs, since every rate is worked out from two of them. */
static void resolve_latest(struct sim_call *call)
{
    for (size_t i = 0; i < CURRENCY_COUNT; i++) {
        if (currencies[i].pair)
            sim_ask(call, sim_asset_by_id(currencies[i].pair));
    }
}

/** Dollars for one unit of each currency at the fixing of a day. */
static void find_values(struct sim_call *call, int64_t day, double values[CURRENCY_COUNT])
{
    const int64_t fixed_s = zone_to_utc_us(ZONE_CENTRAL_EUROPE, day * US_PER_DAY + FIXING_S * US_PER_S) / US_PER_S;
    for (size_t i = 0; i < CURRENCY_COUNT; i++) {
        const struct sim_asset *pair = currencies[i].pair ? sim_asset_by_id(currencies[i].pair) : NULL;
        const double price = pair ? sim_observe_at(call, pair, 0, fixed_s).price : 1;
        values[i] = currencies[i].inverse ? 1 / price : price;
    }
}

/** /v1/latest?base=EUR&symbols=USD,GBP */
static void answer_latest(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const char *symbols = sim_param(call->request, "symbols"), *asked = sim_param(call->request, "base");
    const struct currency *base = find_currency(asked ? asked : "EUR");
    const int64_t day = newest_day(call->now_us);
    double values[CURRENCY_COUNT];
    char date[TIME_TEXT_MAX];
    if (!base || !call->asset_count) {
        sim_say(answer, 404, SIM_JSON, "{\"message\":\"not found\"}");
        return;
    }
    find_values(call, day, values);
    time_format_us(day * US_PER_DAY, date);
    date[strlen("2026-09-11")] = '\0';
    out_begin(&out, NULL, '{');
    out_num(&out, "amount", 1);
    out_text(&out, "base", base->code);
    out_text(&out, "date", date);
    out_begin(&out, "rates", '{');
    for (size_t i = 0; i < CURRENCY_COUNT; i++) {
        if (&currencies[i] != base && is_wanted(symbols, currencies[i].code))
            out_num(&out, currencies[i].code, round_decimals(values[base - currencies] / values[i], currencies[i].decimals));
    }
    out_end(&out, '}');
    out_end(&out, '}');
}

/** A page of the network in front of it. */
static void limited(struct sim_answer *answer)
{
    sim_say(answer, 429, SIM_HTML, "<html><head><title>Rate limited</title></head></html>\n");
}

static const struct sim_endpoint endpoints[] = {
    {.name = "latest", .path = "/v1/latest", .resolve = resolve_latest, .answer = answer_latest},
};

static const char *const matter[] = {"base", "symbols", NULL};

const struct sim_provider sim_frankfurter = {
    .name = "frankfurter",
    .source = SIM_FRANKFURTER,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
