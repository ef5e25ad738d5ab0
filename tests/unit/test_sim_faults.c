#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sim_ask.h"

#define CHART "/yahoo/v8/finance/chart/AAPL?range=1d&interval=1d"
#define SIMPLE "/coingecko/api/v3/simple/price?ids=bitcoin,ethereum&vs_currencies=usd&precision=full&include_last_updated_at=true"

static struct sim_world world;

static int set_up(void **state)
{
    (void)state;
    world_init(&world, 1, NOW_US);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_clear(&world);
    return 0;
}

/** Switches a fault on, or fails the test. */
static void post(const char *body)
{
    struct sim_answer answer = ask_at(&world, "POST", "/sim/faults", body, NOW_US);
    if (answer.status != 200)
        fail_msg("%s: %.*s", body, STR_ARG(buf_str(&answer.body)));
    buf_clear(&answer.body);
}

/** A number of the coin `id` in simple/price. */
static double coin_number(const char *id, const char *key, int64_t now_us)
{
    json_t *body = ask_json_at(&world, SIMPLE, now_us, NULL);
    const double value = json_number_value(json_object_get(json_object_get(body, id), key));
    json_decref(body);
    return value;
}

/** A number of `meta` of the chart of AAPL. */
static double meta_number(const char *key, int64_t now_us)
{
    json_t *body = ask_json_at(&world, CHART, now_us, NULL);
    const json_t *result = json_array_get(json_object_get(json_object_get(body, "chart"), "result"), 0);
    const double value = json_number_value(json_object_get(json_object_get(result, "meta"), key));
    json_decref(body);
    return value;
}

/** Number of labels so far. */
static int64_t injected(void)
{
    json_t *faults = ask_json(&world, "/sim/faults", NULL);
    const int64_t total = json_integer_value(json_object_get(faults, "injected_total"));
    json_decref(faults);
    return total;
}

static void a_unit_fault_hits_one_asset_of_one_source_in_its_time_only(void **state)
{
    (void)state;
    const double truth = coin_number("ethereum", "usd", NOW_US);
    post("{\"provider\": \"coingecko\", \"asset\": \"crypto:ETH\", \"kind\": \"price_x100\", \"from_s\": 5, \"until_s\": 10}");
    assert_true(coin_number("ethereum", "usd", NOW_US + 4 * US_PER_S) < truth * 2);
    assert_true(fabs(coin_number("ethereum", "usd", NOW_US + 5 * US_PER_S) / truth - 100) < 1);
    assert_true(coin_number("bitcoin", "usd", NOW_US + 6 * US_PER_S) < 1e5);
    assert_true(coin_number("ethereum", "usd", NOW_US + 10 * US_PER_S) < truth * 2);
    assert_int_equal(injected(), 2); /* twice asked in its time */
}

static void a_spike_moves_the_price_alone(void **state)
{
    (void)state;
    const double price = meta_number("regularMarketPrice", NOW_US), high = meta_number("regularMarketDayHigh", NOW_US);
    post("{\"provider\": \"yahoo\", \"symbol\": \"aapl\", \"kind\": \"spike\", \"percent\": 40}");
    assert_true(fabs(meta_number("regularMarketPrice", NOW_US) / price - 1.4) < 1e-4);
    assert_true(meta_number("regularMarketDayHigh", NOW_US) == high);
}

static void stale_time_is_old_and_frozen_stands_still(void **state)
{
    (void)state;
    const double now = coin_number("bitcoin", "last_updated_at", NOW_US);
    post("{\"name\": \"old\", \"provider\": \"coingecko\", \"kind\": \"stale_time\", \"age_s\": 900}");
    assert_true(coin_number("bitcoin", "last_updated_at", NOW_US) == now - 900);
    assert_int_equal(faults_stop(&world.faults, "old"), 1);
    assert_true(coin_number("bitcoin", "last_updated_at", NOW_US) == now);
    post("{\"provider\": \"coingecko\", \"kind\": \"frozen\"}");
    const double frozen = coin_number("bitcoin", "usd", NOW_US);
    assert_true(coin_number("bitcoin", "usd", NOW_US + 100 * US_PER_S) == frozen);
    assert_true(coin_number("bitcoin", "last_updated_at", NOW_US + 100 * US_PER_S) == now + 100);
}

static void limits_come_in_the_providers_own_words(void **state)
{
    (void)state;
    post("{\"kind\": \"status_429\", \"retry_after\": 7, \"provider\": \"coingecko\"}");
    post("{\"kind\": \"status_429\", \"provider\": \"yahoo\"}");
    struct sim_answer answer = ask(&world, SIMPLE);
    assert_int_equal(answer.status, 429);
    assert_int_equal(answer.retry_after_s, 7);
    assert_true(strncmp((const char *)answer.body.data, "{\"status\":{\"error_code\":429,", 28) == 0);
    buf_clear(&answer.body);
    answer = ask(&world, CHART);
    assert_int_equal(answer.status, 429);
    assert_int_equal(answer.retry_after_s, -1);
    assert_string_equal(answer.content_type, "text/html");
    assert_true(str_is(buf_str(&answer.body), "Too Many Requests\r\n"));
    buf_clear(&answer.body);
}

