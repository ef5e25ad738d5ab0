/*
 * Every parser over every recorded response of the real services, as they came and damaged. The recordings are not part of this
 * repository: QUOTEBUS_RECORDINGS names their folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>

#include "ingest/schedule.h"
#include "parse_bench.h"

#define JSON "application/json"
/** Half a unit in the last place of a float32, relative. */
#define FLOAT32_ERROR 6e-8
#define RECORDINGS_MAX 200
#define TEXT_MAX 1000

/** One row of the index with its body. */
struct recording {
    char file[TEXT_MAX];
    char url[TEXT_MAX];
    int status;
    struct buf body;
};

static struct recording recordings[RECORDINGS_MAX];
static size_t recording_count;

static const char *folder(void)
{
    const char *named = getenv("QUOTEBUS_RECORDINGS");
    return named != NULL && named[0] != '\0' ? named : SOURCE_DIR "/../shared/fixtures/providers";
}

static bool read_body(struct recording *recording)
{
    char path[3 * TEXT_MAX];
    char chunk[65536];
    size_t len;
    snprintf(path, sizeof path, "%s/%s", folder(), recording->file);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0) {
        buf_append(&recording->body, chunk, len);
    }
    fclose(file);
    return true;
}

/** Reads index.tsv: file, url, status, ... */
static int load(void **state)
{
    (void)state;
    char path[TEXT_MAX];
    char line[8 * TEXT_MAX];
    snprintf(path, sizeof path, "%s/index.tsv", folder());
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, file) != NULL && recording_count < RECORDINGS_MAX) {
        struct recording *recording = &recordings[recording_count];
        if (sscanf(line, "%999[^\t]\t%999[^\t]\t%d", recording->file, recording->url, &recording->status) == 3 &&
            read_body(recording)) {
            recording_count++;
        }
    }
    fclose(file);
    return recording_count > 0 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        buf_clear(&recordings[i].body);
    }
    return 0;
}

/** An endpoint a recording is a response of, with the symbol that was asked for. */
struct origin {
    const char *provider;
    const char *endpoint;
    char symbol[TEXT_MAX];
};

/** The endpoints whose path says what they are; some answers are those of two endpoints. */
static const struct {
    const char *url_part;
    const char *provider;
    const char *endpoint;
} by_url[] = {
    {"/v8/finance/chart/", "yahoo", "chart"},         {"/v8/finance/chart/", "yahoo", "history"},
    {"/v7/finance/quote?", "yahoo", "quote"},         {"/simple/price", "coingecko", "simple_price"},
    {"/coins/markets", "coingecko", "coins_markets"}, {"/coins/markets", "coingecko", "top_coins"},
    {"/market_chart", "coingecko", "market_chart"},   {"/search/trending", "coingecko", "trending"},
};

/** Copies what stands behind `mark` in a URL up to one of `ends`. */
static void copy_symbol(struct origin *origin, const char *url, const char *mark, const char *ends)
{
    const char *at = strstr(url, mark);
    if (at != NULL) {
        at += strlen(mark);
        bool caret = strncmp(at, "%5E", 3) == 0;
        at += caret ? 3 : 0;
        snprintf(origin->symbol, sizeof origin->symbol, "%s%.*s", caret ? "^" : "", (int)strcspn(at, ends), at);
    }
}

/** Number `which` of the endpoints a recording is a response of; false when there are no more. */
static bool find_origin(const struct recording *recording, int which, struct origin *origin)
{
    *origin = (struct origin){.symbol = "bitcoin"};
    for (size_t i = 0; i < sizeof by_url / sizeof by_url[0]; i++) {
        if (strstr(recording->url, by_url[i].url_part) == NULL || which-- > 0) {
            continue;
        }
        origin->provider = by_url[i].provider;
        origin->endpoint = by_url[i].endpoint;
        copy_symbol(origin, recording->url, "/v8/finance/chart/", "?");
        copy_symbol(origin, recording->url, "/v7/finance/quote?symbols=", "&%");
        return true;
    }
    if (which == 0 && strstr(recording->file, "global_quote") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "global_quote", .symbol = "MSFT"};
    } else if (which == 0 && strstr(recording->file, "foreign_exchange") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "currency_exchange_rate", .symbol = "BTC/CNY"};
    } else if (which == 0 && strstr(recording->file, "company_overview") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "overview", .symbol = "IBM"};
    } else if (which == 0 && strstr(recording->file, "technical_indicator") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "indicator", .symbol = "MSFT"};
    }
    return origin->endpoint != NULL;
}

