#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "tests/unit/sim_ask.h"

#define HEADER "file\turl\tstatus\trecorded\n"
#define CHART(symbol, price) "{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"" symbol "\",\"regularMarketPrice\":" price "}}]}}"

/** A folder of recordings made for one test. */
static char folder[] = "/tmp/test_sim_recordings.XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    char path[100];
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/yahoo", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/alphavantage", folder);
    return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof(command), "rm -r '%s'", folder);
    return system(command);
}

static void put_file(const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/** A world that serves the folder. */
static void open_world(struct sim_world *world)
{
    struct error error = {0};
    world_init(world, 1, NOW_US);
    world->recordings = recordings_load(folder, &error);
    assert_string_equal(error.message, "");
    assert_non_null(world->recordings);
}

/** Whether the answer is exactly that. */
static void expect(struct sim_world *world, const char *uri, int status, const char *body)
{
    struct sim_answer answer = ask(world, uri);
    assert_int_equal(answer.status, status);
    if (!str_is(buf_str(&answer.body), body))
        fail_msg("%s: %.*s", uri, STR_ARG(buf_str(&answer.body)));
    buf_clear(&answer.body);
}

static void recordings_of_one_request_are_served_in_turn_whatever_the_range(void **state)
{
    (void)state;
    struct sim_world world;
    put_file("yahoo/a.json", CHART("AAPL", "1"));
    put_file("yahoo/b.json", CHART("AAPL", "2"));
    put_file("yahoo/c.json", "{\"e\":1}");
    put_file("index.tsv", HEADER "yahoo/a.json\thttps://q.example/v8/finance/chart/AAPL?period1=1\t200\tx\n"
                                 "yahoo/b.json\thttps://q.example/v8/finance/chart/AAPL\t200\tx\n"
                                 "yahoo/c.json\thttps://q.example/v8/finance/chart/BAD%3DX\t502\tx\n");
    open_world(&world);
    expect(&world, "/yahoo/v8/finance/chart/AAPL?range=1d", 200, CHART("AAPL", "1"));
    expect(&world, "/yahoo/v8/finance/chart/AAPL?range=5d", 200, CHART("AAPL", "2"));
    expect(&world, "/yahoo/v8/finance/chart/AAPL", 200, CHART("AAPL", "1"));
    expect(&world, "/yahoo/v8/finance/chart/BAD=X", 502, "{\"e\":1}");
    world_clear(&world);
}

static void a_recording_of_another_symbol_is_never_served(void **state)
{
    (void)state;
    struct sim_world world;
    put_file("yahoo/a.json", CHART("MSFT", "1")); /* the index says AAPL */
    put_file("yahoo/b.json", CHART("NVDA", "2"));
    put_file("index.tsv", HEADER "yahoo/a.json\thttps://q.example/v8/finance/chart/AAPL\t200\n"
                                 "yahoo/b.json\thttps://q.example/v8/finance/chart/NVDA\t200\n");
    open_world(&world);
    assert_int_equal(recordings_count(world.recordings), 1);
    expect(&world, "/yahoo/v8/finance/chart/AAPL", 404,
           "{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found, symbol may be "
           "delisted\"}}}");
    world_clear(&world);
}

static void what_was_not_recorded_is_unknown_in_the_providers_words(void **state)
{
    (void)state;
    struct sim_world world;
    put_file("yahoo/b.json", CHART("NVDA", "2"));
    put_file("index.tsv", HEADER "yahoo/b.json\thttps://q.example/v8/finance/chart/NVDA\t200\n");
    open_world(&world);
    expect(&world, "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd", 200, "{}");
    expect(&world, "/coingecko/api/v3/coins/markets?vs_currency=usd", 200, "[]");
    expect(&world, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo", 200, "{\n    \"Global Quote\": {}\n}");
    world_clear(&world);
}

static void a_wrong_index_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "first line"},
        {"url\tfile\n", "first line"},
        {HEADER, "no recording"},
        {HEADER "yahoo/a.json\n", "index.tsv:2"},
        {HEADER "yahoo/a.json\thttps://q.example/x\tok\n", "index.tsv:2"},
        {HEADER "yahoo/nosuch.json\thttps://q.example/x\t200\n", "nosuch.json"},
        {HEADER "../etc/passwd\thttps://q.example/x\t200\n", "no recording"},
        {HEADER "yahoo/../../etc/passwd\thttps://q.example/x\t200\n", "no recording"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};
        put_file("index.tsv", cases[i][0]);
        assert_null(recordings_load(folder, &error));
        if (!strstr(error.message, cases[i][1]))
            fail_msg("'%s' does not say '%s'", error.message, cases[i][1]);
    }
}

static void alpha_vantage_is_found_by_the_symbol_in_the_body(void **state)
{
    (void)state;
    struct sim_world world;
    put_file("alphavantage/q.json", "{\"Global Quote\":{\"01. symbol\":\"MSFT\"}}");
    put_file("index.tsv", HEADER "alphavantage/q.json\t(not kept)\t200\n");
    open_world(&world);
    expect(&world, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=MSFT&apikey=secret", 200,
           "{\"Global Quote\":{\"01. symbol\":\"MSFT\"}}");
    expect(&world, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=AAPL&apikey=secret", 200, "{\n    \"Global Quote\": {}\n}");
    world_clear(&world);
}

static void every_request_of_the_recordings_configuration_has_a_recording(void **state)
{
    (void)state;
    static const char *const uris[] = {
        "/yahoo/v8/finance/chart/AAPL?range=1d",
        "/yahoo/v8/finance/chart/AMZN?range=1d",
        "/yahoo/v8/finance/chart/MSFT?range=1d",
        "/yahoo/v8/finance/chart/NVDA?range=1d",
        "/yahoo/v8/finance/chart/OCDO.L?range=1d",
        "/yahoo/v8/finance/chart/WSU.DE?range=1d",
        "/yahoo/v8/finance/chart/BTC-USD?range=1d",
        "/yahoo/v8/finance/chart/EURUSD%3DX?range=1d",
        "/yahoo/v8/finance/chart/GC%3DF?range=1d",
        "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd&include_market_cap=true&precision=full",
        "/coingecko/api/v3/coins/markets?vs_currency=usd&ids=bitcoin&per_page=250&page=1",
        "/alphavantage/query?function=GLOBAL_QUOTE&symbol=MSFT&apikey=demo",
        "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=BTC&to_currency=CNY&apikey=demo",
    };
    const char *recorded = recordings_folder();
    struct sim_world world;
    struct error error = {0};
    if (!recorded)
        skip();
    world_init(&world, 1, NOW_US);
    world.recordings = recordings_load(recorded, &error);
    assert_string_equal(error.message, "");
    assert_non_null(world.recordings);
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct sim_answer answer = ask(&world, uris[i]);
        assert_int_equal(answer.status, 200);
        if (answer.body.len < 25)
            fail_msg("%s has no recording", uris[i]);
        buf_clear(&answer.body);
    }
    world_clear(&world);
}

int main(void)
{
#define FRESH(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        FRESH(recordings_of_one_request_are_served_in_turn_whatever_the_range),
        FRESH(a_recording_of_another_symbol_is_never_served),
        FRESH(what_was_not_recorded_is_unknown_in_the_providers_words),
        FRESH(a_wrong_index_is_refused_with_its_line),
        FRESH(alpha_vantage_is_found_by_the_symbol_in_the_body),
        cmocka_unit_test(every_request_of_the_recordings_configuration_has_a_recording),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
