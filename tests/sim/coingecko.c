/*
 * CoinGecko: simple/price, coins/markets, search/trending, market_chart and ping. Field by field after recorded answers; manners:
 * unknown coins are absent, simple/price does not trim its ids while coins/markets does, and a wrong request is a 422 with one
 * `error` text.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "tests/sim/provider.h"

#define PAGE_MAX 250
#define CURRENCIES_MAX 16
#define DAY_S INT64_C(86400)
/** How far back the service goes without a key. */
#define DAYS_MAX INT64_C(365)
/** How many coins trend, and how long. */
#define TRENDING_COUNT 15
#define TRENDING_S 600

/** What prices can be given in. */
static const struct currency {
    const char *code;
    const char *asset; /* whose price is the value of one unit; NULL: `usd` is */
    bool inverse;      /* the asset is dollars in this currency */
    double usd;
} currencies[] = {
    {"usd", NULL, false, 1},       {"eur", "fx:EURUSD", false, 0},  {"gbp", "fx:GBPUSD", false, 0},
    {"jpy", "fx:USDJPY", true, 0}, {"btc", "crypto:BTC", false, 0}, {"eth", "crypto:ETH", false, 0},
    {"myr", NULL, false, 0.238},
};

/** The currency of that code, or NULL. */
static const struct currency *find_currency(struct str code)
{
    for (size_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++) {
        if (strlen(currencies[i].code) == code.len && strncasecmp(currencies[i].code, code.ptr, code.len) == 0)
            return &currencies[i];
    }
    return NULL;
}

/** Dollars that one unit of a currency is worth at a time. */
static double value_of(const struct market *market, const struct currency *currency, int64_t at_s)
{
    const struct sim_asset *asset = currency->asset ? sim_asset_by_id(currency->asset) : NULL;
    const double price = asset ? market_price(market, asset, at_s) : currency->usd;
    return currency->inverse ? 1 / price : price;
}

/** Digits behind the point: as asked for, or few for large numbers; `full` gives ten significant ones. */
static double show(const struct sim_call *call, double value)
{
    const char *precision = sim_param(call->request, "precision");
    if (precision && strcmp(precision, "full") == 0)
        return round_significant(value, 10);
    const int64_t digits = sim_param_int(call->request, "precision", -1, 0, 18);
    if (digits >= 0)
        return round_decimals(value, digits < 15 ? (int)digits : 15);
    return value >= 1000 ? round_decimals(value, 0) : value >= 1 ? round_decimals(value, 2) : round_significant(value, 6);
}

/** Capitalisation at a price. */
static double capitalisation(const struct sim_asset *coin, double price)
{
    return price * coin->supply;
}

/** A 422. */
static void refuse(struct sim_answer *answer, const char *words)
{
    struct json_out out = {.buf = &answer->body};
    answer->status = 422;
    out_begin(&out, NULL, '{');
    out_text(&out, "error", words);
    out_end(&out, '}');
}

/** The fields of one coin in one currency. */
static void write_price(struct json_out *out, const struct sim_call *call, const struct sim_asset *coin,
                        const struct observation *seen, const struct currency *currency)
{
    const double unit = value_of(call->market, currency, seen->observed_s);
    const double day_ago = market_price(call->market, coin, seen->observed_s - 86400);
    char key[64];
    out_num(out, currency->code, show(call, seen->price / unit));
    snprintf(key, sizeof(key), "%s_market_cap", currency->code);
    if (sim_param_true(call->request, "include_market_cap"))
        out_num(out, key, round_significant(capitalisation(coin, seen->price) / unit, 15));
    snprintf(key, sizeof(key), "%s_24h_vol", currency->code);
    if (sim_param_true(call->request, "include_24hr_vol"))
        out_num(out, key, round_significant(seen->volume / unit, 15));
    snprintf(key, sizeof(key), "%s_24h_change", currency->code);
    if (sim_param_true(call->request, "include_24hr_change"))
        out_num(out, key, round_decimals((seen->price / day_ago - 1) * 100, 6));
}