static struct parsed parse_as(const struct origin *origin, int status, const char *type, struct str body)
{
    static const struct job_param indicator[] = {{.name = (char *)"interval", .value = (char *)"15min"},
                                                 {.name = (char *)"time_period", .value = (char *)"10"},
                                                 {.name = (char *)"points", .value = (char *)"100"}};
    const struct request_asset asset = {.asset = "test:ASSET", .symbol = origin->symbol};
    struct request_spec spec = {.assets = &asset, .asset_count = 1};
    if (strcmp(origin->endpoint, "indicator") == 0) {
        spec.params = indicator;
        spec.param_count = sizeof indicator / sizeof indicator[0];
    }
    return parse_bytes(origin->provider, origin->endpoint, &spec, status, type, body);
}

/** What holds for every result, whatever the body was. */
static void check_sane(const struct parse_result *result)
{
    assert_true(result->outcome < OUTCOME_COUNT);
    assert_int_equal(result->outcome == OUTCOME_OK, records_total(result) > 0);
    assert_true(result->quote_count + result->missing_count <= 1);
    assert_true(result->outcome == OUTCOME_OK || result->message[0] != '\0');
    for (size_t i = 0; i < result->quote_count; i++) {
        assert_true(isfinite(result->quotes[i].price));
        assert_true(str_is(result->quotes[i].asset, "test:ASSET"));
        assert_true(result->quotes[i].observed_at_us >= 0);
    }
    for (size_t i = 0; i < result->bar_count; i++) {
        assert_true(isfinite(result->bars[i].close));
        assert_true(i == 0 || result->bars[i].date > result->bars[i - 1].date);
    }
}

/** A number of the body by its path of keys (a digit is an index), read without the product's parsers. NAN when there is none. */
static double body_number(const json_t *root, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        root = json_is_array(root) ? json_array_get(root, (size_t)atol(*keys)) : json_object_get(root, *keys);
    }
    return json_is_string(root) ? strtod(json_string_value(root), NULL) : json_is_number(root) ? json_number_value(root) : NAN;
}

/** The price that stands in the body of a recording. */
static double body_price(const struct recording *recording, const struct origin *origin)
{
    json_t *root = json_loadb((const char *)recording->body.data, recording->body.len, 0, NULL);
    double price = NAN;
    if (strcmp(origin->endpoint, "chart") == 0) {
        const json_t *meta =
            json_object_get(json_array_get(json_object_get(json_object_get(root, "chart"), "result"), 0), "meta");
        const char *currency = json_string_value(json_object_get(meta, "currency"));
        bool pence = currency != NULL && strcmp(currency, "GBp") == 0;
        price = body_number(meta, (const char *const[]){"regularMarketPrice", NULL}) * (pence ? 0.01 : 1);
    } else if (strcmp(origin->endpoint, "quote") == 0) {
        const json_t *entry = json_array_get(json_object_get(json_object_get(root, "quoteResponse"), "result"), 0);
        const char *currency = json_string_value(json_object_get(entry, "currency"));
        bool pence = currency != NULL && strcmp(currency, "GBp") == 0;
        price = body_number(entry, (const char *const[]){"regularMarketPrice", NULL}) * (pence ? 0.01 : 1);
        price = currency != NULL ? price : NAN; /* asked for other fields only: no price without its currency */
    } else if (strcmp(origin->endpoint, "simple_price") == 0) {
        price = body_number(root, (const char *const[]){"bitcoin", "usd", NULL});
    } else if (strcmp(origin->endpoint, "coins_markets") == 0) {
        price = body_number(root, (const char *const[]){"0", "current_price", NULL});
    } else if (strcmp(origin->endpoint, "global_quote") == 0) {
        price = body_number(root, (const char *const[]){"Global Quote", "05. price", NULL});
    } else if (strcmp(origin->endpoint, "currency_exchange_rate") == 0) {
        price = body_number(root, (const char *const[]){"Realtime Currency Exchange Rate", "5. Exchange Rate", NULL});
    }
    json_decref(root);
    return price;
}

