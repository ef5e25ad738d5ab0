/*
 * Alpha Vantage's OVERVIEW: one flat object of texts about a company. `None` and `-` stand for figures it does not have; an
 * empty object for a symbol it does not know.
 */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/json.h"
#include "ingest/providers/alphavantage.h"

/** Which figure becomes which field. */
static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
    {"MarketCapitalization", offsetof(struct fundamentals, market_cap)},
    {"SharesOutstanding", offsetof(struct fundamentals, shares_outstanding)},
    {"EPS", offsetof(struct fundamentals, eps)},
    {"PERatio", offsetof(struct fundamentals, pe_ratio)},
    {"ForwardPE", offsetof(struct fundamentals, forward_pe)},
    {"PEGRatio", offsetof(struct fundamentals, peg_ratio)},
    {"PriceToBookRatio", offsetof(struct fundamentals, price_to_book)},
    {"PriceToSalesRatioTTM", offsetof(struct fundamentals, price_to_sales)},
    {"BookValue", offsetof(struct fundamentals, book_value)},
    {"DividendPerShare", offsetof(struct fundamentals, dividend_per_share)},
    {"DividendYield", offsetof(struct fundamentals, dividend_yield)},
    {"Beta", offsetof(struct fundamentals, beta)},
    {"RevenueTTM", offsetof(struct fundamentals, revenue)},
    {"EBITDA", offsetof(struct fundamentals, ebitda)},
    {"ProfitMargin", offsetof(struct fundamentals, profit_margin)},
    {"52WeekHigh", offsetof(struct fundamentals, high_52w)},
    {"52WeekLow", offsetof(struct fundamentals, low_52w)},
};

bool alphavantage_build_overview(const struct request_spec *spec, struct buf *path, struct buf *headers, struct error *error)
{
    (void)headers;
    (void)error;
    buf_append_str(path, STR("/query?function=OVERVIEW&symbol="));
    path_symbols(path, spec);
    alphavantage_add_key(spec, path);
    return true;
}

/** A text, unless it stands for none. */
static struct opt_str read_text(const json_t *body, const char *key, struct arena *arena)
{
    struct opt_str text = json_text(body, key);
    if (!text.set || text.value.len == 0 || str_is(text.value, "None") || str_is(text.value, "-")) {
        return (struct opt_str){0};
    }
    return SOME_STR(arena_str(arena, text.value));
}

/** All texts of the answer by the provider's own names. */
static void read_figures(const json_t *body, struct arena *arena, struct fundamentals *company)
{
    const char *key;
    json_t *value;
    company->figures = arena_alloc(arena, (json_object_size(body) + 1) * sizeof *company->figures);
    json_object_foreach((json_t *)body, key, value)
    {
        if (json_is_string(value)) {
            const struct str text = {.ptr = json_string_value(value), .len = json_string_length(value)};
            company->figures[company->figures_count++] =
                (struct figure){.name = arena_str(arena, str_from(key)), .value = arena_str(arena, text)};
        }
    }
}

/** Fills the record from a good answer. */
static void read_company(const json_t *body, const struct request_asset *asset, struct arena *arena, struct fundamentals *company)
{
    struct opt_str currency = read_text(body, "Currency", arena);
    struct opt_long quarter = reply_time(json_string_value(json_object_get(body, "LatestQuarter")));
    *company = (struct fundamentals){
        .asset = str_from(asset->asset),
        .source = STR(ALPHAVANTAGE),
        .symbol = str_from(asset->symbol),
        .currency = currency.set ? currency.value : STR(""),
        .name = read_text(body, "Name", arena),
        .exchange = read_text(body, "Exchange", arena),
        .sector = read_text(body, "Sector", arena),
        .industry = read_text(body, "Industry", arena),
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const struct opt_double number = json_number_text(body, numbers[i].key);
        memcpy((char *)company + numbers[i].offset, &number, sizeof number);
    }
    if (quarter.set) {
        company->latest_quarter = SOME_INT((int32_t)time_day_of_us(quarter.value));
    }
    read_figures(body, arena, company);
}

void alphavantage_parse_overview(const struct request_spec *spec, const struct http_response *response, struct arena *arena,
                                 struct parse_result *result)
{
    const struct request_asset *asset = &spec->assets[0];
    json_t *root;
    reply_begin(spec, arena, result);
    const json_t *body = alphavantage_answer(response, &root, result);
    const char *symbol = json_string_value(json_object_get(body, "Symbol"));
    if (body != NULL && json_is_object(body) && json_object_size(body) == 0) {
        reply_set(result, OUTCOME_UNKNOWN_SYMBOL, "the provider does not know the symbol");
    } else if (body != NULL && symbol == NULL) {
        reply_set(result, OUTCOME_MALFORMED, "there is no 'Symbol' in the answer");
    } else if (body != NULL && strcasecmp(symbol, asset->symbol) != 0) {
        reply_set(result, OUTCOME_MALFORMED, "asked for %.40s, the answer is about %.40s", asset->symbol, symbol);
    } else if (body != NULL) {
        result->fundamentals = arena_alloc(arena, sizeof *result->fundamentals);
        read_company(body, asset, arena, result->fundamentals);
        result->fundamentals_count = 1;
        reply_finish(spec, result);
    }
    json_decref(root);
}
