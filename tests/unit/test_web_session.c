#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/web_session.h"
#include "parse_bench.h"
#include "planner_bench.h"

/** What a step of Yahoo's session makes of an answer; the arena belongs to the caller. */
static struct parse_result step_of(const struct endpoint *step, const struct http_response *response, struct arena *arena)
{
    struct parse_result result;
    const struct request_spec spec = {0};
    step->parse(&spec, response, arena, &result);
    return result;
}

/** What the crumb step makes of a body. */
static enum outcome crumb_outcome(int status, const char *type, const char *body)
{
    struct arena arena = {0};
    const struct http_response response = {.status = status, .content_type = str_from(type), .body = str_from(body)};
    const struct parse_result result = step_of(provider_find("yahoo")->session_token, &response, &arena);
    assert_int_equal(result.outcome == OUTCOME_OK, result.token.len > 0);
    arena_clear(&arena);
    return result.outcome;
}

static void session_is_made_step_by_step(void **state)
{
    (void)state;
    const struct provider *yahoo = provider_find("yahoo");
    struct web_session session = {0};
    assert_ptr_equal(web_session_step(&session, yahoo), yahoo->session_cookie);
    web_session_take(&session, &(struct parse_result){.cookie = STR("A3=x; B=y")});
    assert_ptr_equal(web_session_step(&session, yahoo), yahoo->session_token);
    web_session_take(&session, &(struct parse_result){.token = STR("a.b/c")});
    assert_null(web_session_step(&session, yahoo));
    assert_string_equal(session.cookie, "A3=x; B=y");
    assert_string_equal(session.token, "a.b/c");
    web_session_clear(&session);
}

static void session_that_worked_is_made_anew_and_one_that_never_did_is_not(void **state)
{
    (void)state;
    struct web_session session = {0};
    web_session_take(&session, &(struct parse_result){.cookie = STR("A3=x")});
    web_session_take(&session, &(struct parse_result){.token = STR("t")});
    web_session_prove(&session);
    assert_true(web_session_refused(&session));
    assert_null(session.cookie);
    web_session_take(&session, &(struct parse_result){.cookie = STR("A3=y")});
    web_session_take(&session, &(struct parse_result){.token = STR("u")});
    assert_false(web_session_refused(&session));
    web_session_clear(&session);
}

static void provider_without_sessions_has_no_step(void **state)
{
    (void)state;
    const struct web_session session = {0};
    assert_null(web_session_step(&session, provider_find("coingecko")));
}

static void page_that_is_not_found_gives_the_cookie(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct endpoint *step = provider_find("yahoo")->session_cookie;
    struct http_response response = {
        .status = 404, .content_type = STR("text/html"), .body = STR("<html>"), .cookies = STR("A3=x")};
    struct parse_result result = step_of(step, &response, &arena);
    assert_int_equal(result.outcome, OUTCOME_OK);
    assert_true(str_is(result.cookie, "A3=x"));
    response.cookies = (struct str){0};
    assert_int_equal(step_of(step, &response, &arena).outcome, OUTCOME_EMPTY);
    response.status = 429;
    assert_int_equal(step_of(step, &response, &arena).outcome, OUTCOME_LIMITED);
    response.status = 302;
    response.location = STR("https://consent.yahoo.com/v2/collectConsent");
    assert_int_equal(step_of(step, &response, &arena).outcome, OUTCOME_BLOCKED);
    arena_clear(&arena);
}

static void only_a_short_word_is_a_crumb(void **state)
{
    (void)state;
    assert_int_equal(crumb_outcome(200, "text/plain", "aB.c/dE7+Q"), OUTCOME_OK);
    assert_int_equal(crumb_outcome(200, "text/plain", "Too Many Requests\r\n"), OUTCOME_LIMITED);
    assert_int_equal(crumb_outcome(429, "text/html", "Too Many Requests\r\n"), OUTCOME_LIMITED);
    assert_int_equal(crumb_outcome(401, "application/json", "{}"), OUTCOME_BLOCKED);
    assert_int_equal(crumb_outcome(200, "text/html", "<html></html>"), OUTCOME_HTML);
    assert_int_equal(crumb_outcome(200, "text/plain", ""), OUTCOME_MALFORMED);
    assert_int_equal(crumb_outcome(200, "text/plain", "two words"), OUTCOME_MALFORMED);
    assert_int_equal(crumb_outcome(200, "text/plain", "{\"finance\":null}"), OUTCOME_MALFORMED);
    assert_int_equal(crumb_outcome(200, "text/plain", "1234567890123456789012345678901234567890123456789012345678901234x"),
                     OUTCOME_MALFORMED);
}

static void quote_carries_cookie_and_crumb(void **state)
{
    (void)state;
    struct buf headers = {0};
    const struct request_asset asset = {.asset = "equity:AAPL", .symbol = "AAPL"};
    const struct request_spec spec = {.assets = &asset, .asset_count = 1, .cookie = "A3=x", .token = "a/b+c"};
    char *path = built_path("yahoo", "quote", &spec, &headers);
    assert_string_equal(path, "/v7/finance/quote?symbols=AAPL&crumb=a%2Fb%2Bc");
    assert_true(str_is(buf_str(&headers), "Cookie: A3=x\n"));
    free(path);
    buf_clear(&headers);
}

