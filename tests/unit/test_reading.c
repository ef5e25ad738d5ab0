#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ingest/reading.h"

#define FETCHED_US INT64_C(1770000000000001)
#define QUOTA_USED 7

static const struct provider_settings limits = {.name = "yahoo", .max_calls = 25};
static const struct web_session no_session = {0};

/** The origin of a call of yahoo. */
static struct reading_origin origin_of(const struct call *call)
{
    return (struct reading_origin){.provider = "yahoo",
                                   .session = &no_session,
                                   .endpoint = call->endpoint,
                                   .request_id = "0123",
                                   .fetched_at_us = FETCHED_US};
}

/** A call of yahoo's `endpoint` for AAPL, or for AAPL and HES. */
static struct call *new_call(const char *endpoint, size_t assets)
{
    static const struct request_asset known[] = {{.asset = "equity:AAPL", .symbol = "AAPL"},
                                                 {.asset = "equity:HES", .symbol = "HES"}};
    struct call *call = call_new(provider_endpoint(provider_find("yahoo"), endpoint), 0, assets);
    for (size_t i = 0; i < assets; i++) {
        call->assets[i] = known[i];
    }
    return call;
}

static void quotes_get_the_fetch_time_and_the_request_id(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reading reading;
    struct call *call = new_call("spark", 2);
    const struct fetch_result fetched = {
        .complete = true,
        .latency_ms = 12.5,
        .response = {.status = 200,
                     .content_type = STR("application/json"),
                     .body = STR("{\"spark\":{\"result\":[{\"symbol\":\"AAPL\",\"response\":[{\"meta\":{\"symbol\":\"AAPL\","
                                 "\"currency\":\"USD\",\"regularMarketPrice\":244.87}}]}]}}")}};
    const struct reading_origin origin = origin_of(call);
    reading_take(&reading, &origin, call, &fetched, &arena);
    assert_int_equal(reading.parsed.quote_count, 1);
    assert_int_equal(reading.parsed.quotes[0].fetched_at_us, FETCHED_US);
    assert_int_equal(reading.parsed.quotes[0].observed_at_us, FETCHED_US);
    assert_true(str_is(reading.parsed.quotes[0].request_id, "0123"));
    const struct health_event event = reading_health(&reading, &limits, QUOTA_USED);
    assert_true(str_is(event.provider, "yahoo"));
    assert_true(str_is(event.state, "ok"));
    assert_true(str_is(event.endpoint, "spark"));
    assert_true(str_is(event.message, "1 of 2 assets are not in the answer, first HES"));
    assert_true(str_is(event.request_id, "0123"));
    assert_int_equal(event.at_us, FETCHED_US);
    assert_int_equal(event.http_status.value, 200);
    assert_int_equal(event.quotes, 1);
    assert_int_equal(event.quota_used, 7);
    assert_int_equal(event.quota_limit.value, 25);
    assert_true(event.latency_ms == 12.5);
    assert_false(event.asset.set);
    arena_clear(&arena);
    call_free(call);
}

static void delisted_asset_stands_in_the_health_event(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reading reading;
    struct call *call = new_call("chart", 1);
    const struct fetch_result fetched = {
        .complete = true,
        .response = {.status = 404,
                     .content_type = STR("application/json"),
                     .retry_after_s = SOME_LONG(5),
                     .body = STR("{\"chart\":{\"result\":null,\"error\":{\"code\":\"Not Found\",\"description\":\"No data found, "
                                 "symbol may be delisted\"}}}")}};
    const struct reading_origin origin = origin_of(call);
    reading_take(&reading, &origin, call, &fetched, &arena);
    const struct health_event event = reading_health(&reading, &limits, QUOTA_USED);
    assert_true(str_is(event.state, "delisted"));
    assert_true(event.asset.set && str_is(event.asset.value, "equity:AAPL"));
    assert_int_equal(reading.retry_after_s.value, 5);
    arena_clear(&arena);
    call_free(call);
}

static void call_without_a_response_says_why(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reading reading;
    struct call *call = new_call("spark", 2);
    const struct provider_settings unlimited = {.name = "yahoo"};
    const struct fetch_result fetched = {.failure = OUTCOME_TIMEOUT, .message = "no whole response in time"};
    const struct reading_origin origin = origin_of(call);
    reading_take(&reading, &origin, call, &fetched, &arena);
    assert_int_equal(reading.parsed.quote_count, 0);
    const struct health_event event = reading_health(&reading, &unlimited, 0);
    assert_true(str_is(event.state, "timeout"));
    assert_true(str_is(event.message, "no whole response in time"));
    assert_false(event.http_status.set);
    assert_false(event.quota_limit.set);
    assert_int_equal(event.at_us, FETCHED_US);
    arena_clear(&arena);
    call_free(call);
}

static void key_that_a_provider_repeats_is_taken_out_of_the_message(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct reading reading;
    struct call *call = call_new(provider_endpoint(provider_find("coingecko"), "simple_price"), 0, 0);
    const struct reading_origin keyed = {
        .provider = "coingecko", .api_key = "SECRET", .session = &no_session, .endpoint = call->endpoint, .request_id = "0123"};
    const struct fetch_result fetched = {.complete = true,
                                         .response = {.status = 400,
                                                      .content_type = STR("application/json"),
                                                      .body = STR("{\"error\":\"key SECRET is bad, SECRET\"}")}};
    reading_take(&reading, &keyed, call, &fetched, &arena);
    assert_string_equal(reading.parsed.message, "status 400, the provider says: key ****** is bad, ******");
    arena_clear(&arena);
    call_free(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_get_the_fetch_time_and_the_request_id),
        cmocka_unit_test(delisted_asset_stands_in_the_health_event),
        cmocka_unit_test(call_without_a_response_says_why),
        cmocka_unit_test(key_that_a_provider_repeats_is_taken_out_of_the_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