/** Reads the known ones of vs_currencies, each once. */
static size_t read_currencies(const struct sim_call *call, const struct currency *found[CURRENCIES_MAX])
{
    const char *list = sim_param(call->request, "vs_currencies");
    size_t count = 0;
    for (struct str item; sim_list_next(&list, &item);) {
        const struct currency *currency = find_currency(item);
        bool known = currency == NULL;
        for (size_t i = 0; i < count; i++)
            known = known || found[i] == currency;
        if (!known && count < CURRENCIES_MAX)
            found[count++] = currency;
    }
    return count;
}

/** Coins of `ids`, blanks and all. */
static void resolve_simple_price(struct sim_call *call)
{
    sim_ask_list(call, sim_param(call->request, "ids"), false);
}

/** /api/v3/simple/price?ids=...&vs_currencies=... */
static void answer_simple_price(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const struct currency *wanted[CURRENCIES_MAX];
    const size_t count = read_currencies(call, wanted);
    if (!sim_param(call->request, "ids") || !sim_param(call->request, "vs_currencies")) {
        refuse(answer, sim_param(call->request, "ids") ? "Missing parameter vs_currencies" : "Missing parameter ids");
        return;
    }
    out_begin(&out, NULL, '{');
    for (size_t i = 0; i < call->asset_count; i++) {
        const struct sim_asset *coin = call->assets[i];
        const struct observation seen = sim_observe(call, coin, 0);
        out_begin(&out, coin->symbols[SIM_COINGECKO], '{');
        for (size_t k = 0; k < count; k++)
            write_price(&out, call, coin, &seen, wanted[k]);
        if (sim_param_true(call->request, "include_last_updated_at"))
            out_int(&out, "last_updated_at", seen.observed_s);
        out_end(&out, '}');
    }
    out_end(&out, '}');
}

/** Coins of `ids`, or all of a page, in the order of the table (which is that of the ranks). */
static void resolve_coins_markets(struct sim_call *call)
{
    const char *ids = sim_param(call->request, "ids");
    if (ids) {
        sim_ask_list(call, ids, true);
        return;
    }
    const int64_t per_page = sim_param_int(call->request, "per_page", 100, 1, PAGE_MAX);
    const int64_t first = (sim_param_int(call->request, "page", 1, 1, 10000) - 1) * per_page;
    int64_t coin = 0;
    for (size_t i = 0; i < sim_asset_count; i++) {
        if (!sim_assets[i].symbols[SIM_COINGECKO])
            continue;
        if (coin >= first && coin < first + per_page)
            sim_ask(call, &sim_assets[i]);
        coin++;
    }
}

/** Rank of a coin by its place in the table. */
static int64_t rank_of(const struct sim_asset *coin)
{
    int64_t rank = 1;
    for (const struct sim_asset *other = sim_assets; other != coin; other++)
        rank += other->symbols[SIM_COINGECKO] != NULL;
    return rank;
}

/** A point in time with milliseconds, as CoinGecko writes it. */
static void write_time(struct json_out *out, const char *key, int64_t at_us)
{
    char text[TIME_TEXT_MAX];
    time_format_us(at_us, text);
    memcpy(text + strlen("2026-01-02T03:04:05.678"), "Z", sizeof("Z"));
    out_text(out, key, text);
}

/** Who the coin is. */
static void write_identity(struct json_out *out, const struct sim_asset *coin)
{
    char symbol[32], image[128];
    const char *code = strchr(coin->id, ':') + 1;
    size_t len = 0;
    for (; code[len] && len + 1 < sizeof(symbol); len++)
        symbol[len] = (char)(code[len] | 0x20);
    symbol[len] = '\0';
    snprintf(image, sizeof(image), "https://assets.example.invalid/coins/%s.png", coin->symbols[SIM_COINGECKO]);
    out_text(out, "id", coin->symbols[SIM_COINGECKO]);
    out_text(out, "symbol", symbol);
    out_text(out, "name", coin->name);
    out_text(out, "image", image);
}

