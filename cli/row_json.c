/* One JSON object per line. A reader of its own, since what rows are judged for (NaN, 1e999) no JSON library lets through. */
#include <stdlib.h>
#include <string.h>

#include "cli/row_parts.h"

/** Deepest nesting of a value, which is only skipped. */
#define DEPTH_MAX 64

/** What is left of a line. */
struct cursor {
    const char *at;
    const char *end;
    struct buf *texts; /* gets unescaped texts */
};

/** Moves behind blanks. */
static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t' || *cursor->at == '\r'))
        cursor->at++;
}

/** Moves behind `c` and the blanks around it when it is next. */
static bool take_char(struct cursor *cursor, char c)
{
    skip_blanks(cursor);
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    skip_blanks(cursor);
    return true;
}

/** Reads four hex digits. */
static bool take_hex(struct cursor *cursor, uint32_t *out)
{
    char digits[5] = {0};
    char *end;
    if (cursor->end - cursor->at < 4)
        return false;
    memcpy(digits, cursor->at, 4);
    cursor->at += 4;
    *out = (uint32_t)strtoul(digits, &end, 16);
    return strspn(digits, "0123456789abcdefABCDEF") == 4;
}

/** Appends a code point as UTF-8. */
static void put_utf8(struct buf *out, uint32_t code)
{
    unsigned char bytes[4];
    size_t len = 0;
    if (code < 0x80) {
        bytes[len++] = (unsigned char)code;
    } else if (code < 0x800) {
        bytes[len++] = (unsigned char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        bytes[len++] = (unsigned char)(0xe0 | code >> 12);
        bytes[len++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    } else {
        bytes[len++] = (unsigned char)(0xf0 | code >> 18);
        bytes[len++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
        bytes[len++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80)
        bytes[len++] = (unsigned char)(0x80 | (code & 0x3f));
    buf_append(out, bytes, len);
}

/** Reads what stands behind `\u`: one half of a surrogate pair alone becomes U+FFFD. */
static bool take_unicode(struct cursor *cursor)
{
    uint32_t code, low;
    if (!take_hex(cursor, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && cursor->end - cursor->at >= 6 && cursor->at[0] == '\\' && cursor->at[1] == 'u') {
        cursor->at += 2;
        if (!take_hex(cursor, &low))
            return false;
        code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
    }
    put_utf8(cursor->texts, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    return true;
}

/** Reads what stands behind a backslash. */
static bool take_escape(struct cursor *cursor)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (cursor->at == cursor->end)
        return false;
    const char kind = *cursor->at++;
    if (kind == 'u')
        return take_unicode(cursor);
    const char *found = kind ? strchr(from, kind) : NULL;
    if (found)
        buf_append(cursor->texts, &to[found - from], 1);
    return found != NULL;
}

/** Reads a text in quotes into cursor->texts; `span` gets its place there. */
static bool take_text(struct cursor *cursor, struct row_span *span)
{
    if (cursor->at == cursor->end || *cursor->at != '"')
        return false;
    cursor->at++;
    span->begin = cursor->texts->len;
    while (cursor->at < cursor->end && *cursor->at != '"') {
        const char c = *cursor->at++;
        if (c != '\\')
            buf_append(cursor->texts, &c, 1);
        else if (!take_escape(cursor))
            return false;
    }
    span->len = cursor->texts->len - span->begin;
    return cursor->at++ < cursor->end;
}

/** Moves behind an array or object by counting brackets. */
static bool skip_nested(struct cursor *cursor)
{
    char closing[DEPTH_MAX];
    size_t depth = 0;
    do {
        struct row_span ignored;
        const char c = *cursor->at;
        if (c == '"') {
            if (!take_text(cursor, &ignored))
                return false;
            continue;
        }
        cursor->at++;
        if (c == '[' || c == '{') {
            if (depth == DEPTH_MAX)
                return false;
            closing[depth++] = c == '[' ? ']' : '}';
        } else if ((c == ']' || c == '}') && closing[--depth] != c) {
            return false;
        }
    } while (depth && cursor->at < cursor->end);
    return depth == 0;
}

/** Reads a number, a name (true, null, NaN) or what somebody wrote in the place of one. */
static bool take_bare(struct cursor *cursor)
{
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && !strchr(",}]{[\": \t\r", *cursor->at))
        cursor->at++;
    return cursor->at > begin;
}

/** Reads any value. `span` gets its text: unescaped, or as it is written. Unset: null. */
static bool take_value(struct cursor *cursor, struct row_span *span, bool *set)
{
    *set = true;
    if (cursor->at == cursor->end)
        return false;
    if (*cursor->at == '"')
        return take_text(cursor, span);
    const char *begin = cursor->at;
    const bool nested = *begin == '{' || *begin == '[';
    if (nested ? !skip_nested(cursor) : !take_bare(cursor))
        return false;
    const size_t len = (size_t)(cursor->at - begin);
    *set = len != 4 || memcmp(begin, "null", 4) != 0;
    *span = (struct row_span){.begin = cursor->texts->len, .len = len};
    buf_append(cursor->texts, begin, len);
    return true;
}

/** One pair of a key and a value; keeps the span when the caller knows the key. */
static bool take_pair(struct row_reader *reader, struct cursor *cursor, bool *twice)
{
    struct row_span key, value;
    bool set;
    if (!take_text(cursor, &key) || !take_char(cursor, ':') || !take_value(cursor, &value, &set))
        return false;
    const int known =
        row_known_column(reader, (struct str){.ptr = (const char *)cursor->texts->data + key.begin, .len = key.len});
    if (known < 0)
        return true;
    *twice = *twice || reader->known_of[known];
    reader->known_of[known] = 1;
    reader->spans[known] = set ? value : (struct row_span){0};
    return true;
}

/** Takes the line apart. */
static bool take_object(struct row_reader *reader, struct cursor *cursor, bool *twice)
{
    if (!take_char(cursor, '{'))
        return false;
    if (!take_char(cursor, '}')) {
        do {
            if (!take_pair(reader, cursor, twice))
                return false;
        } while (take_char(cursor, ','));
        if (!take_char(cursor, '}'))
            return false;
    }
    return cursor->at == cursor->end;
}

/** Reads one line without its end into `text`. */
static enum row_status read_line(struct row_reader *reader, struct error *error)
{
    buf_reset(&reader->text);
    int byte = getc_unlocked(reader->stream);
    if (byte == EOF)
        return ferror(reader->stream) ? row_failed(reader->line + 1, error, "cannot be read") : ROW_END;
    reader->line++;
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(reader->stream)) {
        const unsigned char kept = (unsigned char)byte;
        if (reader->text.len == ROW_BYTES_MAX)
            return row_failed(reader->line, error, "is longer than %d bytes", ROW_BYTES_MAX);
        buf_append(&reader->text, &kept, 1);
    }
    return ROW_READ;
}

/** The line as it is to be read: without the byte order mark of the first one and without blanks around. */
static struct str line_text(const struct row_reader *reader)
{
    struct str text = buf_str(&reader->text);
    if (reader->line == 1 && text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
        text = (struct str){.ptr = text.ptr + 3, .len = text.len - 3};
    while (text.len && text.ptr[text.len - 1] == '\r')
        text.len--;
    return row_trim(text);
}

/** Sets the cells from the spans that were found. */
static void set_cells(const struct row_reader *reader, struct row *row)
{
    for (size_t i = 0; i < reader->column_count; i++) {
        const struct row_span span = reader->spans[i];
        const struct str text = row_trim((struct str){.ptr = (const char *)reader->unescaped.data + span.begin, .len = span.len});
        if (span.len && text.len)
            row->cells[i] = SOME_STR(text);
    }
}

enum row_status row_next_json(struct row_reader *reader, struct row *row, struct error *error)
{
    struct str line;
    do {
        const enum row_status status = read_line(reader, error);
        if (status != ROW_READ)
            return status;
        line = line_text(reader);
    } while (line.len == 0);
    row->line = reader->line;
    buf_reset(&reader->unescaped);
    memset(reader->spans, 0, reader->column_count * sizeof(reader->spans[0]));
    memset(reader->known_of, 0, reader->column_count * sizeof(reader->known_of[0]));
    struct cursor cursor = {.at = line.ptr, .end = line.ptr + line.len, .texts = &reader->unescaped};
    bool twice = false;
    if (!take_object(reader, &cursor, &twice))
        return row_failed(row->line, error, "is no JSON object from byte %zu on", (size_t)(cursor.at - line.ptr) + 1);
    if (twice)
        return row_failed(row->line, error, "a key stands there twice");
    set_cells(reader, row);
    return ROW_READ;
}
