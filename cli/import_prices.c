/*
 * Historic prices of another system, from CSV into the topic of raw records, so that they are judged like all others.
 */
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/service.h"
#include "bus/decoder.h"
#include "bus/producer.h"
#include "cli/check_cell.h"
#include "cli/import.h"
#include "cli/progress.h"
#include "cli/row.h"
#include "cli/symbols.h"
#include "quotebus_records.h"

#define SOURCE_PREFIX "import:"
/** Longest name of a source that validate takes. */
#define SOURCE_MAX 64
#define CURRENCY_MAX 12
#define CLASS_MAX 16
#define QUEUE_BYTES_MAX (INT64_C(32) * 1024 * 1024)
#define SEND_WAIT_MS 30000
#define FLUSH_WAIT_MS 60000

enum column { COLUMN_SYMBOL, COLUMN_TIMESTAMP, COLUMN_OPEN, COLUMN_HIGH, COLUMN_LOW, COLUMN_CLOSE, COLUMN_VOLUME, COLUMNS };

static const struct row_column columns[COLUMNS] = {
    [COLUMN_SYMBOL] = {"symbol", true},  [COLUMN_TIMESTAMP] = {"timestamp", true},
    [COLUMN_OPEN] = {"open", false},     [COLUMN_HIGH] = {"high", false},
    [COLUMN_LOW] = {"low", false},       [COLUMN_CLOSE] = {"close", true},
    [COLUMN_VOLUME] = {"volume", false},
};

/** One row as numbers. */
struct price {
    struct str asset;
    struct str symbol;
    int64_t at_us;
    int64_t resolution_s;
    int64_t fetched_at_us;
    const char *request_id;
    struct opt_double open, high, low, close, volume;
};

/** What a topic that prices can go to is called, and how a record of it is made. */
struct target_kind {
    const char *name; /* of --as */
    const char *topic;
    const char *schema_json;
    /** Appends the record. */
    void (*encode)(const struct price *price, struct str source, struct str currency, struct buf *out);
    bool response; /* all records are of one response: they have one fetched_at and one request id */
};

/** encode of quotes: the close is the price at that time. */
static void encode_quote(const struct price *price, struct str source, struct str currency, struct buf *out)
{
    const struct quote quote = {.asset = price->asset,
                                .source = source,
                                .symbol = price->symbol,
                                .currency = currency,
                                .price = price->close.value,
                                .open = price->open,
                                .high = price->high,
                                .low = price->low,
                                .volume = price->volume,
                                .observed_at_us = price->at_us,
                                .observed_resolution_s = price->resolution_s,
                                .fetched_at_us = price->fetched_at_us,
                                .request_id = str_from(price->request_id),
                                .unit_factor = 1};
    quote_encode(&quote, out);
}

/** encode of daily bars. */
static void encode_bar(const struct price *price, struct str source, struct str currency, struct buf *out)
{
    const struct bar bar = {.asset = price->asset,
                            .source = source,
                            .symbol = price->symbol,
                            .currency = currency,
                            .date = (int32_t)time_day_of_us(price->at_us),
                            .open = price->open,
                            .high = price->high,
                            .low = price->low,
                            .close = price->close.value,
                            .volume = price->volume,
                            .fetched_at_us = price->fetched_at_us,
                            .request_id = str_from(price->request_id),
                            .unit_factor = 1};
    bar_encode(&bar, out);
}

enum kind { KIND_QUOTES, KIND_BARS, KINDS };

static const struct target_kind kinds[KINDS] = {
    [KIND_QUOTES] = {"quotes", "quotes.raw", quote_schema_json, encode_quote, false},
    [KIND_BARS] = {"bars", "bars.raw", bar_schema_json, encode_bar, true},
};

/** A topic of the pipeline. */
struct target {
    const char *topic; /* full name */
    int32_t schema_id;
};

/** An import under way. */
struct import {
    const struct invocation *call;
    const char *path;
    struct target targets[KINDS];
    enum kind kind; /* of all rows; KINDS: that of each row's timestamp */
    const char *source;
    const char *currency;
    const char *asset_class; /* NULL: not given */
    int64_t base_us;         /* fetched_at of row 0 */
    struct producer *producer;
    struct arena memory;
    struct arena arena; /* of one row */
    struct buf value;
    int64_t row;
    struct import_result *result;
};