/** Whether a price is written with at most nine digits: no binary noise of a widened float is left. */
static bool is_short(double price)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", price);
    return strtod(text, NULL) == price;
}

/** Compares the price of one recording with the one in its body; the number of prices compared. */
static int compare_price(const struct recording *recording, const struct origin *origin)
{
    double right = body_price(recording, origin);
    struct parsed parsed = parse_as(origin, recording->status, JSON, buf_str(&recording->body));
    int compared = 0;
    check_sane(&parsed.result);
    assert_int_equal(parsed.result.quote_count, isnan(right) ? 0 : 1);
    if (parsed.result.quote_count == 1) {
        double price = parsed.result.quotes[0].price;
        assert_true(fabs(price - right) <= fabs(right) * FLOAT32_ERROR);
        assert_true(origin->provider[0] != 'y' || is_short(price));
        compared = 1;
    }
    parsed_clear(&parsed);
    return compared;
}

static void price_of_each_recording_is_the_one_in_its_body(void **state)
{
    (void)state;
    int compared[3] = {0};
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        for (int which = 0; find_origin(&recordings[i], which, &origin); which++) {
            compared[origin.provider[0] == 'y' ? 0 : origin.provider[0] == 'c' ? 1 : 2] += compare_price(&recordings[i], &origin);
        }
    }
    print_message("prices compared: yahoo %d, coingecko %d, alphavantage %d\n", compared[0], compared[1], compared[2]);
    assert_true(compared[0] >= 25 && compared[1] >= 4 && compared[2] == 2);
}

/** Compares one day with row `row` of the body; pence are a hundredth. */
static void compare_row(const struct bar *bar, const json_t *response, size_t row, double unit)
{
    static const char *const keys[] = {"open", "high", "low", "close"};
    const struct opt_double close = SOME_DOUBLE(bar->close);
    const struct opt_double *const values[] = {&bar->open, &bar->high, &bar->low, &close};
    const json_t *quote = json_array_get(json_object_get(json_object_get(response, "indicators"), "quote"), 0);
    for (size_t k = 0; k < 4; k++) {
        double right = json_number_value(json_array_get(json_object_get(quote, keys[k]), row)) * unit;
        assert_true(values[k]->set && fabs(values[k]->value - right) <= fabs(right) * FLOAT32_ERROR);
    }
    assert_true(bar->volume.value == json_number_value(json_array_get(json_object_get(quote, "volume"), row)));
}

static void days_of_each_recorded_chart_are_the_rows_in_its_body(void **state)
{
    (void)state;
    size_t days = 0;
    double dividends = 0;
    double split = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (!find_origin(&recordings[i], 1, &origin) || strcmp(origin.endpoint, "history") != 0) {
            continue;
        }
        json_t *root = json_loadb((const char *)recordings[i].body.data, recordings[i].body.len, 0, NULL);
        const json_t *response = json_array_get(json_object_get(json_object_get(root, "chart"), "result"), 0);
        struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(&recordings[i].body));
        size_t rows = json_array_size(json_object_get(response, "timestamp"));
        check_sane(&parsed.result);
        assert_int_equal(parsed.result.bar_count, rows);
        for (size_t row = 0; row < rows; row++) {
            compare_row(&parsed.result.bars[row], response, row, strcmp(origin.symbol, "OCDO.L") == 0 ? 0.01 : 1);
            dividends += parsed.result.bars[row].dividend.value;
            split += strcmp(origin.symbol, "NVDA") == 0 ? parsed.result.bars[row].split.value : 0;
        }
        days += rows;
        parsed_clear(&parsed);
        json_decref(root);
    }
    print_message("days compared: %zu, dividends %.4f\n", days, dividends);
    assert_true(days >= 560);
    assert_true(dividends > 2 && split == 4);
}

