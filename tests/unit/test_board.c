/* The pure parts of the board: targets, parameters, entity tags, framing, the tick, the hub. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "board/etag.h"
#include "board/hub.h"
#include "board/param.h"
#include "board/resource.h"
#include "board/sse.h"
#include "board/tick.h"

static struct arena arena;

static bool parse(const char *raw, struct target *target)
{
    struct error error = {0};
    return target_parse(str_from(raw), &arena, target, &error);
}

static void a_target_is_split_before_it_is_decoded(void **state)
{
    (void)state;
    struct target target;
    assert_true(parse("/api/assets/crypto%3ABTC%2Fx?a=1%262&b=c+d&&e", &target));
    assert_int_equal(target.segment_count, 3);
    assert_true(str_is(target.segments[2], "crypto:BTC/x"));
    assert_int_equal(target.pair_count, 3);
    assert_true(str_is(target.pairs[0].value, "1&2"));
    assert_true(str_is(target.pairs[1].value, "c d"));
    assert_true(str_is(target.pairs[2].name, "e"));
    assert_true(parse("/", &target));
    assert_int_equal(target.segment_count, 0);
}

static void a_target_with_stray_bytes_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "x", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%ff", "/?a=%c0%80", "/1/2/3/4/5/6/7/8/9"};
    struct target target;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(parse(wrong[i], &target));
}

static const char *const words[] = {"1m", "1h", NULL};
static const struct param params[] = {
    {.name = "asset", .kind = PARAM_PATH},
    {.name = "limit", .kind = PARAM_INT, .min = 1, .max = 9, .fallback = "5"},
    {.name = "width", .kind = PARAM_WORD, .words = words},
    {.name = "since", .kind = PARAM_TIME, .fallback = "-1h"},
};

static bool bind(const char *raw, const char **values)
{
    struct target target;
    struct error error = {0};
    const struct str path[] = {STR("crypto:BTC")};
    assert_true(parse(raw, &target));
    return params_bind(params, 4, path, &target, INT64_C(7200000000), &arena, values, &error);
}

static void parameters_left_out_get_their_defaults(void **state)
{
    (void)state;
    const char *values[4];
    assert_true(bind("/", values));
    assert_string_equal(values[0], "crypto:BTC");
    assert_string_equal(values[1], "5");
    assert_null(values[2]);
    assert_string_equal(values[3], "1970-01-01T01:00:00.000000Z");
}

static void parameters_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "/?limit=0",    "/?limit=10",    "/?limit=x", "/?limit=",          "/?width=2m",
        "/?since=then", "/?asset=other", "/?what=1",  "/?limit=1&limit=1", "/?limit=99999999999999999999"};
    const char *values[4];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(bind(wrong[i], values));
    assert_true(bind("/?limit=9&width=1h&since=-2h", values));
}

static void a_resource_is_found_by_its_whole_path(void **state)
{
    (void)state;
    struct target target;
    struct str path_values[TARGET_SEGMENTS_MAX];
    assert_true(parse("/api/assets/fx%3AEURUSD/lines", &target));
    const struct resource *found = resource_find(resources, &target, path_values);
    assert_string_equal(found->path, "/api/assets/{asset}/lines");
    assert_true(str_is(path_values[0], "fx:EURUSD"));
    assert_true(parse("/api/assets/fx%3AEURUSD", &target));
    assert_null(resource_find(resources, &target, path_values));
    assert_true(parse("/api/assets/", &target));
    assert_null(resource_find(resources, &target, path_values));
}

static void entity_tags_are_compared_weakly_and_whole(void **state)
{
    (void)state;
    char tag[ETAG_MAX], other[ETAG_MAX];
    assert_string_not_equal(etag_of(STR("a"), tag), etag_of(STR("b"), other));
    assert_true(etag_matches("*", tag));
    assert_true(etag_matches("\"x,y\", W/\"abc\"", "\"abc\""));
    assert_false(etag_matches("\"abcd\"", "\"abc\""));
    assert_false(etag_matches(NULL, "\"abc\""));
    assert_false(etag_matches("abc, \"", "\"abc\""));
}

static void each_line_of_an_event_is_a_line_of_data(void **state)
{
    (void)state;
    struct buf out = {0};
    sse_write(&out, "prices", 7, STR("a\nb"));
    sse_write(&out, "dropped", -1, STR(""));
    assert_true(str_is(buf_str(&out), "event: prices\nid: 7\ndata: a\ndata: b\n\nevent: dropped\ndata: \n\n"));
    buf_clear(&out);
}

static void a_tick_has_the_newest_price_of_an_asset_once(void **state)
{
    (void)state;
    struct tick *tick = tick_new();
    struct buf out = {0};
    struct consensus_price price = {.asset = STR("a:\"1"), .currency = STR("USD"), .price = 1};
    assert_false(tick_take_prices(tick, &out));
    assert_true(tick_add_price(tick, &price));
    price.price = 2.5;
    assert_true(tick_add_price(tick, &price));
    assert_true(tick_take_prices(tick, &out));
    buf_append(&out, "", 1);
    assert_non_null(strstr((char *)out.data, "[{\"asset\":\"a:\\\"1\",\"currency\":\"USD\",\"price\":2.5,"));
    assert_null(strstr((char *)out.data, "\"price\":1,"));
    buf_reset(&out);
    assert_false(tick_take_prices(tick, &out));
    buf_clear(&out);
    tick_free(tick);
}

static void a_tick_counts_the_anomalies_it_leaves_out(void **state)
{
    (void)state;
    struct tick *tick = tick_new();
    struct buf out = {0};
    const struct anomaly anomaly = {.asset = STR("a:b"), .verdict = VERDICT_REJECT};
    for (int i = 0; i < TICK_ANOMALIES_MAX + 3; i++)
        tick_add_anomaly(tick, &anomaly);
    assert_true(tick_take_anomalies(tick, &out));
    buf_append(&out, "", 1);
    assert_non_null(strstr((char *)out.data, "],\"left_out\":3}"));
    buf_clear(&out);
    tick_free(tick);
}

static int sleeps, wakes;

static void count_sleep(void *connection)
{
    (void)connection;
    sleeps++;
}

static void count_wake(void *connection)
{
    (void)connection;
    wakes++;
}

static const struct hub_transport transport = {count_sleep, count_wake};

/** Reads all that a follower has now, in small pieces. */
static ssize_t read_all(struct follower *follower, struct buf *out)
{
    char piece[7];
    ssize_t len;
    buf_reset(out);
    while ((len = hub_read(follower, piece, sizeof(piece))) > 0)
        buf_append(out, piece, (size_t)len);
    buf_append(out, "", 1);
    return len;
}

