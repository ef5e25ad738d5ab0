#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "ingest/recorder.h"
#include "tests/sim/recordings.h"

static char folder[] = "/tmp/quotebus-recorder-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const files[] = {"alphavantage/00001-global_quote.json",
                                        "coingecko/00002-simple_price.json",
                                        "alphavantage",
                                        "coingecko",
                                        "index.tsv",
                                        ""};
    char path[200];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        remove(path);
    }
    return 0;
}

/** The URL in the index. */
static void expect_url(const char *base_url, const char *url, const char *secret, const char *right)
{
    struct buf out = {0};
    const struct recorded recorded = {.base_url = base_url, .url = url, .secret = secret};
    recorder_url(&recorded, &out);
    assert_true(str_is(buf_str(&out), right));
    buf_clear(&out);
}

static void url_in_the_index_is_the_providers_own_without_secrets(void **state)
{
    (void)state;
    expect_url("http://127.0.0.1:9700/yahoo", "http://127.0.0.1:9700/yahoo/v8/finance/chart/AAPL?range=1d", NULL,
               "http://127.0.0.1:9700/v8/finance/chart/AAPL?range=1d");
    expect_url("https://a.example", "https://a.example/query?function=X&apikey=SECRET", "SECRET",
               "https://a.example/query?function=X&apikey=***");
    expect_url("https://a.example", "https://a.example/q?crumb=abc&symbols=A&APIKEY=&x=SECRET1", "SECRET1",
               "https://a.example/q?crumb=***&symbols=A&APIKEY=***&x=***");
    expect_url("https://a.example", "https://b.example/session", NULL, "https://b.example/session");
    expect_url("https://a.example", "https://a.example?", NULL, "https://a.example?");
}

/** Captures one response into a recorder of its own. */
static bool take(const char *provider, const char *endpoint, const char *base_url, const char *url, int status, const char *body)
{
    struct error error = {0};
    struct response_head head = {0};
    struct recorder *recorder = recorder_new(folder, &error);
    assert_non_null(recorder);
    const struct http_response response = {.status = status,
                                           .content_type = STR("application/json"),
                                           .body = str_from(body),
                                           .fetched_at_us = INT64_C(1770000000000000)};
    const struct recorded recorded = {.provider = provider,
                                      .endpoint = endpoint,
                                      .base_url = base_url,
                                      .url = url,
                                      .secret = "SECRET",
                                      .response = &response,
                                      .head = &head};
    bool taken = recorder_take(recorder, &recorded);
    recorder_free(recorder);
    return taken;
}

/** Expects that the simulator answers a request by a captured body. */
static void expect_replay(struct recordings *recordings, const char *provider, const char *uri, int status, const char *body)
{
    struct arena memory = {0};
    struct error error = {0};
    struct sim_request request = {.method = "GET"};
    struct sim_answer answer = {0};
    assert_true(sim_request_parse(uri, &memory, &request, &error));
    assert_true(recordings_answer(recordings, sim_provider_find(provider), &request, &answer));
    assert_int_equal(answer.status, status);
    assert_true(str_is(buf_str(&answer.body), body));
    buf_clear(&answer.body);
    arena_clear(&memory);
}

static void captured_responses_are_replayed_by_the_simulator(void **state)
{
    (void)state;
    struct error error = {0};
    assert_true(take("alphavantage", "global_quote", "https://a.example",
                     "https://a.example/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=SECRET", 200, "{\"Global Quote\":{}}"));
    assert_false(take("coingecko", "simple_price", "http://x/cg", "http://x/cg/y", 304, ""));
    assert_true(take("coingecko", "simple_price", "http://127.0.0.1:1/coingecko",
                     "http://127.0.0.1:1/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd", 422, "{\"error\":\"x\"}"));
    struct recordings *recordings = recordings_load(folder, &error);
    assert_non_null(recordings);
    assert_int_equal(recordings_count(recordings), 2);
    expect_replay(recordings, "alphavantage", "/alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo", 200,
                  "{\"Global Quote\":{}}");
    expect_replay(recordings, "coingecko", "/coingecko/api/v3/simple/price?vs_currencies=usd&ids=bitcoin", 422,
                  "{\"error\":\"x\"}");
    recordings_free(recordings);
}

static void folder_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(recorder_new("/proc/quotebus/none", &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_in_the_index_is_the_providers_own_without_secrets),
        cmocka_unit_test(captured_responses_are_replayed_by_the_simulator),
        cmocka_unit_test(folder_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