static void each_kind_about_answers_does_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        int status;
        const char *content_type;
        enum sim_delivery delivery;
        const char *holds;
    } cases[] = {
        {"status_5xx", 503, SIM_HTML, SIM_AT_ONCE, "not available"},
        {"timeout", 200, SIM_JSON, SIM_NEVER, ""},
        {"slow_body", 200, SIM_JSON, SIM_SLOWLY, "5. Exchange Rate"},
        {"wrong_content_type", 200, SIM_HTML, SIM_AT_ONCE, "5. Exchange Rate"},
        {"alphavantage_note", 200, SIM_JSON, SIM_AT_ONCE, "\"Note\""},
        {"html_page", 200, SIM_HTML, SIM_AT_ONCE, "<html>"},
        {"truncated_json", 200, SIM_JSON, SIM_AT_ONCE, "From_Currency"},
    };
    static const char uri[] = "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD&apikey=demo";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[200];
        snprintf(body, sizeof(body), "{\"provider\": \"alphavantage\", \"kind\": \"%s\"}", cases[i].kind);
        post(body);
        struct sim_answer answer = ask(&world, uri);
        json_t *json = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
        assert_int_equal(answer.status, cases[i].status);
        assert_string_equal(answer.content_type, cases[i].content_type);
        assert_int_equal(answer.delivery, cases[i].delivery);
        if (*cases[i].holds)
            assert_non_null(memmem(answer.body.data, answer.body.len, cases[i].holds, strlen(cases[i].holds)));
        if (strcmp(cases[i].kind, "truncated_json") == 0)
            assert_null(json);
        json_decref(json);
        buf_clear(&answer.body);
        assert_int_equal(faults_stop(&world.faults, NULL), 1);
    }
}

static void every_n_and_probability_choose_the_same_calls_for_the_same_seed(void **state)
{
    (void)state;
    char first[201] = "", second[201] = "", other[201] = "";
    char *const runs[] = {first, second, other};
    for (size_t run = 0; run < 3; run++) {
        struct sim_world one;
        struct error error = {0};
        world_init(&one, run == 2 ? 2 : 1, NOW_US);
        assert_true(
            faults_post(&one.faults, STR("{name: chance, provider: yahoo, kind: html_page, probability: 0.3}"), NOW_US, &error));
        assert_true(
            faults_post(&one.faults, STR("{name: turns, provider: coingecko, kind: html_page, every_n: 3}"), NOW_US, &error));
        for (size_t i = 0; i < 200; i++) {
            struct sim_answer yahoo = ask(&one, CHART), coingecko = ask(&one, SIMPLE);
            runs[run][i] = *yahoo.content_type == 't' ? 'x' : '.';
            assert_int_equal(*coingecko.content_type == 't', (i + 1) % 3 == 0);
            buf_clear(&yahoo.body);
            buf_clear(&coingecko.body);
        }
        world_clear(&one);
    }
    size_t hits = 0;
    for (size_t i = 0; i < 200; i++)
        hits += first[i] == 'x';
    assert_in_range(hits, 40, 80);
    assert_string_equal(first, second);
    assert_string_not_equal(first, other);
}

static void labels_say_what_was_really_sent(void **state)
{
    (void)state;
    post("{\"name\": \"unit\", \"provider\": \"yahoo\", \"kind\": \"price_x0_01\"}");
    post("{\"name\": \"limit\", \"provider\": \"yahoo\", \"kind\": \"status_429\", \"every_n\": 2}");
    for (int i = 0; i < 2; i++) {
        struct sim_answer answer = ask(&world, CHART);
        buf_clear(&answer.body);
    }
    json_t *faults = ask_json(&world, "/sim/faults", NULL);
    const json_t *labels = json_object_get(faults, "injected");
    assert_int_equal(json_array_size(labels), 2); /* no wrong price in the answer that was a limit */
    const json_t *unit = json_array_get(labels, 0), *limit = json_array_get(labels, 1);
    assert_string_equal(json_string_value(json_object_get(unit, "fault")), "unit");
    assert_string_equal(json_string_value(json_object_get(unit, "asset")), "equity:AAPL");
    assert_string_equal(json_string_value(json_object_get(unit, "endpoint")), "chart");
    assert_string_equal(json_string_value(json_object_get(unit, "time")), "2026-01-02T15:00:00.000000Z");
    assert_string_equal(json_string_value(json_object_get(limit, "kind")), "status_429");
    assert_true(json_is_null(json_object_get(limit, "asset")));
    json_decref(faults);
}

