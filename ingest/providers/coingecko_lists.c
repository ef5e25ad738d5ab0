/*
 * Lists of CoinGecko: search/trending (what people look up most) and the coins with the largest capitalisation (coins/markets, a
 * page per call). A coin that is one of the job's assets gets its id.
 */
#include <string.h>

#include "ingest/json.h"
#include "ingest/number.h"
#include "ingest/providers/coingecko.h"

/** Most pages: beyond it a list has no value any more. */
#define PAGES_MAX 40

const char *const coingecko_top_params[] = {"page", "per_page", NULL};

bool coingecko_build_trending(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)error;
    coingecko_add_key(spec, headers);
    buf_append_str(path, STR("/api/v3/search/trending"));
    return true;
}

bool coingecko_build_top(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    int64_t page;
    int64_t per_page;
    if (!request_param_int(spec, "page", 1, 1, PAGES_MAX, &page, error) ||
        !request_param_int(spec, "per_page", COINGECKO_PAGE, 1, COINGECKO_PAGE, &per_page, error)) {
        return false;
    }
    coingecko_add_key(spec, headers);
    buf_printf(path, "/api/v3/coins/markets?vs_currency=usd&order=market_cap_desc&per_page=%lld&page=%lld&precision=full",
               (long long)per_page, (long long)page);
    return true;
}

/** Our id of a coin, where it is an asset of the job. */
static struct opt_str asset_of(const struct request_spec *spec, struct str coin)
{
    for (size_t i = 0; i < spec->asset_count; i++) {
        if (str_is(coin, spec->assets[i].symbol)) {
            return SOME_STR(str_from(spec->assets[i].asset));
        }
    }
    return (struct opt_str){0};
}

/** Begins an entry from the members `id` and `name`; false for what is no coin: a coin has a symbol, too. */
static bool begin_entry(const struct request_spec *spec, const json_t *coin, int32_t rank, struct arena *arena,
                        struct ranked_asset *entry)
{
    struct opt_str id = json_text(coin, "id");
    if (!id.set || !json_text(coin, "symbol").set) {
        return false;
    }
    *entry = (struct ranked_asset){
        .rank = rank,
        .symbol = arena_str(arena, id.value),
        .name = arena_str(arena, json_text(coin, "name").value),
        .asset = asset_of(spec, id.value),
    };
    return true;
}

/** A figure that may be a number, or a text as `$1,234.5`. */
static struct opt_double dollars(const json_t *object, const char *key)
{
    struct opt_str text = json_text(object, key);
    double value;
    if (!text.set) {
        return json_number(object, key);
    }
    if (text.value.len > 0 && text.value.ptr[0] == '$') {
        text.value.ptr++;
        text.value.len--;
    }
    return number_from_text(text.value, &value) ? SOME_DOUBLE(value) : (struct opt_double){0};
}

/** Fills a place of the trending list. Its figures came with later versions of the service: all may be absent. */
static void read_trend(const json_t *item, struct ranked_asset *entry)
{
    const json_t *data = json_object_get(item, "data");
    entry->price = dollars(data, "price");
    entry->market_cap = dollars(data, "market_cap");
    entry->volume = dollars(data, "total_volume");
    entry->change_24h_pct = json_number(json_object_get(data, "price_change_percentage_24h"), "usd");
    entry->score = json_number(item, "score");
}

/** Fills a place of the list by capitalisation. */
static void read_top(const json_t *row, struct ranked_asset *entry)
{
    struct opt_double rank = json_number(row, "market_cap_rank");
    entry->rank = rank.set && rank.value >= 1 && rank.value <= 1e6 ? (int32_t)rank.value : entry->rank;
    entry->price = json_number(row, "current_price");
    entry->market_cap = json_number(row, "market_cap");
    entry->volume = json_number(row, "total_volume");
    entry->change_24h_pct = json_number(row, "price_change_percentage_24h");
}

/** What tells the two lists apart. */
struct list_kind {
    const char *name;
    const char *inner; /* member of an entry that holds the coin; NULL: the entry is the coin */
    void (*read)(const json_t *coin, struct ranked_asset *entry);
};

/** Makes the ranking of an array of coins whose first has the place `first_rank`. */
static void read_list(const struct request_spec *spec, const struct list_kind *kind, const json_t *coins, int32_t first_rank,
                      struct arena *arena, struct parse_result *result)
{
    size_t count = json_array_size(coins);
    struct ranking *ranking = arena_alloc(arena, sizeof *ranking);
    *ranking = (struct ranking){.list = str_from(kind->name), .source = STR(COINGECKO), .currency = STR("USD")};
    ranking->entries = arena_alloc(arena, (count + 1) * sizeof *ranking->entries);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(coins, i);
        const json_t *coin = kind->inner != NULL ? json_object_get(entry, kind->inner) : entry;
        struct ranked_asset *place = &ranking->entries[ranking->entries_count];
        if (begin_entry(spec, coin, first_rank + (int32_t)i, arena, place)) {
            kind->read(coin, place);
            ranking->entries_count++;
        }
    }
    result->rankings = ranking;
    result->ranking_count = ranking->entries_count > 0 ? 1 : 0;
    reply_finish(spec, result);
}

void coingecko_parse_trending(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                              struct parse_result *result)
{
    static const struct list_kind kind = {.name = "trending", .inner = "item", .read = read_trend};
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    const json_t *coins = json_object_get(answer, "coins");
    if (answer != NULL && !json_is_array(coins)) {
        reply_set(result, OUTCOME_MALFORMED, "there are no coins in the answer");
    } else if (answer != NULL) {
        read_list(spec, &kind, coins, 1, arena, result);
    }
    json_decref(root);
}

void coingecko_parse_top(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                         struct parse_result *result)
{
    static const struct list_kind kind = {.name = "top_market_cap", .read = read_top};
    struct error ignored;
    int64_t page = 1;
    int64_t per_page = COINGECKO_PAGE;
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *answer = coingecko_open(response, &root, result);
    if (answer != NULL && !json_is_array(answer)) {
        reply_set(result, OUTCOME_MALFORMED, "the answer is not a list of coins");
    } else if (answer != NULL && request_param_int(spec, "page", 1, 1, PAGES_MAX, &page, &ignored) &&
               request_param_int(spec, "per_page", COINGECKO_PAGE, 1, COINGECKO_PAGE, &per_page, &ignored)) {
        read_list(spec, &kind, answer, (int32_t)((page - 1) * per_page + 1), arena, result);
    }
    json_decref(root);
}
