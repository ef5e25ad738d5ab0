#include "cli/status_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "cli/command.h"

/** A screen of fewer lines shows the sum of each stage's lag alone. */
#define LARGE_SCREEN_LINES 40
/** A screen of fewer lines is for what changes: without the sizes of tables, with fewer anomalies. */
#define MEDIUM_SCREEN_LINES 30
/** A table with its heading is not worth fewer lines. */
#define SECTION_LINES_MIN 2

/** The text being written. */
struct page {
    struct buf *out;
    const struct view *view;
    size_t lines; /* written */
    size_t begun; /* out->len where `lines` were counted up to */
};

/** Counts the lines that were written since. */
static void count_lines(struct page *page)
{
    for (; page->begun < page->out->len; page->begun++)
        page->lines += page->out->data[page->begun] == '\n';
}

/** Lines left on the screen; plenty without one. */
static size_t lines_left(const struct page *page)
{
    if (!page->view->height)
        return SIZE_MAX;
    return page->view->height > page->lines + 1 ? page->view->height - page->lines - 1 : 0;
}

/** Appends a table behind a blank line; on a screen with at most `lines_max` lines (0: what is left, and the rest is counted). */
static void section(struct page *page, struct grid *grid, size_t lines_max, bool fold)
{
    const size_t left = lines_left(page);
    if (grid_rows(grid) == 0 || left < SECTION_LINES_MIN + 1)
        return;
    struct grid_layout layout = {.width = page->view->width, .fold = fold, .quiet = lines_max > 0, .colour = page->view->colour};
    if (page->view->height)
        layout.lines_max = lines_max && lines_max < left - 1 ? lines_max : left - 1;
    buf_append_str(page->out, STR("\n"));
    grid_table(page->out, grid, &layout);
    count_lines(page);
}

/** The first line, and one for each component that does not answer. */
static void heading(struct page *page, const struct status_data *data)
{
    char time[TIME_TEXT_MAX];
    buf_printf(page->out, "quotebus at %.19sZ", time_format_us(data->at_us, time));
    for (size_t i = 0; i < COMPONENT_COUNT; i++)
        buf_printf(page->out, "  %s %s", component_names[i],
                   data->components[i].code == ERROR_NONE          ? "ok"
                   : data->components[i].code == ERROR_UNREACHABLE ? "UNREACHABLE"
                                                                   : "FAILED");
    buf_append_str(page->out, STR("\n"));
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        const char *message = data->components[i].message;
        const int room = page->view->height ? (int)page->view->width : (int)sizeof(data->components[i].message);
        if (data->components[i].code != ERROR_NONE)
            buf_printf(page->out, "%.*s\n", room, message);
    }
    count_lines(page);
}

/** Dead letters, where there are any. */
static void dead_letters(struct page *page, struct status_data *data)
{
    struct grid some;
    grid_init(&some, data->letters.columns, data->letters.column_count);
    for (size_t row = 0; row < grid_rows(&data->letters); row++) {
        const struct cell *cells = grid_cell(&data->letters, row, 0);
        if (!cells[1].set || cells[1].number <= 0)
            continue;
        grid_text(&some, cells[0].text);
        grid_number(&some, cells[1].number);
    }
    section(page, &some, 0, true);
    grid_clear(&some);
}

void status_text(struct buf *out, struct status_data *data, const struct view *view)
{
    struct page page = {.out = out, .view = view, .begun = out->len};
    heading(&page, data);
    section(&page, &data->stages, 0, false);
    if (!view->height || view->height >= LARGE_SCREEN_LINES)
        section(&page, &data->lag, 0, true);
    section(&page, &data->providers, 8, false);
    if (!view->height || view->height >= MEDIUM_SCREEN_LINES)
        section(&page, &data->tables, 0, true);
    dead_letters(&page, data);
    section(&page, &data->anomalies, view->height < MEDIUM_SCREEN_LINES ? 3 : 6, false);
    section(&page, &data->prices, 0, true);
}

void status_json(struct buf *out, const struct status_data *data)
{
    const struct {
        const char *name;
        const struct grid *grid;
    } parts[] = {{"stages", &data->stages},        {"lag", &data->lag},
                 {"providers", &data->providers},  {"tables", &data->tables},
                 {"dead_letters", &data->letters}, {"anomalies", &data->anomalies},
                 {"prices", &data->prices}};
    buf_append_str(out, STR("{\"at\":"));
    json_put_time(out, data->at_us);
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        const struct error *failure = &data->components[i];
        buf_printf(out, ",\"%s\":{\"ok\":%s", component_names[i], failure->code == ERROR_NONE ? "true" : "false");
        if (failure->code != ERROR_NONE) {
            buf_append_str(out, STR(",\"error\":"));
            json_put_string(out, str_from(failure->message));
        }
        buf_append_str(out, STR("}"));
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_printf(out, ",\"%s\":", parts[i].name);
        grid_json_array(out, parts[i].grid);
    }
    buf_append_str(out, STR("}\n"));
}

int status_exit(const struct status_data *data)
{
    int status = EXIT_SUCCESS;
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        if (data->components[i].code == ERROR_UNREACHABLE)
            return EXIT_UNREACHABLE;
        if (data->components[i].code != ERROR_NONE)
            status = EXIT_FAILURE;
    }
    return status;
}
