#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bus/avro_json.h"
#include "cli/quote_columns.h"

static struct arena arena;
static struct buf out;

static int clear(void **state)
{
    (void)state;
    arena_clear(&arena);
    buf_clear(&out);
    return 0;
}

/** The place of a column. */
static size_t column(const char *name)
{
    for (size_t i = 0; i < QUOTE_COLUMNS; i++) {
        if (strcmp(quote_columns[i].name, name) == 0)
            return i;
    }
    fail_msg("no column %s", name);
    return 0;
}

/** Cells of a row that is fine. */
static void fill(struct opt_str cells[QUOTE_COLUMNS])
{
    static const char *const values[][2] = {
        {"asset", "crypto:BTC"},
        {"source", "coingecko"},
        {"symbol", "bitcoin"},
        {"currency", "USD"},
        {"price", "0.30000000000000004"},
        {"bid", "1e-300"},
        {"observed_at", "2026-01-02T03:04:05.678901Z"},
        {"observed_resolution_s", "86400"},
        {"fetched_at", "2026-01-02T03:04:06.000001Z"},
        {"request_id", "r-1"},
        {"unit_factor", "0.01"},
        {"usd_rate_source", "ecb"},
        {"usd_rate_at", "2026-01-02T00:00:00.000000Z"},
        {"verdict", "SUSPECT"},
        {"flags", "jump;stale"},
        {"score", "0.5"},
        {"source_count", "3"},
        {"rules_version", "v1"},
        {"raw_partition", "2"},
        {"raw_offset", "9223372036854775807"},
        {"clean_partition", "2"},
        {"clean_offset", "77"},
    };
    memset(cells, 0, QUOTE_COLUMNS * sizeof(*cells));
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        cells[column(values[i][0])] = SOME_STR(str_from(values[i][1]));
}

static void cells_become_the_record_and_the_place_it_stood_at(void **state)
{
    (void)state;
    struct opt_str cells[QUOTE_COLUMNS];
    struct stored_quote row;
    struct error error = {0};
    fill(cells);
    if (!quote_from_cells(cells, &arena, &row, &error))
        fail_msg("%s", error.message);
    assert_true(str_is(row.quote.asset, "crypto:BTC") && row.quote.price == 0.1 + 0.2 && row.quote.bid.value == 1e-300);
    assert_false(row.quote.ask.set || row.quote.usd_rate.set);
    assert_int_equal(row.quote.observed_at_us, INT64_C(1767323045678901));
    assert_int_equal(row.quote.usd_rate_at_us.value, INT64_C(1767312000000000));
    assert_int_equal(row.quote.verdict, VERDICT_SUSPECT);
    assert_int_equal(row.quote.flags_count, 2);
    assert_true(str_is(row.quote.flags[0], "jump") && str_is(row.quote.flags[1], "stale"));
    assert_int_equal(row.quote.raw_offset, INT64_MAX);
    assert_true(row.origin.partition == 2 && row.origin.offset == 77);
}

static void row_without_a_place_is_of_an_unknown_record(void **state)
{
    (void)state;
    struct opt_str cells[QUOTE_COLUMNS];
    struct stored_quote row;
    struct error error = {0};
    fill(cells);
    cells[column("clean_partition")].set = cells[column("clean_offset")].set = false;
    assert_true(quote_from_cells(cells, &arena, &row, &error));
    assert_true(row.origin.partition == -1 && row.origin.offset == -1);
}

static void cell_that_is_not_what_it_stands_for_is_named(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"price", "cheap"},
        {"bid", "0x10"},
        {"observed_at", "yesterday"},
        {"fetched_at", "-5m"},
        {"verdict", "PERHAPS"},
        {"raw_partition", ""},
        {"raw_partition", "99999999999"},
        {"raw_offset", "1.5"},
        {"source_count", "many"},
        {"usd_rate_at", "x"},
        {"raw_offset", "99999999999999999999999"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct opt_str cells[QUOTE_COLUMNS];
        struct stored_quote row;
        struct error error = {0};
        fill(cells);
        cells[column(bad[i][0])] = SOME_STR(str_from(bad[i][1]));
        if (quote_from_cells(cells, &arena, &row, &error))
            fail_msg("%s '%s' was taken", bad[i][0], bad[i][1]);
        assert_non_null(strstr(error.message, bad[i][0]));
        assert_int_equal(error.code, ERROR_INVALID);
    }
}

static void encoded_rows_are_values_of_the_schema_of_the_file(void **state)
{
    (void)state;
    struct opt_str cells[QUOTE_COLUMNS];
    struct stored_quote row;
    struct error error = {0};
    struct buf json = {0};
    char *schema = stored_quote_schema();
    struct avro_shape *shape = avro_shape_new(schema, &error);
    assert_non_null(shape);
    fill(cells);
    assert_true(quote_from_cells(cells, &arena, &row, &error));
    stored_quote_encode(&row, &out);
    if (!avro_shape_walk(shape, buf_str(&out), &json, &error))
        fail_msg("%s", error.message);
    json_error_t why;
    json_t *value = json_loadb((const char *)json.data, json.len, 0, &why);
    assert_int_equal(json_integer_value(json_object_get(value, "clean_offset")), 77);
    assert_string_equal(json_string_value(json_object_get(value, "fetched_at")), "2026-01-02T03:04:06.000001Z");
    json_decref(value);
    buf_clear(&json);
    avro_shape_free(shape);
    free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(cells_become_the_record_and_the_place_it_stood_at, clear),
        cmocka_unit_test_teardown(row_without_a_place_is_of_an_unknown_record, clear),
        cmocka_unit_test_teardown(cell_that_is_not_what_it_stands_for_is_named, clear),
        cmocka_unit_test_teardown(encoded_rows_are_values_of_the_schema_of_the_file, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
