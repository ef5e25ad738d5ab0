/* Tables and JSON of the command line, and the screen of `quotebus status`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/grid.h"
#include "cli/status_view.h"

static const struct column columns[] = {
    {"name", "NAME", COLUMN_TEXT}, {"size", "SIZE", COLUMN_BYTES}, {"more", NULL, COLUMN_JSON}, {"state", "STATE", COLUMN_STATE}};

/** Fills `rows` rows. */
static void fill(struct grid *grid, size_t rows)
{
    grid_init(grid, columns, 4);
    for (size_t i = 0; i < rows; i++) {
        char name[32];
        snprintf(name, sizeof(name), "row%zu", i);
        grid_text(grid, name);
        grid_number(grid, 2048);
        grid_text(grid, "{\"a\":1}");
        grid_text(grid, i == 0 ? "ok" : NULL);
    }
}

/** The table as text, in `out`. */
static const char *table(struct grid *grid, const struct grid_layout *layout, struct buf *out)
{
    buf_reset(out);
    grid_table(out, grid, layout);
    buf_append(out, "", 1);
    return (const char *)out->data;
}

/** Lines of a text, and the width of the widest. */
static size_t measure(const char *text, size_t *widest)
{
    size_t lines = 0;
    *widest = 0;
    while (*text) {
        const size_t len = strcspn(text, "\n");
        *widest = len > *widest ? len : *widest;
        lines++;
        text += len + (text[len] == '\n');
    }
    return lines;
}

static void people_see_units_and_machines_see_numbers(void **state)
{
    (void)state;
    struct grid grid;
    struct buf out = {0};
    fill(&grid, 2);
    assert_string_equal(table(&grid, &(struct grid_layout){.width = 80}, &out), "NAME     SIZE  STATE\n"
                                                                                "row0  2.0 KiB  ok\n"
                                                                                "row1  2.0 KiB\n");
    buf_reset(&out);
    grid_json_lines(&out, &grid);
    buf_append(&out, "", 1);
    assert_string_equal((const char *)out.data, "{\"name\":\"row0\",\"size\":2048,\"more\":{\"a\":1},\"state\":\"ok\"}\n"
                                                "{\"name\":\"row1\",\"size\":2048,\"more\":{\"a\":1},\"state\":null}\n");
    buf_clear(&out);
    grid_clear(&grid);
}

static void number_that_is_none_is_null(void **state)
{
    (void)state;
    static const struct column numbers[] = {{"a", "A", COLUMN_NUMBER}, {"b", "B", COLUMN_NUMBER}};
    struct grid grid;
    struct buf out = {0};
    grid_init(&grid, numbers, 2);
    grid_number(&grid, (double)NAN);
    grid_optional(&grid, false, 7);
    grid_json_array(&out, &grid);
    buf_append(&out, "", 1);
    assert_string_equal((const char *)out.data, "[{\"a\":null,\"b\":null}]");
    buf_clear(&out);
    grid_clear(&grid);
}

static void rows_stand_beside_each_other_where_there_is_room(void **state)
{
    (void)state;
    struct grid grid;
    struct buf out = {0};
    fill(&grid, 3);
    assert_string_equal(table(&grid, &(struct grid_layout){.width = 50, .fold = true}, &out),
                        "NAME     SIZE  STATE  NAME     SIZE  STATE\n"
                        "row0  2.0 KiB  ok     row2  2.0 KiB\n"
                        "row1  2.0 KiB\n");
    buf_clear(&out);
    grid_clear(&grid);
}

static void what_does_not_fit_is_counted(void **state)
{
    (void)state;
    struct grid grid;
    struct buf out = {0};
    size_t widest;
    fill(&grid, 100);
    const char *text = table(&grid, &(struct grid_layout){.width = 50, .fold = true, .lines_max = 10}, &out);
    assert_int_equal(measure(text, &widest), 10);
    assert_non_null(strstr(text, "... 84 more\n"));
    text = table(&grid, &(struct grid_layout){.width = 50, .lines_max = 3, .quiet = true}, &out);
    assert_int_equal(measure(text, &widest), 3);
    assert_non_null(strstr(text, "row1"));
    buf_clear(&out);
    grid_clear(&grid);
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    (void)state;
    struct grid grid;
    struct buf out = {0};
    fill(&grid, 1);
    grid_text(&grid, "evil\033[2J\n");
    grid_number(&grid, 0);
    grid_text(&grid, NULL);
    grid_text(&grid, NULL);
    assert_null(strchr(table(&grid, &(struct grid_layout){.width = 80}, &out), '\033'));
    buf_clear(&out);
    grid_clear(&grid);
}