static void recorded_lists_and_points_are_read_whole(void **state)
{
    (void)state;
    size_t trends = 0;
    size_t closes = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        for (int which = 0; find_origin(&recordings[i], which, &origin); which++) {
            struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(&recordings[i].body));
            if (strcmp(origin.endpoint, "trending") == 0) {
                assert_int_equal(parsed.result.ranking_count, 1);
                trends += parsed.result.rankings[0].entries_count;
                assert_true(str_is(parsed.result.rankings[0].entries[0].symbol, "matic-network"));
            }
            closes += parsed.result.bar_count * (strcmp(origin.endpoint, "market_chart") == 0);
            parsed_clear(&parsed);
        }
    }
    print_message("trends %zu, closes of coins %zu\n", trends, closes);
    assert_true(trends == 7 && closes >= 90);
}

static void london_price_in_pence_becomes_pounds(void **state)
{
    (void)state;
    int found = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (!find_origin(&recordings[i], 0, &origin) || strcmp(origin.symbol, "OCDO.L") != 0 ||
            strcmp(origin.endpoint, "chart") != 0) {
            continue;
        }
        struct parsed parsed = parse_as(&origin, 200, JSON, buf_str(&recordings[i].body));
        assert_true(parsed.result.quotes[0].price == 3.053);
        assert_true(parsed.result.quotes[0].high.value == 3.06507);
        assert_true(parsed.result.quotes[0].unit_factor == 0.01);
        assert_true(str_is(parsed.result.quotes[0].currency, "GBP"));
        assert_int_equal(parsed.result.quotes[0].observed_at_us, INT64_C(1740051143000000));
        parsed_clear(&parsed);
        found++;
    }
    assert_int_equal(found, 1);
}

/** Whether a recording is a response of an endpoint of that name. */
static bool is_of(const struct recording *recording, const char *endpoint)
{
    struct origin own;
    int which = 0;
    while (find_origin(recording, which, &own) && strcmp(own.endpoint, endpoint) != 0) {
        which++;
    }
    return own.endpoint != NULL;
}

static void parser_of_another_endpoint_makes_no_nonsense_of_a_recording(void **state)
{
    static const char *const symbols[] = {"AAPL", "bitcoin", "BTC/CNY"};
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        for (size_t p = 0; providers[p] != NULL; p++) {
            for (size_t e = 0; e < providers[p]->endpoint_count; e++) {
                struct origin origin = {.provider = providers[p]->name, .endpoint = providers[p]->endpoints[e].name};
                snprintf(origin.symbol, sizeof origin.symbol, "%s", symbols[p % 3]);
                bool is_own = is_of(&recordings[i], origin.endpoint);
                struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(&recordings[i].body));
                check_sane(&parsed.result);
                assert_true(is_own || records_total(&parsed.result) == 0);
                parsed_clear(&parsed);
            }
        }
    }
}

/** Cuts a body at some hundred places: what is left is never a good answer. */
static void cut_everywhere(const struct origin *origin, struct str body)
{
    while (body.len > 0 && strchr(" \t\r\n", body.ptr[body.len - 1]) != NULL) {
        body.len--; /* white space behind the last bracket is no loss */
    }
    size_t step = body.len > 2000 ? body.len / 300 : 1;
    for (size_t len = 0; len < body.len; len += step) {
        struct parsed parsed = parse_as(origin, 200, JSON, (struct str){.ptr = body.ptr, .len = len});
        check_sane(&parsed.result);
        assert_int_equal(records_total(&parsed.result), 0);
        assert_int_equal(parsed.result.outcome, len == 0 ? OUTCOME_EMPTY : OUTCOME_MALFORMED);
        parsed_clear(&parsed);
    }
}

static void recording_cut_off_anywhere_gives_no_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        for (int which = 0; find_origin(&recordings[i], which, &origin); which++) {
            cut_everywhere(&origin, buf_str(&recordings[i].body));
        }
    }
}

/** Fails the test when a damaged figure is there and is not the right one. */
static void check_figure(struct opt_double damaged, struct opt_double right)
{
    assert_true(!damaged.set || (right.set && damaged.value == right.value));
}

