#include <math.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "bus/decoder.h"
#include "bus/reader.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/validate.h"
#include "validate/outputs.h"

#define POLL_MS 200

/** How far back is looked for reports, in turn, until there are some: those of running stages are a few minutes old. */
static const int64_t spans_ms[] = {INT64_C(1800000), INT64_C(86400000), INT64_MAX};

/** The latest report of an asset. */
struct latest {
    UT_hash_handle hh;
    struct arena memory;
    struct report report;
};

/** One run of --report. */
struct report_run {
    const struct config *config;
    struct registry *registry;
    struct decoder *decoder;
    const char *asset; /* NULL: all */
    struct latest *assets;
};

static const struct column columns[] = {
    {"asset", "ASSET", COLUMN_TEXT},
    {"window_start", NULL, COLUMN_TEXT},
    {"window_end", "UNTIL", COLUMN_TEXT},
    {"quotes", "QUOTES", COLUMN_COUNT},
    {"passed", NULL, COLUMN_COUNT},
    {"suspect", "SUSPECT", COLUMN_COUNT},
    {"rejected", "REJECTED", COLUMN_COUNT},
    {"coverage_pct", "COVERED %", COLUMN_COUNT},
    {"freshness_s", "FRESHNESS", COLUMN_AGE},
    {"sources_expected", "SOURCES", COLUMN_COUNT},
    {"sources_fresh", "FRESH", COLUMN_COUNT},
    {"sources_agreeing", "AGREE", COLUMN_COUNT},
    {"gaps", "GAPS", COLUMN_COUNT},
    {"consensus_price", "CONSENSUS", COLUMN_NUMBER},
    {"consensus_confidence", NULL, COLUMN_NUMBER},
    {"currency", NULL, COLUMN_TEXT},
    {"flags", "FLAGS", COLUMN_TEXT},
    {"silent", "SILENT", COLUMN_TEXT},
    {"rules_version", NULL, COLUMN_TEXT},
};

/** Keeps a report in place of an older one of its asset. */
static bool keep(struct report_run *run, struct str body, struct error *error)
{
    struct latest *latest = xcalloc(1, sizeof(*latest)), *known = NULL;
    if (!report_decode(arena_str(&latest->memory, body), &latest->memory, &latest->report, error)) {
        arena_clear(&latest->memory);
        free(latest);
        return false;
    }
    const struct str asset = latest->report.asset;
    HASH_FIND(hh, run->assets, asset.ptr, asset.len, known);
    if (known) {
        HASH_DEL(run->assets, known);
        arena_clear(&known->memory);
        free(known);
    }
    HASH_ADD_KEYPTR(hh, run->assets, asset.ptr, asset.len, latest);
    return true;
}

/** Takes a record of the topic. */
static bool take(struct report_run *run, const rd_kafka_message_t *message, struct error *error)
{
    struct str body;
    struct arena arena = {0};
    const struct str key = {.ptr = message->key, .len = message->key_len};
    const struct str value = {.ptr = message->payload, .len = message->len};
    if (run->asset && !str_is(key, run->asset))
        return true;
    const bool ok = decoder_body(run->decoder, value, &arena, &body, error) == DECODE_OK && keep(run, body, error);
    arena_clear(&arena);
    return ok || error_prefix(error, "the report at offset %lld", (long long)message->offset);
}

/** Reads the reports from a time on. */
static bool read_since(struct report_run *run, int64_t since_ms, struct error *error)
{
    const struct reader_options options = {.topic = output_topic(run->config, OUTPUT_REPORTS),
                                           .partition = READER_ALL_PARTITIONS,
                                           .start = READER_TIME,
                                           .start_value = since_ms};
    struct reader *reader = reader_new(&run->config->kafka, &options, error);
    bool ok = reader != NULL, done = false;
    while (ok && !done) {
        rd_kafka_message_t *message = NULL;
        const enum reader_result result = reader_next(reader, POLL_MS, &message, error);
        done = result == READER_DONE;
        ok = result != READER_FAILED && (result != READER_RECORD || take(run, message, error));
        if (message)
            rd_kafka_message_destroy(message);
    }
    reader_free(reader);
    return ok;
}

