#include "cli/row.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/row_parts.h"

struct row_reader *row_reader_new(FILE *stream, enum row_format format, const struct row_column *columns, size_t count)
{
    assert(count <= ROW_KNOWN_MAX);
    struct row_reader *reader = xcalloc(1, sizeof(*reader));
    reader->stream = stream;
    reader->format = format;
    reader->columns = columns;
    reader->column_count = count;
    return reader;
}

void row_reader_free(struct row_reader *reader)
{
    if (!reader)
        return;
    buf_clear(&reader->text);
    buf_clear(&reader->unescaped);
    free(reader);
}

enum row_status row_reader_next(struct row_reader *reader, struct row *row, struct error *error)
{
    *row = (struct row){0};
    return reader->format == ROW_CSV ? row_next_csv(reader, row, error) : row_next_json(reader, row, error);
}

int row_known_column(const struct row_reader *reader, struct str name)
{
    for (size_t i = 0; i < reader->column_count; i++) {
        const char *known = reader->columns[i].name;
        if (strlen(known) == name.len && strncasecmp(known, name.ptr, name.len) == 0)
            return (int)i;
    }
    return -1;
}

struct str row_trim(struct str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

enum row_status row_failed(size_t line, struct error *error, const char *format, ...)
{
    char what[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    error_set(error, ERROR_USAGE, "line %zu: %s", line, what);
    return ROW_FAILED;
}