/** Compares figures that must be the same although other bytes are damaged; those of a currency that was damaged are others. */
static void check_same_figures(const struct parse_result *damaged, const struct parse_result *right)
{
    assert_true(damaged->quote_count <= right->quote_count && damaged->bar_count <= right->bar_count);
    for (size_t i = 0; i < damaged->quote_count; i++) {
        const struct quote *a = &damaged->quotes[i];
        const struct quote *b = &right->quotes[i];
        if (str_equal(a->currency, b->currency)) {
            assert_true(a->price == b->price);
            check_figure(a->bid, b->bid);
            check_figure(a->high, b->high);
            check_figure(a->low, b->low);
            check_figure(a->volume, b->volume);
            check_figure(a->market_cap, b->market_cap);
        }
    }
    for (size_t i = 0, k = 0; i < damaged->bar_count; i++) {
        const struct bar *a = &damaged->bars[i];
        while (k < right->bar_count && right->bars[k].date < a->date) {
            k++;
        }
        assert_true(k < right->bar_count && right->bars[k].date == a->date);
        const struct bar *b = &right->bars[k];
        if (str_equal(a->currency, b->currency)) {
            assert_true(a->close == b->close);
            check_figure(a->open, b->open);
            check_figure(a->high, b->high);
            check_figure(a->low, b->low);
            check_figure(a->adj_close, b->adj_close);
            check_figure(a->volume, b->volume);
            check_figure(a->dividend, b->dividend);
            check_figure(a->split, b->split);
        }
    }
}

/** The same of lists and of what is said about a coin. */
static void check_same_lists(const struct parse_result *damaged, const struct parse_result *right)
{
    assert_true(damaged->ranking_count <= right->ranking_count && damaged->fundamentals_count <= right->fundamentals_count);
    for (size_t i = 0; damaged->ranking_count > 0 && i < damaged->rankings[0].entries_count; i++) {
        const struct ranked_asset *a = &damaged->rankings[0].entries[i];
        for (size_t k = 0; k < right->rankings[0].entries_count; k++) {
            const struct ranked_asset *b = &right->rankings[0].entries[k];
            if (str_equal(a->symbol, b->symbol)) {
                check_figure(a->price, b->price);
                check_figure(a->market_cap, b->market_cap);
                check_figure(a->volume, b->volume);
                check_figure(a->change_24h_pct, b->change_24h_pct);
            }
        }
    }
    for (size_t i = 0; i < damaged->fundamentals_count; i++) {
        check_figure(damaged->fundamentals[i].market_cap, right->fundamentals[i].market_cap);
        check_figure(damaged->fundamentals[i].shares_outstanding, right->fundamentals[i].shares_outstanding);
        check_figure(damaged->fundamentals[i].shares_total, right->fundamentals[i].shares_total);
        check_figure(damaged->fundamentals[i].shares_max, right->fundamentals[i].shares_max);
    }
}

/** The same of indicators and of a company's figures. */
static void check_same_company(const struct parse_result *damaged, const struct parse_result *right)
{
    for (size_t i = 0, k = 0; i < damaged->indicator_count; i++) {
        while (k < right->indicator_count && right->indicators[k].at_us > damaged->indicators[i].at_us) {
            k++;
        }
        bool found = k < right->indicator_count && right->indicators[k].at_us == damaged->indicators[i].at_us;
        assert_true(!found || damaged->indicators[i].value == right->indicators[k].value);
    }
    for (size_t i = 0; i < damaged->fundamentals_count; i++) {
        check_figure(damaged->fundamentals[i].eps, right->fundamentals[i].eps);
        check_figure(damaged->fundamentals[i].pe_ratio, right->fundamentals[i].pe_ratio);
        check_figure(damaged->fundamentals[i].revenue, right->fundamentals[i].revenue);
        check_figure(damaged->fundamentals[i].high_52w, right->fundamentals[i].high_52w);
    }
}

