#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/symbols.h"

static struct asset_symbol btc[] = {{"yahoo", "BTC-USD"}, {"coingecko", "bitcoin"}};
static struct asset_symbol dot[] = {{"yahoo", "DOT-USD"}};
static struct asset_settings assets[] = {
    {.id = "crypto:BTC", .asset_class = "crypto", .symbols = btc, .symbol_count = 2},
    {.id = "crypto:DOT", .asset_class = "crypto", .symbols = dot, .symbol_count = 1},
    {.id = "equity:DOT", .asset_class = "equity"},
    {.id = "equity:AAPL", .asset_class = "equity"},
};
static const struct config config = {.assets = assets, .asset_count = 4};
static struct arena arena;

static int clear(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static void assert_means(const char *symbol, const char *asset_class, const char *expected)
{
    struct str asset;
    struct error error = {0};
    if (!symbol_asset(&config, str_from(symbol), asset_class, &arena, &asset, &error))
        fail_msg("%s: %s", symbol, error.message);
    if (!str_is(asset, expected))
        fail_msg("%s means %.*s", symbol, STR_ARG(asset));
}

static void assert_unknown(const char *symbol, const char *asset_class, const char *word)
{
    struct str asset;
    struct error error = {0};
    assert_false(symbol_asset(&config, str_from(symbol), asset_class, &arena, &asset, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.message, word));
}

static void symbol_is_an_id_a_code_or_what_a_provider_calls_it(void **state)
{
    (void)state;
    assert_means("crypto:BTC", NULL, "crypto:BTC");
    assert_means("AAPL", NULL, "equity:AAPL");
    assert_means("BTC-USD", NULL, "crypto:BTC");
    assert_means("bitcoin", NULL, "crypto:BTC");
}

static void symbol_of_two_assets_needs_a_class(void **state)
{
    (void)state;
    assert_unknown("DOT", NULL, "equity:DOT");
    assert_means("DOT", "crypto", "crypto:DOT");
    assert_means("DOT", "equity", "equity:DOT");
}

static void with_a_class_a_symbol_is_never_an_asset_of_another_one(void **state)
{
    (void)state;
    assert_means("BTC", "equity", "equity:BTC");
    assert_means("NEW.A", "equity", "equity:NEW.A");
}

static void symbol_that_means_nothing_is_named(void **state)
{
    (void)state;
    assert_unknown("NEW", NULL, "NEW");
    assert_unknown("", "equity", "''");
    assert_unknown("two words", "equity", "two words");
    assert_unknown("0123456789012345678901234567890123456789012345678", "equity", "cannot");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(symbol_is_an_id_a_code_or_what_a_provider_calls_it, clear),
        cmocka_unit_test_teardown(symbol_of_two_assets_needs_a_class, clear),
        cmocka_unit_test_teardown(with_a_class_a_symbol_is_never_an_asset_of_another_one, clear),
        cmocka_unit_test_teardown(symbol_that_means_nothing_is_named, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