/** Supply, and highest and lowest price ever. */
static void write_history(struct json_out *out, const struct sim_call *call, const struct sim_asset *coin, double price,
                          double unit)
{
    const double highest = coin->start_price * 1.4 / unit, lowest = coin->start_price * 0.001 / unit;
    out_num(out, "circulating_supply", coin->supply);
    out_num(out, "total_supply", coin->supply);
    out_num(out, "max_supply", coin->supply * 1.1);
    out_num(out, "ath", show(call, highest));
    out_num(out, "ath_change_percentage", round_decimals((price / highest - 1) * 100, 5));
    write_time(out, "ath_date", INT64_C(1759622400) * US_PER_S);
    out_num(out, "atl", show(call, lowest));
    out_num(out, "atl_change_percentage", round_decimals((price / lowest - 1) * 100, 5));
    write_time(out, "atl_date", INT64_C(1373068800) * US_PER_S);
}

/** Return since the coin was first sold; only some coins have it. */
static void write_roi(struct json_out *out, const struct sim_asset *coin)
{
    if (strcmp(coin->symbols[SIM_COINGECKO], "ethereum") != 0) {
        out_null(out, "roi");
        return;
    }
    out_begin(out, "roi", '{');
    out_num(out, "times", 45.81);
    out_text(out, "currency", "btc");
    out_num(out, "percentage", 4581.02);
    out_end(out, '}');
}

/** One row. */
static void write_market(struct json_out *out, struct sim_call *call, const struct sim_asset *coin,
                         const struct currency *currency)
{
    const struct observation seen = sim_observe(call, coin, 0);
    const double unit = value_of(call->market, currency, seen.observed_s);
    const double price = seen.price / unit, volume = seen.volume / unit;
    const double day_ago = market_price(call->market, coin, seen.observed_s - 86400) / unit;
    const double percent = round_decimals((price / day_ago - 1) * 100, 5);
    out_begin(out, NULL, '{');
    write_identity(out, coin);
    out_num(out, "current_price", show(call, price));
    out_num(out, "market_cap", round_decimals(capitalisation(coin, price), 0));
    out_int(out, "market_cap_rank", rank_of(coin));
    out_num(out, "fully_diluted_valuation", round_decimals(capitalisation(coin, price) * 1.1, 0));
    out_num(out, "total_volume", round_decimals(volume, 0));
    out_num(out, "high_24h", show(call, seen.high / unit));
    out_num(out, "low_24h", show(call, seen.low / unit));
    out_num(out, "price_change_24h", round_significant(price - day_ago, 9));
    out_num(out, "price_change_percentage_24h", percent);
    out_num(out, "market_cap_change_24h", round_decimals(capitalisation(coin, price - day_ago), 4));
    out_num(out, "market_cap_change_percentage_24h", percent);
    write_history(out, call, coin, price, unit);
    write_roi(out, coin);
    write_time(out, "last_updated", seen.observed_s * US_PER_S + (int64_t)(sim_hash((uint64_t)seen.observed_s, 0) % 1000) * 1000);
    out_end(out, '}');
}

/** /api/v3/coins/markets?vs_currency=usd&ids=... */
static void answer_coins_markets(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const char *code = sim_param(call->request, "vs_currency");
    const struct currency *currency = code ? find_currency(str_from(code)) : NULL;
    if (!currency) {
        refuse(answer, code ? "invalid vs_currency" : "Missing parameter vs_currency");
        return;
    }
    out_begin(&out, NULL, '[');
    for (size_t i = 0; i < call->asset_count; i++)
        write_market(&out, call, call->assets[i], currency);
    out_end(&out, ']');
}