/** Whether a text consists of letters, digits and a few signs. */
static bool is_plain(const char *text, size_t max)
{
    const size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

/** The source: import: and --name, else the file's name without its ending. */
static bool choose_source(struct import *import, struct error *error)
{
    char copy[PATH_MAX];
    const char *name = invocation_option(import->call, "--name");
    if (!name) {
        snprintf(copy, sizeof(copy), "%s", import->path);
        char *base = basename(copy);
        char *dot = strrchr(base, '.');
        if (dot && dot != base)
            *dot = '\0';
        name = arena_strdup(&import->memory, str_from(base));
    }
    import->source = arena_printf(&import->memory, SOURCE_PREFIX "%s", name);
    return is_plain(name, SOURCE_MAX - strlen(SOURCE_PREFIX)) ||
           error_set(error, ERROR_USAGE, "'%.60s' cannot name a source: give --name with letters, digits, `.`, `_` and `-`",
                     name);
}

/** Takes the options. */
static bool read_options(struct import *import, struct error *error)
{
    const struct invocation *call = import->call;
    const char *as = invocation_option(call, "--as"), *at = invocation_option(call, "--at");
    const char *currency = invocation_option(call, "--currency");
    while (import->kind < KINDS && !(as && strcmp(as, kinds[import->kind].name) == 0))
        import->kind++;
    import->currency = currency ? currency : "USD";
    import->asset_class = invocation_option(call, "--class");
    import->base_us = clock_wall_us();
    if (as && import->kind == KINDS)
        return error_set(error, ERROR_USAGE, "--as '%.40s': write quotes or bars", as);
    if (!is_plain(import->currency, CURRENCY_MAX))
        return error_set(error, ERROR_USAGE, "--currency '%.40s': write a code like USD", import->currency);
    if (import->asset_class && (!is_plain(import->asset_class, CLASS_MAX) || strchr(import->asset_class, '.')))
        return error_set(error, ERROR_USAGE, "--class '%.40s': write the class alone, e.g. equity", import->asset_class);
    if (at && !time_parse_us(at, clock_wall_us(), &import->base_us, error)) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "--at");
    }
    return choose_source(import, error);
}

/** Asks for the schema's id of each topic. */
static bool find_targets(struct import *import, struct registry *registry, struct error *error)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct target *target = &import->targets[i];
        target->topic = config_topic(import->call->config, kinds[i].topic);
        const char *subject = arena_printf(&import->memory, "%s-value", target->topic);
        const enum registry_status status = registry_lookup(registry, subject, kinds[i].schema_json, &target->schema_id, error);
        if (status == REGISTRY_UNKNOWN)
            return error_set(error, ERROR_NOT_FOUND, "the registry does not hold the schema of %s: run `quotebus topics apply`",
                             target->topic);
        if (status != REGISTRY_OK)
            return false;
    }
    return true;
}

/** Connects: the ids of the schemas, and a producer. */
static bool open_targets(struct import *import, struct error *error)
{
    const struct config *config = import->call->config;
    const struct producer_options options = {.client_id = "quotebus-import", .linger_ms = 5, .max_queued_bytes = QUEUE_BYTES_MAX};
    struct registry *registry = registry_new(&config->registry, error);
    if (registry && find_targets(import, registry, error))
        import->producer = producer_new(&config->kafka, &options, error);
    registry_free(registry);
    return import->producer != NULL;
}

/** What a row becomes: with a day for a time a bar, else a quote; unless one of them was asked for. */
static enum kind kind_of(const struct import *import, const struct price *price)
{
    if (import->kind < KINDS)
        return import->kind;
    return price->resolution_s > 1 ? KIND_BARS : KIND_QUOTES;
}

