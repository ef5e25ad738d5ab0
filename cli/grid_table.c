#include "cli/grid.h"

#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR "  "
/** Most rows beside each other. */
#define BLOCKS_MAX 8

/** A table being filled: the grid's rows in `blocks` blocks of `lines` beside each other. */
struct sheet {
    struct libscols_table *table;
    struct grid *grid;
    size_t blocks;
    size_t lines;
    size_t shown; /* columns of one block */
};

/** Columns of the screen that a text takes (UTF-8). */
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/** Width of one block. */
static size_t block_width(struct grid *grid)
{
    size_t total = 0;
    for (size_t column = 0; column < grid->column_count; column++) {
        if (!grid->columns[column].heading)
            continue;
        size_t widest = text_width(grid->columns[column].heading);
        for (size_t row = 0; row < grid_rows(grid); row++) {
            const size_t width = text_width(grid_cell_text(grid, row, column));
            widest = width > widest ? width : widest;
        }
        total += widest + strlen(SEPARATOR);
    }
    return total;
}

/** Colour of a state: good, bad, or in between; NULL: none. */
static const char *state_colour(const char *state)
{
    static const char *const good[] = {"ready", "ok", "PASS"};
    static const char *const bad[] = {"down", "missing", "REJECT", "blocked", "bad_key", "unreachable"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (strcmp(state, good[i]) == 0)
            return "green";
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (strcmp(state, bad[i]) == 0)
            return "red";
    }
    return *state ? "yellow" : NULL;
}

/** Makes the columns of all blocks. The last column of texts gives way when the screen is narrow. */
static void add_columns(const struct sheet *sheet)
{
    const struct grid *grid = sheet->grid;
    for (size_t block = 0; block < sheet->blocks; block++) {
        for (size_t i = 0; i < grid->column_count; i++) {
            const struct column *column = &grid->columns[i];
            if (!column->heading)
                continue;
            const bool is_text = column->kind == COLUMN_TEXT || column->kind == COLUMN_STATE;
            const bool gives_way = is_text && i + 1 == grid->column_count;
            scols_table_new_column(sheet->table, column->heading, 0,
                                   (is_text ? 0 : SCOLS_FL_RIGHT) | (gives_way ? SCOLS_FL_TRUNC : 0));
        }
    }
}

/** Puts a row of the grid into its place of a line. */
static void fill_row(const struct sheet *sheet, struct libscols_line *line, size_t row, size_t block, bool colour)
{
    size_t place = block * sheet->shown;
    for (size_t i = 0; i < sheet->grid->column_count; i++) {
        if (!sheet->grid->columns[i].heading)
            continue;
        const char *text = grid_cell_text(sheet->grid, row, i);
        scols_line_set_data(line, place, text);
        if (colour && sheet->grid->columns[i].kind == COLUMN_STATE && state_colour(text))
            scols_cell_set_color(scols_line_get_cell(line, place), state_colour(text));
        place++;
    }
}

/** Fills the lines, block after block from top to bottom. */
static void add_lines(const struct sheet *sheet, bool colour)
{
    const size_t rows = grid_rows(sheet->grid);
    for (size_t i = 0; i < sheet->lines; i++) {
        struct libscols_line *line = scols_table_new_line(sheet->table, NULL);
        for (size_t block = 0; line && block < sheet->blocks; block++) {
            const size_t row = block * sheet->lines + i;
            if (row < rows)
                fill_row(sheet, line, row, block, colour);
        }
    }
}

/** Appends what smartcols makes of the sheet, without blanks at the ends of lines. */
static void print_sheet(struct buf *out, const struct sheet *sheet)
{
    char *text = NULL;
    if (scols_print_table_to_string(sheet->table, &text) != 0 || !text)
        return;
    for (const char *line = text; *line;) {
        const size_t len = strcspn(line, "\n");
        size_t kept = len;
        while (kept && line[kept - 1] == ' ')
            kept--;
        buf_append(out, line, kept);
        buf_append_str(out, STR("\n"));
        line += len + (line[len] == '\n');
    }
    free(text);
}

/** How many rows of the grid fit beside each other. */
static size_t block_count(struct grid *grid, const struct grid_layout *layout)
{
    const size_t width = block_width(grid);
    const size_t fitting = layout->fold && width ? (layout->width + strlen(SEPARATOR)) / width : 1;
    return fitting < 1 ? 1 : fitting > BLOCKS_MAX ? BLOCKS_MAX : fitting;
}

/** Decides how many lines and blocks there are. Returns how many rows are left out. */
static size_t lay_out(struct sheet *sheet, const struct grid_layout *layout)
{
    const size_t rows = grid_rows(sheet->grid);
    sheet->blocks = block_count(sheet->grid, layout);
    sheet->lines = (rows + sheet->blocks - 1) / sheet->blocks;
    const bool cut = layout->lines_max && sheet->lines + 1 > layout->lines_max;
    if (cut)
        sheet->lines = layout->lines_max - (layout->quiet || layout->lines_max == 2 ? 1 : 2);
    const size_t needed = (rows + sheet->lines - 1) / sheet->lines;
    sheet->blocks = needed < sheet->blocks ? needed : sheet->blocks;
    return cut ? rows - sheet->lines * sheet->blocks : 0;
}

/** A table without lines. NULL when memory is out. */
static struct libscols_table *new_table(const struct grid_layout *layout)
{
    struct libscols_table *table = scols_new_table();
    if (!table)
        return NULL;
    scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS);
    scols_table_set_termwidth(table, layout->width);
    scols_table_set_column_separator(table, SEPARATOR);
    scols_table_enable_colors(table, layout->colour);
    return table;
}

void grid_table(struct buf *out, struct grid *grid, const struct grid_layout *layout)
{
    struct sheet sheet = {.grid = grid};
    if (grid_rows(grid) == 0 || layout->lines_max == 1)
        return;
    for (size_t i = 0; i < grid->column_count; i++)
        sheet.shown += grid->columns[i].heading != NULL;
    const size_t left_out = lay_out(&sheet, layout);
    sheet.table = new_table(layout);
    if (!sheet.table)
        return;
    add_columns(&sheet);
    add_lines(&sheet, layout->colour);
    print_sheet(out, &sheet);
    scols_unref_table(sheet.table);
    if (left_out && !layout->quiet && layout->lines_max > 2)
        buf_printf(out, "... %zu more\n", left_out);
}