static void consent_page_says_what_to_do_and_is_not_followed(void **state)
{
    (void)state;
    static const char *const names[] = {"chart", "spark", "history", "quote"};
    const struct request_asset asset = {.asset = "equity:AAPL", .symbol = "AAPL"};
    const struct request_spec spec = {.assets = &asset, .asset_count = 1};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct arena arena = {0};
        struct parse_result result;
        struct http_response response = {
            .status = 302, .content_type = STR("text/html"), .location = STR("https://guce.yahoo.com/consent?x=1")};
        const struct endpoint *endpoint = provider_endpoint(provider_find("yahoo"), names[i]);
        endpoint->parse(&spec, &response, &arena, &result);
        assert_int_equal(result.outcome, OUTCOME_BLOCKED);
        assert_non_null(strstr(result.message, "consent"));
        assert_non_null(strstr(result.message, "providers.yahoo.enabled"));
        response = (struct http_response){.status = 200,
                                          .content_type = STR("text/html"),
                                          .body = STR("<html><form action=\"https://consent.yahoo.com/v2\"></form></html>")};
        endpoint->parse(&spec, &response, &arena, &result);
        assert_int_equal(result.outcome, OUTCOME_BLOCKED);
        arena_clear(&arena);
    }
}

#define FALLBACK_JOB "jobs:\n  prices: { provider: yahoo, endpoint: spark, fallback: quote, every_s: 60 }\n"

static void step_of_a_session_is_no_attempt(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS SPARK_JOB);
    const struct call_result again = {.outcome = OUTCOME_OK, .again = true};
    tick(&bench);
    for (int request = 0; request < 10; request++) {
        struct call *call = next(&bench);
        assert_non_null(call);
        assert_int_equal(call->attempt, 1);
        planner_done(bench.planner, call, &again, &bench.now, &bench.verdict);
    }
    struct lane_view lane;
    planner_view(bench.planner, 0, &bench.now, &lane);
    assert_int_equal(lane.quota_used, 10); /* each request counts */
    done(&bench, next(&bench), OUTCOME_OK);
    assert_null(next(&bench));
    bench_free(&bench);
}

static void refused_endpoint_gives_way_to_the_one_in_its_place(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS FALLBACK_JOB);
    tick(&bench);
    struct call *call = next(&bench);
    assert_string_equal(call->endpoint->name, "spark");
    done(&bench, call, OUTCOME_BLOCKED);
    assert_string_equal(bench.verdict.fallback, "quote");
    call = next(&bench);
    assert_non_null(call);
    assert_string_equal(call->endpoint->name, "quote");
    assert_int_equal(call->attempt, 1);
    assert_int_equal(call->asset_count, 2);
    done(&bench, call, OUTCOME_BLOCKED); /* there is nothing behind it */
    assert_null(bench.verdict.fallback);
    assert_null(next(&bench));
    advance(&bench, 60000);
    tick(&bench);
    call = next(&bench);
    assert_string_equal(call->endpoint->name, "spark"); /* a new slot, a new try */
    done(&bench, call, OUTCOME_OK);
    bench_free(&bench);
}

static void refusals_of_an_endpoint_do_not_keep_the_one_in_its_place_from_going_out(void **state)
{
    (void)state;
    struct bench bench = bench_new("ingest: { breaker_failures: 2 }\n" YAHOO
                                   "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n" FALLBACK_JOB);
    const struct call_result over = {.outcome = OUTCOME_BLOCKED, .again = true};
    for (int slot = 0; slot < 5; slot++) {
        tick(&bench);
        for (int refusal = 0; refusal < 2; refusal++) { /* of spark, then of the session of quote */
            struct call *call = next(&bench);
            assert_non_null(call);
            assert_string_equal(call->endpoint->name, refusal == 0 ? "spark" : "quote");
            if (refusal == 0) {
                done(&bench, call, OUTCOME_BLOCKED);
            } else {
                planner_done(bench.planner, call, &over, &bench.now, &bench.verdict);
            }
            assert_false(bench.verdict.breaker_opened);
        }
        struct call *call = next(&bench);
        assert_non_null(call);
        done(&bench, call, OUTCOME_DEMO_ONLY); /* says nothing about the provider's health, either */
        advance(&bench, 60000);
    }
    bench_free(&bench);
}

static void limit_gives_way_after_the_last_attempt_only(void **state)
{
    (void)state;
    struct bench bench = bench_new(YAHOO TWO_ASSETS FALLBACK_JOB);
    tick(&bench);
    for (int attempt = 1; attempt <= 3; attempt++) {
        struct call *call = next(&bench);
        assert_non_null(call);
        assert_string_equal(call->endpoint->name, "spark");
        done(&bench, call, OUTCOME_LIMITED);
        advance(&bench, 20000);
    }
    assert_string_equal(bench.verdict.fallback, "quote");
    struct call *call = next(&bench);
    assert_non_null(call);
    assert_string_equal(call->endpoint->name, "quote");
    done(&bench, call, OUTCOME_OK);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_is_made_step_by_step),
        cmocka_unit_test(session_that_worked_is_made_anew_and_one_that_never_did_is_not),
        cmocka_unit_test(provider_without_sessions_has_no_step),
        cmocka_unit_test(page_that_is_not_found_gives_the_cookie),
        cmocka_unit_test(only_a_short_word_is_a_crumb),
        cmocka_unit_test(quote_carries_cookie_and_crumb),
        cmocka_unit_test(consent_page_says_what_to_do_and_is_not_followed),
        cmocka_unit_test(step_of_a_session_is_no_attempt),
        cmocka_unit_test(refused_endpoint_gives_way_to_the_one_in_its_place),
        cmocka_unit_test(refusals_of_an_endpoint_do_not_keep_the_one_in_its_place_from_going_out),
        cmocka_unit_test(limit_gives_way_after_the_last_attempt_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
