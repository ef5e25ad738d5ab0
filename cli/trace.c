/* quotebus trace: one quote on its whole way, from what was fetched to the row. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/trace_find.h"
#include "cli/trace_view.h"
#include "pg/pg.h"

/** Most findings that are shown of one quote: there are not as many rules. */
#define ANOMALIES_MAX 100
#define CLEAN_PREFIX "clean:"

static const struct pg_limits limits = {.statement_ms = 20000, .lock_ms = 10000, .reply_ms = 30000};

/** One run of the command. */
struct trace {
    const struct invocation *call;
    struct trace_finder finder;
    struct arena memory;
    struct trace_quote quote;
    int32_t clean_partition; /* -1: not known */
    int64_t clean_offset;
    int64_t time_ms; /* time stamp of its records */
    json_t *found;   /* raw, clean, anomalies, consensus, row, database */
};

/** Reads `1/42`. */
static bool parse_place(const char *text, int32_t *partition, int64_t *offset)
{
    const size_t digits = strspn(text, "0123456789");
    const char *second = text + digits + 1;
    if (digits == 0 || digits > 9 || text[digits] != '/' || strspn(second, "0123456789") != strlen(second) || !*second)
        return false;
    errno = 0;
    *partition = (int32_t)strtol(text, NULL, 10);
    *offset = strtoll(second, NULL, 10);
    return errno == 0;
}

/** Reads `asset,source,fetched_at`. */
static bool parse_key(struct trace *trace, const char *text)
{
    const char *first = strchr(text, ','), *second = first ? strchr(first + 1, ',') : NULL;
    struct error ignored;
    if (!second)
        return false;
    trace->quote.asset = arena_strdup(&trace->memory, (struct str){.ptr = text, .len = (size_t)(first - text)});
    trace->quote.source = arena_strdup(&trace->memory, (struct str){.ptr = first + 1, .len = (size_t)(second - first - 1)});
    trace->time_ms = 0;
    if (!time_parse_us(second + 1, clock_wall_us(), &trace->quote.fetched_at_us, &ignored))
        return false;
    trace->time_ms = trace->quote.fetched_at_us / US_PER_MS;
    return true;
}

/** Reads ROW. */
static bool parse_row(struct trace *trace, struct error *error)
{
    const char *text = trace->call->arguments[0];
    const size_t prefix = strlen(CLEAN_PREFIX);
    trace->quote.raw_partition = trace->clean_partition = -1;
    if (parse_place(text, &trace->quote.raw_partition, &trace->quote.raw_offset) ||
        (strncmp(text, CLEAN_PREFIX, prefix) == 0 && parse_place(text + prefix, &trace->clean_partition, &trace->clean_offset)))
        return true;
    trace->quote.raw_partition = trace->clean_partition = -1;
    return parse_key(trace, text) ||
           error_set(error, ERROR_USAGE,
                     "'%.80s': write asset,source,fetched_at (crypto:BTC,coingecko,2026-01-02T03:04:05.678901Z), the "
                     "PARTITION/OFFSET of a record of quotes.raw, or clean:PARTITION/OFFSET",
                     text);
}

/** Keeps what a record says of the quote. The texts live as long as `record`. */
static void learn(struct trace *trace, const json_t *record)
{
    const json_t *value = json_object_get(record, "value");
    const char *asset = json_string_value(json_object_get(value, "asset"));
    const char *source = json_string_value(json_object_get(value, "source"));
    const char *fetched_at = json_string_value(json_object_get(value, "fetched_at"));
    const char *timestamp = json_string_value(json_object_get(record, "timestamp"));
    struct error ignored;
    int64_t us;
    if (!trace->quote.asset && asset && source && fetched_at &&
        time_parse_us(fetched_at, 0, &trace->quote.fetched_at_us, &ignored)) {
        trace->quote.asset = arena_strdup(&trace->memory, str_from(asset));
        trace->quote.source = arena_strdup(&trace->memory, str_from(source));
    }
    if (timestamp && time_parse_us(timestamp, 0, &us, &ignored))
        trace->time_ms = us / US_PER_MS;
}

/** Keeps a record under a name; takes it over. NULL: there is none. */
static void keep(struct trace *trace, const char *name, json_t *record)
{
    if (record)
        learn(trace, record);
    json_object_set_new(trace->found, name, record ? record : json_null());
}

/** Takes the clean record over, and where its raw one stands. */
static void keep_clean(struct trace *trace, json_t *record)
{
    const json_t *value = json_object_get(record, "value");
    if (json_is_integer(json_object_get(value, "raw_partition")) && json_is_integer(json_object_get(value, "raw_offset"))) {
        trace->quote.raw_partition = (int32_t)json_integer_value(json_object_get(value, "raw_partition"));
        trace->quote.raw_offset = (int64_t)json_integer_value(json_object_get(value, "raw_offset"));
    }
    keep(trace, "clean", record);
}

/** The first record of a topic about the quote, from its time on; owned by the caller, NULL when there is none. */
static bool find_first(struct trace *trace, const char *topic, json_t **record, struct error *error)
{
    json_t *records;
    const bool ok = trace_since(&trace->finder, topic, &trace->quote, trace->time_ms, 1, &records, error);
    *record = json_incref(json_array_get(records, 0));
    json_decref(records);
    return ok;
}