static void durations_and_sizes_read_well(void **state)
{
    (void)state;
    char text[24];
    assert_string_equal(human_age(-3, text), "0 s");
    assert_string_equal(human_age(0.9, text), "0 s");
    assert_string_equal(human_age(119, text), "119 s");
    assert_string_equal(human_age(120, text), "2 m");
    assert_string_equal(human_age(7200, text), "2 h");
    assert_string_equal(human_age(86400 * 400.0, text), "400 d");
    assert_string_equal(human_bytes(0, text), "0 B");
    assert_string_equal(human_bytes(1023, text), "1023 B");
    assert_string_equal(human_bytes(1536, text), "1.5 KiB");
    assert_string_equal(human_bytes(64.0 * 1024 * 1024, text), "64 MiB");
}

/** Fills `rows` rows of a grid by the kinds of its columns. */
static void fill_any(struct grid *grid, size_t rows)
{
    for (size_t i = 0; i < rows * grid->column_count; i++) {
        switch (grid->columns[i % grid->column_count].kind) {
        case COLUMN_TEXT:
        case COLUMN_STATE:
            grid_text(grid, "a word or two that may be long enough to be cut");
            break;
        case COLUMN_JSON:
            grid_text(grid, "{}");
            break;
        default:
            grid_number(grid, 123456);
        }
    }
}

/** A status with something in every part. */
static void fill_status(struct status_data *data)
{
    status_data_init(data);
    fill_any(&data->providers, 3);
    fill_any(&data->tables, 4);
    fill_any(&data->letters, 2);
    fill_any(&data->anomalies, 10);
    for (size_t i = 0; i < 75; i++) {
        grid_text(&data->prices, "equity:AAPL");
        grid_number(&data->prices, 123.45);
        grid_text(&data->prices, "USD");
        for (size_t k = 3; k < data->prices.column_count; k++)
            grid_text(&data->prices, NULL);
    }
}

static void live_status_never_scrolls_the_screen(void **state)
{
    (void)state;
    static const size_t heights[] = {1, 2, 3, 5, 10, 24, 30, 40, 60, 200};
    for (size_t i = 0; i < sizeof(heights) / sizeof(heights[0]); i++) {
        struct status_data data;
        struct buf out = {0};
        size_t widest;
        fill_status(&data);
        status_text(&out, &data, &(struct view){.width = 80, .height = heights[i]});
        buf_append(&out, "", 1);
        const size_t lines = measure((const char *)out.data, &widest);
        assert_true(lines < heights[i] || heights[i] <= 1);
        assert_true(lines > 0);
        buf_clear(&out);
        status_data_clear(&data);
    }
}

static void status_that_is_not_live_shows_every_price(void **state)
{
    (void)state;
    struct status_data data;
    struct buf out = {0};
    fill_status(&data);
    status_text(&out, &data, &(struct view){.width = 80});
    buf_append(&out, "", 1);
    size_t prices = 0;
    for (const char *at = (const char *)out.data; (at = strstr(at, "equity:AAPL")); at++)
        prices++;
    assert_int_equal(prices, 75);
    assert_null(strstr((const char *)out.data, " more\n"));
    buf_clear(&out);
    status_data_clear(&data);
}

static void unreachable_part_is_said_and_decides_the_exit_status(void **state)
{
    (void)state;
    struct status_data data;
    struct buf out = {0};
    fill_status(&data);
    assert_int_equal(status_exit(&data), 0);
    error_set(&data.components[COMPONENT_REGISTRY], ERROR_NOT_FOUND, "it says 500");
    assert_int_equal(status_exit(&data), 1);
    error_set(&data.components[COMPONENT_KAFKA], ERROR_UNREACHABLE, "nobody answers");
    assert_int_equal(status_exit(&data), 3);
    status_text(&out, &data, &(struct view){.width = 80});
    buf_append(&out, "", 1);
    assert_non_null(strstr((const char *)out.data, "kafka UNREACHABLE"));
    assert_non_null(strstr((const char *)out.data, "nobody answers\n"));
    assert_non_null(strstr((const char *)out.data, "postgres ok"));
    buf_reset(&out);
    status_json(&out, &data);
    buf_append(&out, "", 1);
    assert_non_null(strstr((const char *)out.data, "\"kafka\":{\"ok\":false,\"error\":\"nobody answers\"}"));
    buf_clear(&out);
    status_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_see_units_and_machines_see_numbers),
        cmocka_unit_test(number_that_is_none_is_null),
        cmocka_unit_test(rows_stand_beside_each_other_where_there_is_room),
        cmocka_unit_test(what_does_not_fit_is_counted),
        cmocka_unit_test(control_characters_do_not_reach_the_terminal),
        cmocka_unit_test(durations_and_sizes_read_well),
        cmocka_unit_test(live_status_never_scrolls_the_screen),
        cmocka_unit_test(status_that_is_not_live_shows_every_price),
        cmocka_unit_test(unreachable_part_is_said_and_decides_the_exit_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