/** Coins that are looked up most: another order every ten minutes. */
static void resolve_trending(struct sim_call *call)
{
    const uint64_t turn = sim_hash(call->market->seed, (uint64_t)(call->now_us / US_PER_S / TRENDING_S));
    for (uint64_t i = 0; call->asset_count < TRENDING_COUNT && i < 1000; i++) {
        const struct sim_asset *asset = &sim_assets[sim_hash(turn, i) % sim_asset_count];
        if (asset->symbols[SIM_COINGECKO])
            sim_ask(call, asset);
    }
}

/** A figure of a trend as text. */
static void out_dollars(struct json_out *out, const char *key, double value)
{
    char plain[40], text[64];
    size_t len = (size_t)snprintf(plain, sizeof(plain), "%.0f", value);
    size_t at = 0;
    text[at++] = '$';
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = plain[i];
    }
    text[at] = '\0';
    out_text(out, key, text);
}

/** One trend. */
static void write_trend(struct json_out *out, struct sim_call *call, const struct sim_asset *coin, int64_t score)
{
    const struct observation seen = sim_observe(call, coin, 0);
    const double btc = value_of(call->market, find_currency(STR("btc")), seen.observed_s);
    const double day_ago = market_price(call->market, coin, seen.observed_s - 86400);
    out_begin(out, NULL, '{');
    out_begin(out, "item", '{');
    write_identity(out, coin);
    out_int(out, "market_cap_rank", rank_of(coin));
    out_num(out, "price_btc", round_significant(seen.price / btc, 16));
    out_int(out, "score", score);
    out_begin(out, "data", '{');
    out_num(out, "price", round_significant(seen.price, 12));
    out_begin(out, "price_change_percentage_24h", '{');
    out_num(out, "usd", round_decimals((seen.price / day_ago - 1) * 100, 12));
    out_end(out, '}');
    out_dollars(out, "market_cap", capitalisation(coin, seen.price));
    out_dollars(out, "total_volume", seen.volume);
    out_end(out, '}');
    out_end(out, '}');
    out_end(out, '}');
}

/** /api/v3/search/trending */
static void answer_trending(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    out_begin(&out, NULL, '{');
    out_begin(&out, "coins", '[');
    for (size_t i = 0; i < call->asset_count; i++)
        write_trend(&out, call, call->assets[i], (int64_t)i);
    out_end(&out, ']');
    out_begin(&out, "nfts", '[');
    out_end(&out, ']');
    out_begin(&out, "categories", '[');
    out_end(&out, ']');
    out_end(&out, '}');
}

/** The coin stands in the path: bitcoin/market_chart, perhaps with /range behind it. */
static void resolve_market_chart(struct sim_call *call)
{
    char coin[64];
    const size_t len = strcspn(call->request->rest, "/");
    if (len < sizeof(coin) && strncmp(call->request->rest + len, "/market_chart", strlen("/market_chart")) == 0) {
        memcpy(coin, call->request->rest, len);
        coin[len] = '\0';
        sim_ask(call, sim_asset_by_symbol(SIM_COINGECKO, coin));
    }
}

/** Times of the points of a market_chart. */
struct points {
    int64_t from_s, to_s, step_s;
    bool now; /* the last point is that of now */
};

/** Reads what is asked for: some days up to now, or a range; the closer the points the shorter it is. */
static struct points read_points(const struct sim_call *call)
{
    const int64_t now_s = call->now_us / US_PER_S;
    const char *interval = sim_param(call->request, "interval");
    const int64_t days = sim_param_int(call->request, "days", 1, 1, DAYS_MAX);
    struct points points = {.from_s = now_s - days * DAY_S, .to_s = now_s, .now = true};
    if (strstr(call->request->rest, "/range")) {
        points.from_s = sim_param_int(call->request, "from", now_s, now_s - DAYS_MAX * DAY_S, now_s);
        points.to_s = sim_param_int(call->request, "to", now_s, 0, now_s);
        points.now = false;
    }
    const int64_t span_s = points.to_s - points.from_s;
    points.step_s = span_s > 90 * DAY_S || (interval && strcmp(interval, "daily") == 0) ? DAY_S : span_s > DAY_S ? 3600 : 300;
    points.from_s += (points.step_s - points.from_s % points.step_s) % points.step_s;
    return points;
}

