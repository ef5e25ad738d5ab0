#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/sim/market.h"

#define START_S INT64_C(1767366000)

static const struct market market = {.seed = 7, .start_s = START_S};

static void every_asset_begins_at_its_starting_price(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_asset_count; i++)
        assert_true(market_price(&market, &sim_assets[i], START_S) == sim_assets[i].start_price);
}

static void the_same_seed_and_time_give_the_same_price_in_any_order(void **state)
{
    (void)state;
    const struct sim_asset *bitcoin = sim_asset_by_id("crypto:BTC");
    const struct market twin = {.seed = 7, .start_s = START_S}, other = {.seed = 8, .start_s = START_S};
    const double late = market_price(&market, bitcoin, START_S + 5000);
    const double early = market_price(&market, bitcoin, START_S + 3);
    assert_true(market_price(&twin, bitcoin, START_S + 3) == early);
    assert_true(market_price(&twin, bitcoin, START_S + 5000) == late);
    assert_true(market_price(&other, bitcoin, START_S + 5000) != late);
}

static void assets_move_independently(void **state)
{
    (void)state;
    const struct sim_asset *a = sim_asset_by_id("crypto:BTC"), *b = sim_asset_by_id("crypto:ETH");
    double product = 0, square_a = 0, square_b = 0;
    for (int64_t s = 0; s < 5000; s++) {
        const double move_a = log(market_price(&market, a, START_S + s + 1) / market_price(&market, a, START_S + s));
        const double move_b = log(market_price(&market, b, START_S + s + 1) / market_price(&market, b, START_S + s));
        product += move_a * move_b;
        square_a += move_a * move_a;
        square_b += move_b * move_b;
    }
    assert_true(fabs(product / sqrt(square_a * square_b)) < 0.06);
}

static void a_second_moves_a_coin_as_much_as_announced_and_a_minute_by_the_root_of_sixty(void **state)
{
    (void)state;
    const struct sim_asset *bitcoin = sim_asset_by_id("crypto:BTC");
    double second = 0, minute = 0;
    const int count = 20000;
    for (int64_t i = 0; i < count; i++) {
        const double move = log(market_price(&market, bitcoin, START_S + i + 1) / market_price(&market, bitcoin, START_S + i));
        const double longer =
            log(market_price(&market, bitcoin, START_S + i * 60 + 60) / market_price(&market, bitcoin, START_S + i * 60));
        assert_true(fabs(move) < 0.001);
        second += move * move;
        minute += longer * longer;
    }
    assert_true(fabs(sqrt(second / count) / 1.25e-4 - 1) < 0.05);
    assert_true(fabs(sqrt(minute / count) / (1.25e-4 * sqrt(60)) - 1) < 0.05);
}

static void the_walk_goes_on_across_the_start_and_across_years(void **state)
{
    (void)state;
    const struct sim_asset *apple = sim_asset_by_id("equity:AAPL");
    const int64_t years[] = {-10, -1, 0, 1, 10, 40};
    for (size_t i = 0; i < sizeof(years) / sizeof(years[0]); i++) {
        const int64_t at = START_S + years[i] * 31536000;
        const double before = market_price(&market, apple, at - 1), after = market_price(&market, apple, at);
        assert_true(isfinite(after) && after > 0);
        assert_true(fabs(after / before - 1) < 0.001);
    }
}

static void sources_agree_but_for_noise_and_observe_at_their_own_fresh_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sim_asset_count; i++) {
        const struct sim_asset *asset = &sim_assets[i];
        const double truth = market_price(&market, asset, START_S + 100);
        for (enum sim_source source = 0; source < SIM_SOURCE_COUNT; source++) {
            const struct observation seen = market_observe(&market, asset, source, START_S + 100, 0, &market_no_effect);
            assert_true(fabs(seen.price / truth - 1) < 0.003);
            assert_in_range(seen.observed_s, START_S + 96, START_S + 99);
            assert_true(seen.low <= seen.price && seen.price <= seen.high);
            assert_true(seen.low <= seen.open && seen.open <= seen.high);
            assert_true(seen.bid < seen.price && seen.price < seen.ask);
        }
    }
}

static void the_time_of_observation_never_goes_back(void **state)
{
    (void)state;
    const struct sim_asset *apple = sim_asset_by_id("equity:AAPL");
    int64_t before = 0;
    for (int64_t s = 0; s < 500; s++) {
        const struct observation seen = market_observe(&market, apple, SIM_YAHOO, START_S + s, 0, &market_no_effect);
        assert_true(seen.observed_s > before);
        before = seen.observed_s;
    }
}

static void a_trading_day_begins_at_local_midnight(void **state)
{
    (void)state;
    assert_int_equal(market_day_start(START_S, 0), 1767312000);      /* 2026-01-02T00:00Z */
    assert_int_equal(market_day_start(START_S, -18000), 1767330000); /* 05:00Z is midnight in New York */
    assert_int_equal(market_day_start(1767330000 - 1, -18000), 1767330000 - 86400);
    assert_int_equal(market_day_start(-1, 0), -86400);
}

static void a_frozen_price_stays_while_its_time_goes_on(void **state)
{
    (void)state;
    const struct sim_asset *apple = sim_asset_by_id("equity:AAPL");
    struct observation_effect effect = market_no_effect;
    effect.frozen = true;
    effect.frozen_at_s = START_S + 10;
    const struct observation first = market_observe(&market, apple, SIM_YAHOO, START_S + 20, 0, &effect);
    const struct observation second = market_observe(&market, apple, SIM_YAHOO, START_S + 300, 0, &effect);
    assert_true(first.price == second.price);
    assert_int_equal(second.observed_s - first.observed_s, 280);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_asset_begins_at_its_starting_price),
        cmocka_unit_test(the_same_seed_and_time_give_the_same_price_in_any_order),
        cmocka_unit_test(assets_move_independently),
        cmocka_unit_test(a_second_moves_a_coin_as_much_as_announced_and_a_minute_by_the_root_of_sixty),
        cmocka_unit_test(the_walk_goes_on_across_the_start_and_across_years),
        cmocka_unit_test(sources_agree_but_for_noise_and_observe_at_their_own_fresh_time),
        cmocka_unit_test(the_time_of_observation_never_goes_back),
        cmocka_unit_test(a_trading_day_begins_at_local_midnight),
        cmocka_unit_test(a_frozen_price_stays_while_its_time_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