/** Adds a time. */
static void add_time(struct grid *grid, int64_t us)
{
    char text[TIME_TEXT_MAX];
    grid_text(grid, time_format_us(us, text));
}

/** Adds the flags with their counts, and the sources that were silent at the window's end. */
static void add_texts(struct grid *grid, const struct report *report)
{
    struct buf flags = {0}, silent = {0};
    for (size_t i = 0; i < report->open_flags_count; i++)
        buf_printf(&flags, "%s%.*s=%d", i ? " " : "", STR_ARG(report->open_flags[i].rule), report->open_flags[i].count);
    for (size_t i = 0; i < report->sources_count; i++) {
        if (!report->sources[i].fresh)
            buf_printf(&silent, "%s%.*s", silent.len ? " " : "", STR_ARG(report->sources[i].source));
    }
    grid_text(grid, arena_strdup(&grid->memory, buf_str(&flags)));
    grid_text(grid, arena_strdup(&grid->memory, buf_str(&silent)));
    buf_clear(&flags);
    buf_clear(&silent);
}

/** Adds the row of a report. */
static void add_row(struct grid *grid, const struct report *report)
{
    grid_text(grid, arena_strdup(&grid->memory, report->asset));
    add_time(grid, report->window_start_us);
    add_time(grid, report->window_end_us);
    grid_number(grid, report->quotes);
    grid_number(grid, report->passed);
    grid_number(grid, report->suspect);
    grid_number(grid, report->rejected);
    grid_optional(grid, report->coverage.set, round(100 * report->coverage.value));
    grid_optional(grid, report->freshness_s.set, report->freshness_s.value);
    grid_number(grid, report->sources_expected);
    grid_number(grid, report->sources_fresh);
    grid_number(grid, report->sources_agreeing);
    grid_number(grid, report->gaps);
    grid_optional(grid, report->consensus_price.set, report->consensus_price.value);
    grid_optional(grid, report->consensus_confidence.set, report->consensus_confidence.value);
    grid_text(grid, report->currency.set ? arena_strdup(&grid->memory, report->currency.value) : NULL);
    add_texts(grid, report);
    grid_text(grid, arena_strdup(&grid->memory, report->rules_version));
}

/** Order by asset. */
static int compare_latest(const struct latest *a, const struct latest *b)
{
    return str_compare(a->report.asset, b->report.asset);
}

/** Prints the reports. */
static void show(struct report_run *run, bool json)
{
    struct grid grid;
    grid_init(&grid, columns, sizeof(columns) / sizeof(columns[0]));
    HASH_SORT(run->assets, compare_latest);
    for (const struct latest *latest = run->assets; latest; latest = latest->hh.next)
        add_row(&grid, &latest->report);
    output_grid(&grid, json);
    grid_clear(&grid);
}

/** Frees what a run holds. */
static void clear(struct report_run *run)
{
    struct latest *next = run->assets;
    HASH_CLEAR(hh, run->assets);
    while (next) {
        struct latest *latest = next;
        next = latest->hh.next;
        arena_clear(&latest->memory);
        free(latest);
    }
    decoder_free(run->decoder);
    registry_free(run->registry);
}

/** Finds the latest reports. */
static bool find(struct report_run *run, struct error *error)
{
    const int64_t now_ms = clock_wall_us() / US_PER_MS;
    for (size_t i = 0; !run->assets && i < sizeof(spans_ms) / sizeof(spans_ms[0]); i++) {
        if (!read_since(run, spans_ms[i] < now_ms ? now_ms - spans_ms[i] : 0, error))
            return false;
    }
    return run->assets ||
           error_set(error, ERROR_NOT_FOUND, "there is no report yet%s%.100s: one is written every ten minutes of quotes",
                     run->asset ? " of " : "", run->asset ? run->asset : "");
}

int validate_report(const struct invocation *call, struct error *error)
{
    struct report_run run = {.config = call->config, .asset = invocation_option(call, "--asset")};
    run.registry = registry_new(&call->config->registry, error);
    run.decoder = run.registry ? decoder_new(run.registry, report_schema_json, error) : NULL;
    const bool ok = run.decoder && find(&run, error);
    if (ok)
        show(&run, call->json);
    clear(&run);
    return ok ? EXIT_SUCCESS : error_exit_status(error->code);
}
