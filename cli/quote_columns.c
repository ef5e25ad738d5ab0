#include "cli/quote_columns.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/avro.h"
#include "cli/check_cell.h"

/** What a column holds. */
enum kind { TEXT, OPT_TEXT, NUMBER, OPT_NUMBER, TIME, OPT_TIME, LONG, INT, VERDICT, FLAGS };

/** Where a column goes, by the order of quote_columns. */
struct place {
    enum kind kind;
    size_t offset;
};

#define COLUMN(name_, required_)                                                                                                 \
    {                                                                                                                            \
        .name = (name_), .required = (required_)                                                                                 \
    }

const struct row_column quote_columns[QUOTE_COLUMNS] = {
    COLUMN("asset", true),
    COLUMN("source", true),
    COLUMN("symbol", true),
    COLUMN("currency", true),
    COLUMN("price", true),
    COLUMN("bid", false),
    COLUMN("ask", false),
    COLUMN("open", false),
    COLUMN("high", false),
    COLUMN("low", false),
    COLUMN("previous_close", false),
    COLUMN("volume", false),
    COLUMN("market_cap", false),
    COLUMN("observed_at", true),
    COLUMN("observed_resolution_s", true),
    COLUMN("fetched_at", true),
    COLUMN("request_id", true),
    COLUMN("unit_factor", true),
    COLUMN("usd_rate", false),
    COLUMN("usd_rate_source", false),
    COLUMN("usd_rate_at", false),
    COLUMN("verdict", true),
    COLUMN("flags", false),
    COLUMN("reference_price", false),
    COLUMN("deviation_bps", false),
    COLUMN("score", true),
    COLUMN("source_count", true),
    COLUMN("rules_version", true),
    COLUMN("raw_partition", true),
    COLUMN("raw_offset", true),
    COLUMN("clean_partition", false),
    COLUMN("clean_offset", false),
};

#define PLACE(kind_, member_)                                                                                                    \
    {                                                                                                                            \
        kind_, offsetof(struct stored_quote, member_)                                                                            \
    }

static const struct place places[QUOTE_COLUMNS] = {
    PLACE(TEXT, quote.asset),
    PLACE(TEXT, quote.source),
    PLACE(TEXT, quote.symbol),
    PLACE(TEXT, quote.currency),
    PLACE(NUMBER, quote.price),
    PLACE(OPT_NUMBER, quote.bid),
    PLACE(OPT_NUMBER, quote.ask),
    PLACE(OPT_NUMBER, quote.open),
    PLACE(OPT_NUMBER, quote.high),
    PLACE(OPT_NUMBER, quote.low),
    PLACE(OPT_NUMBER, quote.previous_close),
    PLACE(OPT_NUMBER, quote.volume),
    PLACE(OPT_NUMBER, quote.market_cap),
    PLACE(TIME, quote.observed_at_us),
    PLACE(LONG, quote.observed_resolution_s),
    PLACE(TIME, quote.fetched_at_us),
    PLACE(TEXT, quote.request_id),
    PLACE(NUMBER, quote.unit_factor),
    PLACE(OPT_NUMBER, quote.usd_rate),
    PLACE(OPT_TEXT, quote.usd_rate_source),
    PLACE(OPT_TIME, quote.usd_rate_at_us),
    PLACE(VERDICT, quote.verdict),
    PLACE(FLAGS, quote.flags),
    PLACE(OPT_NUMBER, quote.reference_price),
    PLACE(OPT_NUMBER, quote.deviation_bps),
    PLACE(NUMBER, quote.score),
    PLACE(INT, quote.source_count),
    PLACE(TEXT, quote.rules_version),
    PLACE(INT, quote.raw_partition),
    PLACE(LONG, quote.raw_offset),
    PLACE(INT, origin.partition),
    PLACE(LONG, origin.offset),
};

void quote_columns_sql(struct buf *sql)
{
    for (size_t i = 0; i < QUOTE_COLUMNS; i++) {
        const char *name = quote_columns[i].name;
        if (i)
            buf_append_str(sql, STR(", "));
        if (places[i].kind == TIME || places[i].kind == OPT_TIME)
            buf_printf(sql, "to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')", name);
        else if (places[i].kind == FLAGS)
            buf_printf(sql, "array_to_string(%s, ';')", name);
        else
            buf_printf(sql, "%s", name);
    }
}

/** Reads a verdict by its name. */
static bool read_verdict(struct str text, enum verdict *verdict)
{
    for (enum verdict i = VERDICT_PASS; i <= VERDICT_REJECT; i++) {
        if (str_is(text, verdict_name(i))) {
            *verdict = i;
            return true;
        }
    }
    return false;
}

