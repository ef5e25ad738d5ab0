/* CSV as RFC 4180 has it, read byte by byte, since a quoted cell may hold line ends. */
#include <string.h>

#include "cli/row_parts.h"

/** Where the reader stands in a cell. */
enum place {
    AT_BEGIN,    /* nothing of the cell was read */
    IN_PLAIN,    /* in a cell without quotes */
    IN_QUOTES,   /* between the quotes */
    BEHIND_QUOTE /* behind a quote between quotes: the end, or the first half of a doubled one */
};

/** Ends the cell that was read. */
static bool end_cell(struct row_reader *reader)
{
    if (reader->span_count == ROW_COLUMNS_MAX)
        return false;
    const size_t begin =
        reader->span_count ? reader->spans[reader->span_count - 1].begin + reader->spans[reader->span_count - 1].len : 0;
    reader->spans[reader->span_count++] = (struct row_span){.begin = begin, .len = reader->text.len - begin};
    return true;
}

/** The next byte; a line end of two bytes comes as '\n'. */
static int next_byte(struct row_reader *reader)
{
    const int byte = getc_unlocked(reader->stream);
    if (byte != '\r')
        return byte;
    const int after = getc_unlocked(reader->stream);
    if (after == '\n')
        return '\n';
    if (after != EOF)
        ungetc(after, reader->stream);
    return '\r';
}

/** Moves behind a byte that belongs to a cell; false when quotes stand where they cannot. */
static bool take_byte(struct row_reader *reader, int byte, enum place *place)
{
    if (byte == '"' && *place == AT_BEGIN) {
        *place = IN_QUOTES;
        return true;
    }
    if (byte == '"' && *place == IN_QUOTES) {
        *place = BEHIND_QUOTE;
        return true;
    }
    if (*place == BEHIND_QUOTE ? byte != '"' : byte == '"')
        return false;
    *place = *place == AT_BEGIN ? IN_PLAIN : *place == BEHIND_QUOTE ? IN_QUOTES : *place;
    const unsigned char kept = (unsigned char)byte;
    buf_append(&reader->text, &kept, 1);
    return true;
}

/** What the loop over bytes does after one. */
enum step { STEP_ON, STEP_ROW, STEP_FAILED };

/** Takes one byte or the end of the stream. */
static enum step take(struct row_reader *reader, int byte, size_t first_line, enum place *place, struct error *error)
{
    const bool ends_row = byte == EOF || (byte == '\n' && *place != IN_QUOTES);
    if (byte == EOF && *place == IN_QUOTES) {
        row_failed(first_line, error, "a quoted cell does not end before the file does");
        return STEP_FAILED;
    }
    if (ends_row || (byte == ',' && *place != IN_QUOTES)) {
        *place = AT_BEGIN;
        if (end_cell(reader))
            return ends_row ? STEP_ROW : STEP_ON;
        row_failed(first_line, error, "has more than %d columns", ROW_COLUMNS_MAX);
        return STEP_FAILED;
    }
    if (!take_byte(reader, byte, place)) {
        row_failed(reader->line, error, "broken quoting: a cell with a quote in it is written \"like \"\" this\"");
        return STEP_FAILED;
    }
    reader->line += byte == '\n';
    if (reader->text.len <= ROW_BYTES_MAX)
        return STEP_ON;
    row_failed(first_line, error, "is longer than %d bytes", ROW_BYTES_MAX);
    return STEP_FAILED;
}

/** Reads the cells of one row, which may be a blank line: one empty cell. */
static enum row_status read_cells(struct row_reader *reader, size_t *first_line, struct error *error)
{
    enum place place = AT_BEGIN;
    enum step step = STEP_ON;
    buf_reset(&reader->text);
    reader->span_count = 0;
    int byte = next_byte(reader);
    if (byte == EOF)
        return ferror(reader->stream) ? row_failed(reader->line + 1, error, "cannot be read") : ROW_END;
    *first_line = ++reader->line;
    for (;; byte = next_byte(reader)) {
        step = take(reader, byte, *first_line, &place, error);
        if (step != STEP_ON)
            return step == STEP_ROW ? ROW_READ : ROW_FAILED;
    }
}

/** Whether the row is a blank line. */
static bool is_blank(const struct row_reader *reader)
{
    return reader->span_count == 1 && row_trim(buf_str(&reader->text)).len == 0;
}

/** The text of a cell. */
static struct str cell_text(const struct row_reader *reader, size_t i)
{
    return row_trim((struct str){.ptr = (const char *)reader->text.data + reader->spans[i].begin, .len = reader->spans[i].len});
}

/** Reads over a byte order mark. */
static void skip_mark(struct row_reader *reader)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    const int first = getc_unlocked(reader->stream);
    if (first != mark[0]) {
        if (first != EOF)
            ungetc(first, reader->stream);
        return;
    }
    /* A stream takes one byte back only; but no name of a column begins with these. */
    for (size_t i = 1; i < sizeof(mark); i++)
        getc_unlocked(reader->stream);
}

/** Finds the caller's columns among those of the header. */
static enum row_status match_header(struct row_reader *reader, size_t line, struct error *error)
{
    bool seen[ROW_KNOWN_MAX] = {0};
    reader->header_count = reader->span_count;
    for (size_t i = 0; i < reader->span_count; i++) {
        const struct str name = cell_text(reader, i);
        const int known = row_known_column(reader, name);
        reader->known_of[i] = known;
        if (known < 0)
            continue;
        if (seen[known])
            return row_failed(line, error, "the header has the column %s twice", reader->columns[known].name);
        seen[known] = true;
    }
    for (size_t i = 0; i < reader->column_count; i++) {
        if (reader->columns[i].required && !seen[i])
            return row_failed(line, error, "the header lacks the column %s", reader->columns[i].name);
    }
    return ROW_READ;
}

/** Reads the header, once. */
static enum row_status read_header(struct row_reader *reader, struct error *error)
{
    size_t line = 1;
    if (reader->has_header)
        return ROW_READ;
    skip_mark(reader);
    const enum row_status status = read_cells(reader, &line, error);
    if (status == ROW_END || (status == ROW_READ && is_blank(reader)))
        return row_failed(1, error, "there is no header with the names of the columns");
    reader->has_header = true;
    return status == ROW_READ ? match_header(reader, line, error) : status;
}

enum row_status row_next_csv(struct row_reader *reader, struct row *row, struct error *error)
{
    enum row_status status = read_header(reader, error);
    if (status != ROW_READ)
        return status;
    do {
        status = read_cells(reader, &row->line, error);
    } while (status == ROW_READ && is_blank(reader));
    if (status != ROW_READ)
        return status;
    for (size_t i = 0; i < reader->span_count; i++) {
        const struct str text = cell_text(reader, i);
        if (i >= reader->header_count)
            row->surplus = row->surplus || text.len;
        else if (reader->known_of[i] >= 0 && text.len)
            row->cells[reader->known_of[i]] = SOME_STR(text);
    }
    return ROW_READ;
}