static void a_fault_about_an_asset_leaves_answers_without_it_alone(void **state)
{
    (void)state;
    post("{\"provider\": \"yahoo\", \"asset\": \"equity:KO\", \"kind\": \"status_5xx\", \"status\": 502}");
    struct sim_answer answer = ask(&world, CHART);
    assert_int_equal(answer.status, 200);
    buf_clear(&answer.body);
    answer = ask(&world, "/yahoo/v7/finance/spark?symbols=AAPL,KO");
    assert_int_equal(answer.status, 502);
    buf_clear(&answer.body);
}

static void wrong_faults_are_refused_with_the_field_and_what_to_write(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{}", "kind: is required"},
        {"{\"kind\": \"spik\"}", "did you mean spike?"},
        {"{\"kind\": \"spike\", \"provider\": \"bloomberg\"}", "there is no 'bloomberg'"},
        {"{\"kind\": \"spike\", \"endpoint\": \"chart\"}", "needs a provider"},
        {"{\"kind\": \"spike\", \"provider\": \"yahoo\", \"endpoint\": \"ping\"}", "yahoo has no 'ping'"},
        {"{\"kind\": \"spike\", \"asset\": \"equity:HES\"}", "the simulator has no 'equity:HES'"},
        {"{\"kind\": \"spike\", \"provider\": \"coingecko\", \"symbol\": \"AAPL\"}", "coingecko has no 'AAPL'"},
        {"{\"kind\": \"spike\", \"from_s\": 5, \"until_s\": 5}", "until_s: must be later than from_s"},
        {"{\"kind\": \"spike\", \"every_n\": 5, \"probability\": 0.5}", "probability: goes without every_n"},
        {"{\"kind\": \"spike\", \"probability\": 1.5}", "not between 0 and 1"},
        {"{\"kind\": \"timeout\", \"seconds\": 61}", "not between 0 and 60"},
        {"{\"kind\": \"alphavantage_note\"}", "goes with alphavantage only"},
        {"{\"kind\": \"spike\", \"percnt\": 5}", "did you mean percent?"},
        {"[1]", "must be a mapping"},
        {"{\"kind\": ", "body:"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_answer answer = ask_at(&world, "POST", "/sim/faults", cases[i][0], NOW_US);
        json_t *json = json_loadb((const char *)answer.body.data, answer.body.len, 0, NULL);
        const char *error = json_string_value(json_object_get(json, "error"));
        assert_int_equal(answer.status, 400);
        if (!error || !strstr(error, cases[i][1]))
            fail_msg("%s: '%s' does not say '%s'", cases[i][0], error ? error : "", cases[i][1]);
        json_decref(json);
        buf_clear(&answer.body);
    }
    assert_int_equal(world.faults.count, 0);
}

static void the_number_of_faults_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < SIM_FAULTS_MAX; i++)
        post("{\"kind\": \"spike\", \"provider\": \"yahoo\"}");
    struct sim_answer answer = ask_at(&world, "POST", "/sim/faults", "{\"kind\": \"spike\"}", NOW_US);
    assert_int_equal(answer.status, 400);
    buf_clear(&answer.body);
}

/** Writes `text` into a new file and returns its name. */
static const char *file_with(const char *text)
{
    static char name[] = "/tmp/test_sim_faults.XXXXXX";
    memcpy(name + sizeof(name) - 7, "XXXXXX", 6);
    const int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return name;
}

static void an_error_in_a_file_names_file_line_and_field(void **state)
{
    (void)state;
    struct error error = {0};
    const char *name = file_with("faults:\n  good: { kind: spike }\n  bad: { kind: timeout, seconds: x }\n");
    assert_false(faults_load(&world.faults, name, NOW_US, &error));
    unlink(name);
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, ":3: faults.bad.seconds: 'x' is not a number"));
    assert_non_null(strstr(error.message, name));
    name = file_with("fault: {}\n");
    assert_false(faults_load(&world.faults, name, NOW_US, &error));
    unlink(name);
    assert_non_null(strstr(error.message, "did you mean faults?"));
    assert_false(faults_load(&world.faults, "/nonexistent/faults.yaml", NOW_US, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void the_demo_file_loads(void **state)
{
    (void)state;
    struct error error = {0};
    const bool loaded = faults_load(&world.faults, SOURCE_DIR "/compose/demo-faults.yaml", NOW_US, &error);
    assert_string_equal(error.message, "");
    assert_true(loaded);
    assert_true(world.faults.count >= 5);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        FRESH(a_unit_fault_hits_one_asset_of_one_source_in_its_time_only),
        FRESH(a_spike_moves_the_price_alone),
        FRESH(stale_time_is_old_and_frozen_stands_still),
        FRESH(limits_come_in_the_providers_own_words),
        FRESH(each_kind_about_answers_does_what_it_says),
        FRESH(every_n_and_probability_choose_the_same_calls_for_the_same_seed),
        FRESH(labels_say_what_was_really_sent),
        FRESH(a_fault_about_an_asset_leaves_answers_without_it_alone),
        FRESH(wrong_faults_are_refused_with_the_field_and_what_to_write),
        FRESH(the_number_of_faults_is_bounded),
        FRESH(an_error_in_a_file_names_file_line_and_field),
        FRESH(the_demo_file_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