/** A point `[ms, value]`. */
static void out_point(struct json_out *out, int64_t at_s, double value)
{
    out_begin(out, NULL, '[');
    out_int(out, NULL, at_s * 1000);
    out_num(out, NULL, value);
    out_end(out, ']');
}

/** One series: prices, or prices times `factor`. */
static void write_points(struct json_out *out, const char *key, const struct sim_call *call, const struct points *points,
                         const struct observation *seen, double factor)
{
    const struct sim_asset *coin = call->assets[0];
    out_begin(out, key, '[');
    for (int64_t at_s = points->from_s; at_s <= points->to_s; at_s += points->step_s)
        out_point(out, at_s, market_price(call->market, coin, at_s) * factor);
    if (points->now)
        out_point(out, seen->observed_s, seen->price * factor);
    out_end(out, ']');
}

/** /api/v3/coins/ID/market_chart?vs_currency=usd&days=30, or .../range?vs_currency=usd&from=...&to=... */
static void answer_market_chart(struct sim_call *call, struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    const char *code = sim_param(call->request, "vs_currency");
    if (call->asset_count == 0) {
        sim_say(answer, 404, SIM_JSON, "{\"error\":\"coin not found\"}");
        return;
    }
    if (!code || !find_currency(str_from(code))) {
        refuse(answer, code ? "invalid vs_currency" : "Missing parameter vs_currency");
        return;
    }
    const struct sim_asset *coin = call->assets[0];
    const struct observation seen = sim_observe(call, coin, 0);
    const struct points points = read_points(call);
    const double unit = 1 / value_of(call->market, find_currency(str_from(code)), seen.observed_s);
    out_begin(&out, NULL, '{');
    write_points(&out, "prices", call, &points, &seen, unit);
    write_points(&out, "market_caps", call, &points, &seen, unit * coin->supply);
    write_points(&out, "total_volumes", call, &points, &seen, unit * coin->supply * 0.05);
    out_end(&out, '}');
}

/** /api/v3/ping */
static void answer_ping(struct sim_call *call, struct sim_answer *answer)
{
    (void)call;
    sim_say(answer, 200, SIM_JSON, "{\"gecko_says\":\"(V3) To the Moon!\"}");
}

/** The limit as an object. */
static void limited(struct sim_answer *answer)
{
    struct json_out out = {.buf = &answer->body};
    out_begin(&out, NULL, '{');
    out_begin(&out, "status", '{');
    out_int(&out, "error_code", 429);
    out_text(&out, "error_message", "You've exceeded the Rate Limit. Please slow down, or use a plan with a higher limit.");
    out_end(&out, '}');
    out_end(&out, '}');
}

static const struct sim_endpoint endpoints[] = {
    {.name = "simple_price", .path = "/api/v3/simple/price", .resolve = resolve_simple_price, .answer = answer_simple_price},
    {.name = "coins_markets",
     .path = "/api/v3/coins/markets",
     .needs = "ids",
     .resolve = resolve_coins_markets,
     .answer = answer_coins_markets},
    {.name = "top_coins", .path = "/api/v3/coins/markets", .resolve = resolve_coins_markets, .answer = answer_coins_markets},
    {.name = "trending", .path = "/api/v3/search/trending", .resolve = resolve_trending, .answer = answer_trending},
    {.name = "market_chart", .path = "/api/v3/coins/", .resolve = resolve_market_chart, .answer = answer_market_chart},
    {.name = "ping", .path = "/api/v3/ping", .answer = answer_ping},
};

static const char *const matter[] = {"ids", "vs_currency", "vs_currencies", "days", "interval", "date", "query", NULL};

const struct sim_provider sim_coingecko = {
    .name = "coingecko",
    .source = SIM_COINGECKO,
    .endpoints = endpoints,
    .endpoint_count = sizeof(endpoints) / sizeof(endpoints[0]),
    .matter = matter,
    .limited = limited,
};
