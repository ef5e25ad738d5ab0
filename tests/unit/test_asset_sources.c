#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/asset_sources.h"
#include "temp_config.h"

static void every_asset_of_the_shipped_configuration_has_two_sources(void **state)
{
    (void)state;
    struct error error = {0};
    struct grid grid;
    struct config *config = config_load(&(struct config_options){.path = SOURCE_DIR "/config/quotebus.yaml"}, &error);
    assert_non_null(config);
    grid_init(&grid, asset_sources_columns, asset_sources_column_count);
    assert_int_equal(asset_sources_gather(config, &grid), 0);
    assert_true(grid_rows(&grid) > 4 * config->asset_count);
    grid_clear(&grid);
    config_free(config);
}

/** A small configuration; the asset equity:X has what `symbols` says. */
static struct config *small_config(const char *symbols, const char *job)
{
    char text[1000];
    snprintf(text, sizeof(text),
             "providers:\n  a: { base_url: http://127.0.0.1:1 }\n  b: { base_url: http://127.0.0.1:2 }\n"
             "  off: { base_url: http://127.0.0.1:3, enabled: false }\n"
             "jobs:\n  first: { provider: a, endpoint: e, every_s: 60, classes: [equity] }\n%s"
             "assets:\n  equity:X: { symbols: { %s } }\n  crypto:Y: { symbols: { a: Y } }\n",
             job, symbols);
    return temp_config(text);
}

/** Expects a number of sources that count. */
static void expect(const char *symbols, const char *job, size_t count)
{
    struct config *config = small_config(symbols, job);
    assert_int_equal(asset_sources_count(config, &config->assets[0]), count);
    config_free(config);
}

static void source_counts_when_a_job_polls_the_asset_there(void **state)
{
    (void)state;
    expect("a: X", "", 1);
    expect("a: X, b: Y", "", 1);
    expect("a: X, b: Y", "  second: { provider: b, endpoint: e, every_s: 60 }\n", 2);
    expect("a: X, b: Y", "  second: { provider: b, endpoint: e, every_s: 60, classes: [crypto] }\n", 1);
    expect("a: X, b: Y", "  second: { provider: b, endpoint: e, every_s: 60, assets: [\"equity:X\"] }\n", 2);
    expect("a: X", "  second: { provider: a, endpoint: f, every_s: 60 }\n", 1);
    expect("b: Y", "", 0);
    expect("a: X, off: Y", "  second: { provider: off, endpoint: e, every_s: 60 }\n", 1);
}

static void rows_name_source_symbol_and_job_and_symbols_that_nobody_polls(void **state)
{
    (void)state;
    struct grid grid;
    struct config *config = small_config("a: X, b: Y", "  more: { provider: a, endpoint: f, every_s: 3600 }\n");
    grid_init(&grid, asset_sources_columns, asset_sources_column_count);
    assert_int_equal(asset_sources_gather(config, &grid), 2);
    assert_int_equal(grid_rows(&grid), 4);
    assert_string_equal(grid_cell(&grid, 0, 0)->text, "equity:X");
    assert_string_equal(grid_cell(&grid, 0, 3)->text, "one source");
    assert_string_equal(grid_cell(&grid, 0, 4)->text, "a");
    assert_string_equal(grid_cell(&grid, 0, 5)->text, "X");
    assert_true(grid_cell(&grid, 1, 6)->number == 3600);
    assert_string_equal(grid_cell(&grid, 1, 7)->text, "more");
    assert_string_equal(grid_cell(&grid, 2, 4)->text, "b");
    assert_false(grid_cell(&grid, 2, 6)->set);
    assert_false(grid_cell(&grid, 2, 7)->set);
    grid_clear(&grid);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_asset_of_the_shipped_configuration_has_two_sources),
        cmocka_unit_test(source_counts_when_a_job_polls_the_asset_there),
        cmocka_unit_test(rows_name_source_symbol_and_job_and_symbols_that_nobody_polls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