/** Makes a price of a row. */
static bool read_row(struct import *import, const struct row *row, struct price *price, struct error *error)
{
    const struct opt_str *cells = row->cells;
    const struct str symbol = cells[COLUMN_SYMBOL].set ? cells[COLUMN_SYMBOL].value : STR("");
    *price = (struct price){.symbol = symbol};
    if (row->surplus)
        return error_set(error, ERROR_INVALID, "there are more cells than columns");
    if (!cell_time(cells[COLUMN_TIMESTAMP], &price->at_us, &price->resolution_s))
        return error_set(error, ERROR_INVALID, "timestamp: write RFC 3339, a date, or epoch seconds or milliseconds");
    if (!cell_number(cells[COLUMN_OPEN], &price->open) || !cell_number(cells[COLUMN_HIGH], &price->high) ||
        !cell_number(cells[COLUMN_LOW], &price->low) || !cell_number(cells[COLUMN_CLOSE], &price->close) ||
        !cell_number(cells[COLUMN_VOLUME], &price->volume))
        return error_set(error, ERROR_INVALID, "open, high, low, close and volume are decimal numbers");
    if (!price->close.set)
        return error_set(error, ERROR_INVALID, "close is missing");
    return symbol_asset(import->call->config, symbol, import->asset_class, &import->arena, &price->asset, error);
}

/** Sends a price to its topic. */
static bool send_price(struct import *import, struct price *price, struct error *error)
{
    const enum kind kind = kind_of(import, price);
    const struct target *target = &import->targets[kind];
    const int64_t number = kinds[kind].response ? 0 : import->row;
    price->fetched_at_us = import->base_us + number;
    price->request_id = arena_printf(&import->arena, "%s:%" PRId64, import->source, number);
    buf_reset(&import->value);
    wire_put_header(&import->value, target->schema_id);
    kinds[kind].encode(price, str_from(import->source), str_from(import->currency), &import->value);
    const struct outgoing record = {.topic = target->topic,
                                    .partition = PARTITION_BY_KEY,
                                    .key = price->asset,
                                    .value = buf_str(&import->value),
                                    .timestamp_ms = price->fetched_at_us / US_PER_MS};
    return producer_send(import->producer, &record, SEND_WAIT_MS, error) && producer_poll(import->producer, error);
}

/** Sends all rows. A wrong one is named and left out. */
static bool send_rows(struct import *import, FILE *stream, struct error *error)
{
    struct row_reader *reader = row_reader_new(stream, ROW_CSV, columns, COLUMNS);
    struct progress progress;
    struct row row;
    enum row_status status = ROW_READ;
    bool ok = true;
    progress_begin(&progress, "import", 0, 0, clock_mono_ms());
    while (ok && !service_stopping() && (status = row_reader_next(reader, &row, error)) == ROW_READ) {
        struct price price;
        struct error why = {0};
        arena_reset(&import->arena);
        import->row++;
        if (!read_row(import, &row, &price, &why)) {
            import_complain(import->result, import->path, (int64_t)row.line, "line", &why);
            continue;
        }
        ok = send_price(import, &price, error);
        import->result->taken += ok;
        progress_show(&progress, import->row, clock_mono_ms());
    }
    row_reader_free(reader);
    progress_end(&progress, clock_mono_ms());
    return ok && status != ROW_FAILED;
}

/** Waits until the broker has all. */
static bool finish(struct import *import, struct error *error)
{
    return producer_flush(import->producer, FLUSH_WAIT_MS, error) &&
           (producer_failed(import->producer) == 0 ||
            error_set(error, ERROR_INVALID, "%" PRIu64 " records were refused by the broker", producer_failed(import->producer)));
}

bool import_prices(const struct invocation *call, struct import_result *result, struct error *error)
{
    char at[TIME_TEXT_MAX];
    struct import import = {.call = call, .path = call->arguments[0], .result = result};
    FILE *stream = NULL;
    bool ok = read_options(&import, error);
    if (ok) {
        stream = strcmp(import.path, "-") == 0 ? stdin : fopen(import.path, "re");
        ok = stream || error_set(error, ERROR_USAGE, "cannot open %s: %s", import.path, strerror(errno));
    }
    ok = ok && open_targets(&import, error);
    if (ok) {
        fprintf(stderr, "quotebus: importing as source %s; --at %s repeats it with the same keys\n", import.source,
                time_format_us(import.base_us, at));
        /* What was read before a failure is delivered. */
        ok = send_rows(&import, stream, error);
        struct error late;
        if (!finish(&import, ok ? error : &late))
            ok = false;
    }
    producer_free(import.producer);
    if (stream && stream != stdin)
        fclose(stream);
    buf_clear(&import.value);
    arena_clear(&import.arena);
    arena_clear(&import.memory);
    return ok;
}