/** Finds the clean record of a quote that is known by its key or by its place, and so its raw place. */
static bool find_clean(struct trace *trace, struct error *error)
{
    json_t *record = NULL;
    if (!(trace->clean_partition >= 0
              ? trace_at(&trace->finder, "quotes.clean", trace->clean_partition, trace->clean_offset, &record, error)
              : find_first(trace, "quotes.clean", &record, error)))
        return false;
    if (record)
        keep_clean(trace, record);
    return true;
}

/** Finds the raw record. One that was never judged is found by its key. */
static bool find_raw(struct trace *trace, struct error *error)
{
    json_t *record = NULL;
    const bool by_place = trace->quote.raw_partition >= 0;
    if (!(by_place ? trace_at(&trace->finder, "quotes.raw", trace->quote.raw_partition, trace->quote.raw_offset, &record, error)
          : trace->quote.asset ? find_first(trace, "quotes.raw", &record, error)
                               : true))
        return false;
    if (record && !by_place) {
        trace->quote.raw_partition = (int32_t)json_integer_value(json_object_get(record, "partition"));
        trace->quote.raw_offset = (int64_t)json_integer_value(json_object_get(record, "offset"));
    }
    keep(trace, "raw", record);
    return true;
}

/** Finds the records, each by what the ones before told. */
static bool find_records(struct trace *trace, struct error *error)
{
    json_t *anomalies, *consensus;
    const bool raw_first = trace->quote.raw_partition >= 0;
    if (!(raw_first ? find_raw(trace, error) && find_clean(trace, error) : find_clean(trace, error) && find_raw(trace, error)))
        return false;
    if (trace->quote.raw_partition < 0 || trace->time_ms == 0)
        return true;
    if (!trace_since(&trace->finder, "quotes.anomalies", &trace->quote, trace->time_ms, ANOMALIES_MAX, &anomalies, error) ||
        !find_first(trace, "prices.consensus", &consensus, error))
        return false;
    json_object_set_new(trace->found, "anomalies", anomalies);
    keep(trace, "consensus", consensus);
    return true;
}

/** Asks for the row; what goes wrong is told in its place, since the topics are of use without it. */
static void find_row(struct trace *trace)
{
    static const char sql[] = "SELECT row_to_json(q) FROM quotebus.quotes q"
                              " WHERE q.asset = $1 AND q.source = $2 AND q.fetched_at = $3::timestamptz";
    char fetched_at[TIME_TEXT_MAX];
    struct pg pg = {0};
    struct error error = {0};
    json_error_t why;
    json_t *row = NULL;
    if (!trace->quote.asset)
        return;
    const char *const params[] = {trace->quote.asset, trace->quote.source,
                                  time_format_us(trace->quote.fetched_at_us, fetched_at)};
    PGresult *result = NULL;
    if (pg_connect(&pg, trace->call->config->postgres.conninfo, &limits, &error))
        result = pg_query(&pg, sql, 3, params, &error);
    if (result && PQntuples(result) == 1)
        row = json_loads(PQgetvalue(result, 0, 0), 0, &why);
    json_object_set_new(trace->found, "database", json_string(row ? "stored" : result ? "no such row" : error.message));
    json_object_set_new(trace->found, "row", row ? row : json_null());
    PQclear(result);
    pg_close(&pg);
}

/** Prints what was found. */
static void show(const struct trace *trace)
{
    struct buf out = {0};
    if (trace->call->json) {
        char *text = json_dumps(trace->found, JSON_COMPACT);
        buf_printf(&out, "%s\n", text ? text : "");
        free(text);
    } else {
        trace_text(&out, trace->found);
    }
    output_write(buf_str(&out));
    buf_clear(&out);
}

/** Runs the command. */
static int run_trace(const struct invocation *call)
{
    struct error error = {0};
    struct trace trace = {.call = call, .finder = {.config = call->config}};
    struct registry *registry = registry_new(&call->config->registry, &error);
    int status = EXIT_SUCCESS;
    trace.found = json_pack("{s:n, s:n, s:[], s:n, s:n, s:s}", "raw", "clean", "anomalies", "consensus", "row", "database",
                            "not asked: it is not known which row");
    bool ok = registry && trace.found && parse_row(&trace, &error);
    if (ok) {
        trace.finder.printer = record_printer_new(registry);
        ok = find_records(&trace, &error);
    }
    if (ok && json_is_null(json_object_get(trace.found, "raw")) && json_is_null(json_object_get(trace.found, "clean")))
        ok = error_set(&error, ERROR_NOT_FOUND, "%s is in neither quotes.raw nor quotes.clean (any more)", call->arguments[0]);
    if (ok) {
        find_row(&trace);
        show(&trace);
    } else {
        fprintf(stderr, "quotebus: %s\n", error.message);
        status = error_exit_status(error.code);
    }
    record_printer_free(trace.finder.printer);
    registry_free(registry);
    json_decref(trace.found);
    arena_clear(&trace.memory);
    return status;
}

const struct command command_trace = {
    .name = "trace",
    .summary = "shows one quote on its way: raw record, verdict, evidence, consensus, row",
    .arguments = "ROW",
    .examples = "  quotebus trace crypto:BTC,coingecko,2026-01-02T03:04:05.678901Z     a row by its key\n"
                "  quotebus trace 1/4242                                               a record of quotes.raw\n"
                "  quotebus trace clean:1/4240 --json                                  a record of quotes.clean\n",
    .argument_min = 1,
    .argument_max = 1,
    .run = run_trace,
};
