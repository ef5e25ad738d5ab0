#include "persist/copy.h"

#include <assert.h>
#include <string.h>

/** Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
#define PG_EPOCH_US INT64_C(946684800000000)
/** The first point in time a timestamptz can hold, from PG_EPOCH_US on (4714-11-24 BC). Its last one is behind all of int64. */
#define PG_TIME_MIN_US INT64_C(-211813488000000000)
/** Days from 1970-01-01 to 2000-01-01, and the first and last day of a date from there on (4714-11-24 BC, 5874897-12-31). */
#define PG_EPOCH_DAYS 10957
#define PG_DATE_MIN (-2451545)
#define PG_DATE_MAX 2145031948
/** Type id of text, in array headers. */
#define PG_TEXT_OID 25

static const char signature[] = "PGCOPY\n\377\r\n\0" /* signature */ "\0\0\0\0" /* flags */ "\0\0\0\0" /* extension */;
const struct str copy_head = {.ptr = signature, .len = sizeof(signature) - 1};
const struct str copy_tail = {.ptr = "\377\377", .len = 2};

/** Appends the low `size` bytes of a number, the highest first. */
static void put_number(struct buf *out, uint64_t value, size_t size)
{
    uint8_t *at = buf_reserve(out, size);
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
    out->len += size;
}

/** Remembers the first value that its column cannot hold, and writes null in its place. */
static void refuse(struct copy_row *row, const char *problem)
{
    if (!row->problem) {
        row->problem = problem;
        row->bad_column = row->written;
    }
    copy_null(row);
}

/** One field of a fixed size. */
static void put_field(struct copy_row *row, uint64_t value, size_t size)
{
    put_number(row->out, size, 4);
    put_number(row->out, value, size);
    row->written++;
}

/** A length and bytes. */
static void put_bytes(struct buf *out, struct str value)
{
    put_number(out, value.len, 4);
    buf_append_str(out, value);
}

void copy_begin(struct copy_row *row, struct buf *out, int16_t columns)
{
    *row = (struct copy_row){.out = out, .start = out->len, .columns = columns};
    put_number(out, (uint16_t)columns, 2);
}

/** The name of a column in a comma separated list. */
static struct str column_name(const char *columns, int16_t number)
{
    for (int16_t i = 0; i < number && strchr(columns, ','); i++)
        columns = strchr(columns, ',') + 1;
    columns += strspn(columns, " ");
    return (struct str){.ptr = columns, .len = strcspn(columns, ",")};
}

bool copy_end(struct copy_row *row, const char *columns, struct error *error)
{
    assert(row->written == row->columns && "a row has all its columns");
    if (!row->problem)
        return true;
    const struct str name = column_name(columns, row->bad_column);
    row->out->len = row->start;
    return error_cause(error, ERROR_INVALID, "refused_value", "column %.*s: %s", STR_ARG(name), row->problem);
}

void copy_null(struct copy_row *row)
{
    put_number(row->out, UINT32_MAX, 4);
    row->written++;
}

void copy_int2(struct copy_row *row, int64_t value)
{
    if (value < INT16_MIN || value > INT16_MAX)
        refuse(row, "the number does not fit into a smallint");
    else
        put_field(row, (uint64_t)value, 2);
}

void copy_int4(struct copy_row *row, int64_t value)
{
    if (value < INT32_MIN || value > INT32_MAX)
        refuse(row, "the number does not fit into an integer");
    else
        put_field(row, (uint64_t)value, 4);
}

void copy_int8(struct copy_row *row, int64_t value)
{
    put_field(row, (uint64_t)value, 8);
}

void copy_float8(struct copy_row *row, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_field(row, bits, 8);
}

void copy_char(struct copy_row *row, char value)
{
    put_field(row, (unsigned char)value, 1);
}

/** Whether text can hold it. */
static bool has_nul(struct str value)
{
    return value.len && memchr(value.ptr, '\0', value.len);
}

void copy_text(struct copy_row *row, struct str value)
{
    if (has_nul(value)) {
        refuse(row, "the text has a NUL byte, which PostgreSQL cannot store");
        return;
    }
    put_bytes(row->out, value);
    row->written++;
}

void copy_timestamptz(struct copy_row *row, int64_t us)
{
    if (us < PG_TIME_MIN_US + PG_EPOCH_US)
        refuse(row, "the time is before 4714 BC, where PostgreSQL's calendar begins");
    else
        put_field(row, (uint64_t)(us - PG_EPOCH_US), 8);
}

void copy_date(struct copy_row *row, int64_t days)
{
    if (days < PG_DATE_MIN + PG_EPOCH_DAYS || days > (int64_t)PG_DATE_MAX + PG_EPOCH_DAYS)
        refuse(row, "the day is outside of 4714 BC to 5874897 AD, PostgreSQL's calendar");
    else
        put_field(row, (uint64_t)(days - PG_EPOCH_DAYS), 4);
}

/** Begins a field whose length is known at its end. */
static void open_field(struct copy_row *row)
{
    row->open = row->out->len;
    put_number(row->out, 0, 4);
}

/** Ends it: the length goes to its place. */
static void close_field(struct copy_row *row)
{
    const size_t end = row->out->len;
    row->out->len = row->open;
    put_number(row->out, end - row->open - 4, 4);
    row->out->len = end;
    row->written++;
}

struct buf *copy_jsonb_begin(struct copy_row *row)
{
    open_field(row);
    put_number(row->out, 1, 1); /* version of the format */
    return row->out;
}

void copy_jsonb_end(struct copy_row *row)
{
    close_field(row);
}

void copy_text_array(struct copy_row *row, const struct str *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (has_nul(items[i])) {
            refuse(row, "a text of the array has a NUL byte, which PostgreSQL cannot store");
            return;
        }
    }
    open_field(row);
    put_number(row->out, count ? 1 : 0, 4); /* dimensions: an empty array has none */
    put_number(row->out, 0, 4);             /* no nulls in it */
    put_number(row->out, PG_TEXT_OID, 4);
    if (count) {
        put_number(row->out, count, 4);
        put_number(row->out, 1, 4); /* first index */
    }
    for (size_t i = 0; i < count; i++)
        put_bytes(row->out, items[i]);
    close_field(row);
}

void copy_opt_float8(struct copy_row *row, struct opt_double value)
{
    if (value.set)
        copy_float8(row, value.value);
    else
        copy_null(row);
}

void copy_opt_int4(struct copy_row *row, struct opt_int value)
{
    if (value.set)
        copy_int4(row, value.value);
    else
        copy_null(row);
}

void copy_opt_int8(struct copy_row *row, struct opt_long value)
{
    if (value.set)
        copy_int8(row, value.value);
    else
        copy_null(row);
}

void copy_opt_text(struct copy_row *row, struct opt_str value)
{
    if (value.set)
        copy_text(row, value.value);
    else
        copy_null(row);
}

void copy_opt_timestamptz(struct copy_row *row, struct opt_long us)
{
    if (us.set)
        copy_timestamptz(row, us.value);
    else
        copy_null(row);
}

void copy_opt_date(struct copy_row *row, struct opt_int days)
{
    if (days.set)
        copy_date(row, days.value);
    else
        copy_null(row);
}