static void overview_and_indicator_of_the_recordings_are_read_whole(void **state)
{
    (void)state;
    size_t indicators = 0;
    size_t companies = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (!find_origin(&recordings[i], 0, &origin) || origin.provider[0] != 'a') {
            continue;
        }
        struct parsed parsed = parse_as(&origin, 200, JSON, buf_str(&recordings[i].body));
        indicators += parsed.result.indicator_count;
        companies += parsed.result.fundamentals_count;
        if (parsed.result.indicator_count > 0) {
            assert_true(parsed.result.indicators[0].value == 85.244);
            assert_int_equal(parsed.result.indicators[0].at_us, INT64_C(1513796400000000));
        }
        if (parsed.result.fundamentals_count > 0) {
            json_t *root = json_loadb((const char *)recordings[i].body.data, recordings[i].body.len, 0, NULL);
            assert_true(parsed.result.fundamentals[0].market_cap.value ==
                        body_number(root, (const char *const[]){"MarketCapitalization", NULL}));
            assert_int_equal(parsed.result.fundamentals[0].figures_count, json_object_size(root));
            json_decref(root);
        }
        parsed_clear(&parsed);
    }
    assert_int_equal(indicators, 100);
    assert_int_equal(companies, 1);
}

/** Whether a byte can stand in a number. */
static bool in_number(uint8_t byte)
{
    return byte != 0 && strchr("0123456789.+-eE", byte) != NULL;
}

static void recording_with_flipped_bits_gives_right_figures_or_an_error(void **state)
{
    (void)state;
    uint64_t random = 11;
    size_t answers = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        struct buf *body = &recordings[i].body;
        for (int which = 0; find_origin(&recordings[i], which, &origin); which++) {
            struct parsed right = parse_as(&origin, recordings[i].status, JSON, buf_str(body));
            for (int round = 0; round < 300; round++) {
                size_t byte = random_next(&random) % body->len;
                uint8_t flip = (uint8_t)(1U << random_next(&random) % 8);
                bool digit = in_number(body->data[byte]) || in_number(body->data[byte] ^ flip);
                body->data[byte] ^= flip;
                struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(body));
                check_sane(&parsed.result);
                if (!digit) { /* another digit is another number, which nobody can tell */
                    check_same_figures(&parsed.result, &right.result);
                    check_same_lists(&parsed.result, &right.result);
                    check_same_company(&parsed.result, &right.result);
                    answers += records_total(&parsed.result) > 0;
                }
                parsed_clear(&parsed);
                body->data[byte] ^= flip;
            }
            parsed_clear(&right);
        }
    }
    print_message("damaged answers that still gave records: %zu\n", answers);
    assert_true(answers > 100);
}

static void recording_under_a_wrong_content_type_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        for (int which = 0; recordings[i].status == 200 && find_origin(&recordings[i], which, &origin); which++) {
            struct parsed page = parse_as(&origin, 200, "text/html", buf_str(&recordings[i].body));
            assert_int_equal(page.result.outcome, OUTCOME_HTML);
            parsed_clear(&page);
            struct parsed image = parse_as(&origin, 200, "image/png", buf_str(&recordings[i].body));
            assert_int_equal(image.result.outcome, OUTCOME_MALFORMED);
            parsed_clear(&image);
        }
    }
}

/** No recordings: an error where they are required, one line elsewhere. */
static int left_out(void)
{
    const char *ci = getenv("CI");
    bool required = (ci != NULL && strcmp(ci, "true") == 0) || getenv("QUOTEBUS_RECORDINGS") != NULL;
    printf("the recordings were left out: there is no index.tsv in %s\n", folder());
    return required ? 1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(price_of_each_recording_is_the_one_in_its_body),
        cmocka_unit_test(days_of_each_recorded_chart_are_the_rows_in_its_body),
        cmocka_unit_test(recorded_lists_and_points_are_read_whole),
        cmocka_unit_test(london_price_in_pence_becomes_pounds),
        cmocka_unit_test(parser_of_another_endpoint_makes_no_nonsense_of_a_recording),
        cmocka_unit_test(overview_and_indicator_of_the_recordings_are_read_whole),
        cmocka_unit_test(recording_cut_off_anywhere_gives_no_record),
        cmocka_unit_test(recording_with_flipped_bits_gives_right_figures_or_an_error),
        cmocka_unit_test(recording_under_a_wrong_content_type_is_refused),
    };
    char path[TEXT_MAX];
    snprintf(path, sizeof path, "%s/index.tsv", folder());
    return access(path, R_OK) == 0 ? cmocka_run_group_tests(tests, load, unload) : left_out();
}