/** Splits flags at their semicolons. */
static void read_flags(struct opt_str cell, struct arena *arena, struct clean_quote *quote)
{
    size_t count = 0, begin = 0;
    const struct str text = cell.value;
    if (!cell.set || text.len == 0)
        return;
    quote->flags = arena_alloc(arena, (text.len + 1) * sizeof(*quote->flags));
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ';')
            continue;
        if (i > begin)
            quote->flags[count++] = (struct str){.ptr = text.ptr + begin, .len = i - begin};
        begin = i + 1;
    }
    quote->flags_count = count;
}

/** Reads a whole number between bounds; an unset cell leaves *out as it is. */
static bool read_whole(struct opt_str cell, int64_t min, int64_t max, int64_t *out)
{
    char text[CELL_TEXT_MAX + 1] = {0};
    char *end;
    if (!cell.set)
        return true;
    if (cell.value.len == 0 || cell.value.len > 19)
        return false;
    memcpy(text, cell.value.ptr, cell.value.len);
    *out = strtoll(text, &end, 10);
    return *end == '\0' && *out >= min && *out <= max;
}

/** Reads a cell of a number kind. */
static bool read_number(enum kind kind, struct opt_str cell, void *field)
{
    struct opt_double number;
    int64_t whole;
    switch (kind) {
    case NUMBER:
        if (!cell_number(cell, &number) || !number.set)
            return false;
        *(double *)field = number.value;
        return true;
    case OPT_NUMBER:
        return cell_number(cell, field);
    case INT:
        whole = *(int32_t *)field;
        if (!read_whole(cell, INT32_MIN, INT32_MAX, &whole))
            return false;
        *(int32_t *)field = (int32_t)whole;
        return true;
    default:
        return read_whole(cell, INT64_MIN, INT64_MAX, field);
    }
}

/** Reads any cell; false when it is not what it stands for. */
static bool read_cell(enum kind kind, struct opt_str cell, struct arena *arena, struct stored_quote *row, void *field)
{
    int64_t ignored;
    struct opt_long *time = field;
    switch (kind) {
    case TEXT:
        *(struct str *)field = cell.set ? cell.value : STR("");
        return true;
    case OPT_TEXT:
        *(struct opt_str *)field = cell;
        return true;
    case TIME:
        return cell_time(cell, field, &ignored);
    case OPT_TIME:
        time->set = cell.set;
        return !cell.set || cell_time(cell, &time->value, &ignored);
    case VERDICT:
        return cell.set && read_verdict(cell.value, field);
    case FLAGS:
        read_flags(cell, arena, &row->quote);
        return true;
    default:
        return read_number(kind, cell, field);
    }
}

bool quote_from_cells(const struct opt_str cells[QUOTE_COLUMNS], struct arena *arena, struct stored_quote *row,
                      struct error *error)
{
    *row = (struct stored_quote){.quote = {.observed_resolution_s = 1}, .origin = {.partition = -1, .offset = -1}};
    for (size_t i = 0; i < QUOTE_COLUMNS; i++) {
        if (!read_cell(places[i].kind, cells[i], arena, row, (char *)row + places[i].offset)) {
            const struct str text = cells[i].set ? cells[i].value : STR("");
            return error_cause(error, ERROR_INVALID, "malformed", "column %s: '%.*s' is not what stands there",
                               quote_columns[i].name, (int)(text.len < 60 ? text.len : 60), text.ptr);
        }
    }
    return true;
}

char *stored_quote_schema(void)
{
    static const char partition[] = "Partition of quotes.clean the record stood in; -1: not known.";
    static const char offset[] = "Offset in that partition; -1: not known.";
    json_error_t why;
    json_t *schema = json_loads(clean_quote_schema_json, 0, &why);
    json_t *fields = json_object_get(schema, "fields");
    json_array_append_new(
        fields, json_pack("{s:s, s:s, s:s, s:i}", "name", "clean_partition", "type", "int", "doc", partition, "default", -1));
    json_array_append_new(
        fields, json_pack("{s:s, s:s, s:s, s:i}", "name", "clean_offset", "type", "long", "doc", offset, "default", -1));
    char *text = json_dumps(schema, JSON_COMPACT);
    json_decref(schema);
    return text;
}

void stored_quote_encode(const struct stored_quote *row, struct buf *out)
{
    clean_quote_encode(&row->quote, out);
    uint8_t *at = buf_reserve(out, (size_t)2 * AVRO_LONG_BYTES);
    uint8_t *end = avro_write_long(avro_write_long(at, row->origin.partition), row->origin.offset);
    out->len += (size_t)(end - at);
}