static void a_follower_sleeps_until_there_is_news_and_goes_on_behind_its_last_event(void **state)
{
    (void)state;
    struct hub *hub = hub_new(&transport, 1);
    struct buf out = {0};
    hub_publish(hub, "x", STR("old"));
    struct follower *follower = hub_join(hub, NULL, -1);
    assert_null(hub_join(hub, NULL, -1));
    sleeps = wakes = 0;
    assert_int_equal(read_all(follower, &out), 0);
    assert_non_null(strstr((char *)out.data, "event: hello"));
    assert_null(strstr((char *)out.data, "old"));
    assert_int_equal(sleeps, 1);
    hub_publish(hub, "x", STR("new"));
    assert_int_equal(wakes, 1);
    read_all(follower, &out);
    assert_string_equal((char *)out.data, "event: x\nid: 1\ndata: new\n\n");
    hub_leave(follower);
    follower = hub_join(hub, NULL, 0);
    read_all(follower, &out);
    assert_non_null(strstr((char *)out.data, "data: new"));
    hub_close(hub);
    assert_int_equal(read_all(follower, &out), HUB_END);
    hub_leave(follower);
    assert_null(hub_join(hub, NULL, -1));
    buf_clear(&out);
    hub_free(hub);
}

static void a_follower_that_is_too_slow_is_told_so_and_let_go(void **state)
{
    (void)state;
    struct hub *hub = hub_new(&transport, 2);
    struct buf out = {0};
    struct follower *follower = hub_join(hub, NULL, -1);
    read_all(follower, &out);
    for (int i = 0; i <= HUB_MESSAGES; i++)
        hub_publish(hub, "x", STR("1"));
    assert_int_equal(read_all(follower, &out), HUB_END);
    assert_int_equal(strncmp((char *)out.data, "event: dropped\n", 15), 0);
    hub_leave(follower);
    buf_clear(&out);
    hub_free(hub);
}

static int clear_arena(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_split_before_it_is_decoded),
        cmocka_unit_test(a_target_with_stray_bytes_is_refused),
        cmocka_unit_test(parameters_left_out_get_their_defaults),
        cmocka_unit_test(parameters_that_do_not_fit_are_refused),
        cmocka_unit_test(a_resource_is_found_by_its_whole_path),
        cmocka_unit_test(entity_tags_are_compared_weakly_and_whole),
        cmocka_unit_test(each_line_of_an_event_is_a_line_of_data),
        cmocka_unit_test(a_tick_has_the_newest_price_of_an_asset_once),
        cmocka_unit_test(a_tick_counts_the_anomalies_it_leaves_out),
        cmocka_unit_test(a_follower_sleeps_until_there_is_news_and_goes_on_behind_its_last_event),
        cmocka_unit_test(a_follower_that_is_too_slow_is_told_so_and_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, clear_arena);
}
