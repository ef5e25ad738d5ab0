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

/** The endpoint a recording is a response of, with the symbol that was asked for. */
struct origin {
    const char *provider;
    const char *endpoint;
    char symbol[TEXT_MAX];
};

static bool find_origin(const struct recording *recording, struct origin *origin)
{
    static const char chart[] = "/v8/finance/chart/";
    const char *at = strstr(recording->url, chart);
    *origin = (struct origin){.symbol = "bitcoin"};
    if (at != NULL) {
        *origin = (struct origin){.provider = "yahoo", .endpoint = "chart"};
        snprintf(origin->symbol, sizeof origin->symbol, "%.*s", (int)strcspn(at + strlen(chart), "?"), at + strlen(chart));
    } else if (strstr(recording->url, "/simple/price") != NULL) {
        origin->provider = "coingecko";
        origin->endpoint = "simple_price";
    } else if (strstr(recording->url, "/coins/markets") != NULL) {
        origin->provider = "coingecko";
        origin->endpoint = "coins_markets";
    } else if (strstr(recording->file, "global_quote") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "global_quote", .symbol = "MSFT"};
    } else if (strstr(recording->file, "foreign_exchange") != NULL) {
        *origin = (struct origin){.provider = "alphavantage", .endpoint = "currency_exchange_rate", .symbol = "BTC/CNY"};
    }
    return origin->endpoint != NULL;
}

static struct parsed parse_as(const struct origin *origin, int status, const char *type, struct str body)
{
    const struct request_asset asset = {.asset = "test:ASSET", .symbol = origin->symbol};
    const struct request_spec spec = {.assets = &asset, .asset_count = 1};
    return parse_bytes(origin->provider, origin->endpoint, &spec, status, type, body);
}

/** What holds for every result, whatever the body was. */
static void check_sane(const struct parse_result *result)
{
    assert_true(result->outcome < OUTCOME_COUNT);
    assert_int_equal(result->outcome == OUTCOME_OK, result->quote_count > 0);
    assert_true(result->quote_count + result->missing_count <= 1);
    assert_true(result->outcome == OUTCOME_OK || result->message[0] != '\0');
    for (size_t i = 0; i < result->quote_count; i++) {
        assert_true(isfinite(result->quotes[i].price));
        assert_true(str_is(result->quotes[i].asset, "test:ASSET"));
        assert_true(result->quotes[i].observed_at_us >= 0);
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
    } else if (strcmp(origin->endpoint, "simple_price") == 0) {
        price = body_number(root, (const char *const[]){"bitcoin", "usd", NULL});
    } else if (strcmp(origin->endpoint, "coins_markets") == 0) {
        price = body_number(root, (const char *const[]){"0", "current_price", NULL});
    } else if (strcmp(origin->endpoint, "global_quote") == 0) {
        price = body_number(root, (const char *const[]){"Global Quote", "05. price", NULL});
    } else {
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

static void price_of_each_recording_is_the_one_in_its_body(void **state)
{
    (void)state;
    int compared[3] = {0};
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (!find_origin(&recordings[i], &origin)) {
            continue;
        }
        double right = body_price(&recordings[i], &origin);
        struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(&recordings[i].body));
        check_sane(&parsed.result);
        assert_int_equal(parsed.result.quote_count, isnan(right) ? 0 : 1);
        if (parsed.result.quote_count == 1) {
            double price = parsed.result.quotes[0].price;
            assert_true(fabs(price - right) <= fabs(right) * FLOAT32_ERROR);
            assert_true(origin.provider[0] != 'y' || is_short(price));
            compared[origin.provider[0] == 'y' ? 0 : origin.provider[0] == 'c' ? 1 : 2]++;
        }
        parsed_clear(&parsed);
    }
    print_message("prices compared: yahoo %d, coingecko %d, alphavantage %d\n", compared[0], compared[1], compared[2]);
    assert_true(compared[0] >= 10 && compared[1] >= 4 && compared[2] == 2);
}

static void london_price_in_pence_becomes_pounds(void **state)
{
    (void)state;
    int found = 0;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (!find_origin(&recordings[i], &origin) || strcmp(origin.symbol, "OCDO.L") != 0) {
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

static void parser_of_another_endpoint_makes_no_nonsense_of_a_recording(void **state)
{
    static const char *const symbols[] = {"AAPL", "bitcoin", "BTC/CNY"};
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        for (size_t p = 0; providers[p] != NULL; p++) {
            for (size_t e = 0; e < providers[p]->endpoint_count; e++) {
                struct origin origin = {.provider = providers[p]->name, .endpoint = providers[p]->endpoints[e].name};
                struct origin own;
                snprintf(origin.symbol, sizeof origin.symbol, "%s", symbols[p % 3]);
                bool is_own = find_origin(&recordings[i], &own) && strcmp(own.endpoint, origin.endpoint) == 0;
                struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(&recordings[i].body));
                check_sane(&parsed.result);
                assert_true(is_own || parsed.result.quote_count == 0);
                parsed_clear(&parsed);
            }
        }
    }
}

static void recording_cut_off_anywhere_gives_no_quote(void **state)
{
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        struct str body = buf_str(&recordings[i].body);
        if (!find_origin(&recordings[i], &origin)) {
            continue;
        }
        while (body.len > 0 && strchr(" \t\r\n", body.ptr[body.len - 1]) != NULL) {
            body.len--; /* white space behind the last bracket is no loss */
        }
        size_t step = body.len > 2000 ? body.len / 500 : 1;
        for (size_t len = 0; len < body.len; len += step) {
            struct parsed parsed = parse_as(&origin, 200, JSON, (struct str){.ptr = body.ptr, .len = len});
            check_sane(&parsed.result);
            assert_int_equal(parsed.result.quote_count, 0);
            assert_int_equal(parsed.result.outcome, len == 0 ? OUTCOME_EMPTY : OUTCOME_MALFORMED);
            parsed_clear(&parsed);
        }
    }
}

static void recording_with_flipped_bits_gives_a_quote_or_an_error(void **state)
{
    (void)state;
    uint64_t random = 11;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        struct buf *body = &recordings[i].body;
        for (int round = 0; find_origin(&recordings[i], &origin) && round < 400; round++) {
            size_t byte = random_next(&random) % body->len;
            uint8_t flip = (uint8_t)(1U << random_next(&random) % 8);
            body->data[byte] ^= flip;
            struct parsed parsed = parse_as(&origin, recordings[i].status, JSON, buf_str(body));
            check_sane(&parsed.result);
            parsed_clear(&parsed);
            body->data[byte] ^= flip;
        }
    }
}

static void recording_under_a_wrong_content_type_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < recording_count; i++) {
        struct origin origin;
        if (find_origin(&recordings[i], &origin) && recordings[i].status == 200) {
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
        cmocka_unit_test(london_price_in_pence_becomes_pounds),
        cmocka_unit_test(parser_of_another_endpoint_makes_no_nonsense_of_a_recording),
        cmocka_unit_test(recording_cut_off_anywhere_gives_no_quote),
        cmocka_unit_test(recording_with_flipped_bits_gives_a_quote_or_an_error),
        cmocka_unit_test(recording_under_a_wrong_content_type_is_refused),
    };
    char path[TEXT_MAX];
    snprintf(path, sizeof path, "%s/index.tsv", folder());
    return access(path, R_OK) == 0 ? cmocka_run_group_tests(tests, load, unload) : left_out();
}
