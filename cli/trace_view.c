#include "cli/trace_view.h"

#include <inttypes.h>

/** Width of the first column. */
#define LABEL "%-11s"

/** A text of an object, or "". */
static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/** Appends a number of an object as people read it, or `none`. */
static void put_number(struct buf *out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_number(value))
        buf_printf(out, "%.12g", json_number_value(value));
    else
        buf_append_str(out, STR("none"));
}

/** Begins a part: its name, where its record stands, and its time stamp. */
static void begin(struct buf *out, const char *label, const json_t *record)
{
    buf_printf(out, LABEL "%s %" PRId64 "/%" PRId64 "  written for %s\n", label, text_of(record, "topic"),
               (int64_t)json_integer_value(json_object_get(record, "partition")),
               (int64_t)json_integer_value(json_object_get(record, "offset")), text_of(record, "timestamp"));
}

/** A part without a record. */
static void put_nothing(struct buf *out, const char *label, const char *why)
{
    buf_printf(out, LABEL "%s\n", label, why);
}

/** The raw record. */
static void put_raw(struct buf *out, const json_t *record)
{
    const json_t *value = json_object_get(record, "value");
    if (!json_is_object(record)) {
        put_nothing(out, "raw", "not in the topic any more");
        return;
    }
    begin(out, "raw", record);
    buf_printf(out, LABEL "%s by %s as %s: ", "", text_of(value, "asset"), text_of(value, "source"), text_of(value, "symbol"));
    put_number(out, value, "price");
    buf_printf(out, " %s\n" LABEL "observed %s, fetched %s, request %s\n", text_of(value, "currency"), "",
               text_of(value, "observed_at"), text_of(value, "fetched_at"), text_of(value, "request_id"));
}

/** The verdict. */
static void put_clean(struct buf *out, const json_t *record)
{
    const json_t *value = json_object_get(record, "value");
    if (!json_is_object(record)) {
        put_nothing(out, "verdict", "none: not judged yet, or a dead letter");
        return;
    }
    begin(out, "verdict", record);
    buf_printf(out, LABEL "%s, score ", "", text_of(value, "verdict"));
    put_number(out, value, "score");
    buf_append_str(out, STR(", flags:"));
    size_t i;
    json_t *flag;
    json_array_foreach(json_object_get(value, "flags"), i, flag)
    {
        buf_printf(out, " %s", json_string_value(flag));
    }
    buf_printf(out, "%s\n" LABEL "reference ", i ? "" : " none", "");
    put_number(out, value, "reference_price");
    buf_append_str(out, STR(", deviation "));
    put_number(out, value, "deviation_bps");
    buf_append_str(out, STR(" bps, sources "));
    put_number(out, value, "source_count");
    buf_printf(out, ", rules %s\n", text_of(value, "rules_version"));
}

/** What each source said, of an anomaly or a consensus price. */
static void put_sources(struct buf *out, const json_t *list)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        buf_printf(out, LABEL "  %s ", "", text_of(entry, "source"));
        put_number(out, entry, "price");
        buf_printf(out, " at %s, weight ", text_of(entry, "observed_at"));
        put_number(out, entry, "weight");
        buf_append_str(out, STR("\n"));
    }
}

/** The findings with their evidence. */
static void put_anomalies(struct buf *out, const json_t *records)
{
    size_t i;
    json_t *record;
    json_array_foreach(records, i, record)
    {
        const json_t *value = json_object_get(record, "value");
        begin(out, "evidence", record);
        buf_printf(out, LABEL "%s (%s): %s\n", "", text_of(value, "rule"), text_of(value, "verdict"), text_of(value, "message"));
        put_sources(out, json_object_get(value, "evidence"));
    }
    if (i == 0)
        put_nothing(out, "evidence", "none");
}

/** The consensus price it led to. */
static void put_consensus(struct buf *out, const json_t *record)
{
    const json_t *value = json_object_get(record, "value");
    if (!json_is_object(record)) {
        put_nothing(out, "consensus", "none was published for it");
        return;
    }
    begin(out, "consensus", record);
    buf_printf(out, LABEL, "");
    put_number(out, value, "price");
    buf_append_str(out, STR(" +- "));
    put_number(out, value, "confidence");
    buf_printf(out, " %s as of %s\n", text_of(value, "currency"), text_of(value, "as_of"));
    put_sources(out, json_object_get(value, "sources"));
}

/** The row. */
static void put_row(struct buf *out, const json_t *trace)
{
    const json_t *row = json_object_get(trace, "row");
    if (!json_is_object(row)) {
        buf_printf(out, LABEL "%s\n", "row", text_of(trace, "database"));
        return;
    }
    buf_printf(out, LABEL "quotebus.quote, of record %" PRId64 "/%" PRId64 ": %s, ", "row",
               (int64_t)json_integer_value(json_object_get(row, "clean_partition")),
               (int64_t)json_integer_value(json_object_get(row, "clean_offset")), text_of(row, "verdict"));
    put_number(out, row, "price");
    buf_printf(out, " %s\n", text_of(row, "currency"));
}

void trace_text(struct buf *out, const json_t *trace)
{
    put_raw(out, json_object_get(trace, "raw"));
    put_clean(out, json_object_get(trace, "clean"));
    put_anomalies(out, json_object_get(trace, "anomalies"));
    put_consensus(out, json_object_get(trace, "consensus"));
    put_row(out, trace);
}
