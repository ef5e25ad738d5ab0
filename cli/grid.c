#include "cli/grid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"

void grid_init(struct grid *grid, const struct column *columns, size_t column_count)
{
    *grid = (struct grid){.columns = columns, .column_count = column_count};
}

void grid_clear(struct grid *grid)
{
    free(grid->cells);
    arena_clear(&grid->memory);
    *grid = (struct grid){0};
}

void grid_reset(struct grid *grid)
{
    grid->cell_count = 0;
    arena_reset(&grid->memory);
}

/** Appends a cell. */
static void add_cell(struct grid *grid, struct cell cell)
{
    if (grid->cell_count == grid->cell_cap) {
        grid->cell_cap = grid->cell_cap ? 2 * grid->cell_cap : 64;
        grid->cells = xrealloc(grid->cells, grid->cell_cap * sizeof(*grid->cells));
    }
    grid->cells[grid->cell_count++] = cell;
}

void grid_text(struct grid *grid, const char *text)
{
    add_cell(grid, (struct cell){.set = text != NULL, .text = text ? arena_strdup(&grid->memory, str_from(text)) : NULL});
}

void grid_number(struct grid *grid, double number)
{
    add_cell(grid, (struct cell){.set = isfinite(number), .number = number});
}

void grid_optional(struct grid *grid, bool set, double number)
{
    add_cell(grid, (struct cell){.set = set && isfinite(number), .number = number});
}

size_t grid_rows(const struct grid *grid)
{
    return grid->column_count ? grid->cell_count / grid->column_count : 0;
}

const struct cell *grid_cell(const struct grid *grid, size_t row, size_t column)
{
    return &grid->cells[row * grid->column_count + column];
}

char *human_age(double seconds, char out[HUMAN_MAX])
{
    static const struct {
        double seconds;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "m"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds >= 2 * units[i].seconds) {
            snprintf(out, HUMAN_MAX, "%.0f %s", floor(seconds / units[i].seconds), units[i].unit);
            return out;
        }
    }
    snprintf(out, HUMAN_MAX, "%.0f s", seconds > 0 ? floor(seconds) : 0.0);
    return out;
}

char *human_bytes(double bytes, char out[HUMAN_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1024;
        unit++;
    }
    snprintf(out, HUMAN_MAX, bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return out;
}

const char *grid_cell_text(struct grid *grid, size_t row, size_t column)
{
    const struct cell *cell = grid_cell(grid, row, column);
    char text[HUMAN_MAX];
    if (!cell->set)
        return "";
    if (cell->text)
        return cell->text;
    switch (grid->columns[column].kind) {
    case COLUMN_AGE:
        human_age(cell->number, text);
        break;
    case COLUMN_BYTES:
        human_bytes(cell->number, text);
        break;
    case COLUMN_COUNT:
        snprintf(text, sizeof(text), "%.0f", cell->number);
        break;
    case COLUMN_DECIMAL:
        snprintf(text, sizeof(text), "%.1f", cell->number);
        break;
    default:
        snprintf(text, sizeof(text), "%.8g", cell->number);
    }
    return arena_strdup(&grid->memory, str_from(text));
}

/** Appends a row as one object. */
static void put_object(struct buf *out, const struct grid *grid, size_t row)
{
    for (size_t i = 0; i < grid->column_count; i++) {
        const struct cell *cell = grid_cell(grid, row, i);
        buf_printf(out, "%s\"%s\":", i ? "," : "{", grid->columns[i].name);
        if (!cell->set)
            buf_append_str(out, STR("null"));
        else if (!cell->text)
            json_put_double(out, cell->number);
        else if (grid->columns[i].kind == COLUMN_JSON)
            buf_append_str(out, str_from(cell->text));
        else
            json_put_string(out, str_from(cell->text));
    }
    buf_append_str(out, STR("}"));
}

void grid_json_lines(struct buf *out, const struct grid *grid)
{
    for (size_t row = 0; row < grid_rows(grid); row++) {
        put_object(out, grid, row);
        buf_append_str(out, STR("\n"));
    }
}

void grid_json_array(struct buf *out, const struct grid *grid)
{
    buf_append_str(out, STR("["));
    for (size_t row = 0; row < grid_rows(grid); row++) {
        if (row)
            buf_append_str(out, STR(","));
        put_object(out, grid, row);
    }
    buf_append_str(out, STR("]"));
}
