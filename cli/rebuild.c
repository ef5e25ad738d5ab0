/*
 * quotebus rebuild: tables anew from their topics, beside the live ones, compared with them and swapped.
 *
 * persist goes on all the time. The live rows are summed in one snapshot together with the offsets they reach; the copy is filled
 * up to exactly these offsets and must give the same sum. Then it follows persist until it is close, takes the rows of
 * quotebus.stream_offset so that persist waits, fills in what is left, compares that too, swaps, and lets go.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/rebuild_db.h"
#include "cli/row_store.h"

#define POLL_MS 200
#define ADMIN_WAIT_MS 10000
#define STOP_TIMEOUT_MS 30000
/** The copy is close enough to lock when fewer offsets are left, or after that many rounds. */
#define CLOSE_OFFSETS 2000
#define ROUNDS_MAX 10
/** How often the swap is tried when a lock cannot be had, and the pause in between. */
#define SWAPS_MAX 10
#define SWAP_PAUSE_MS 1000
#define TABLES_MAX 32

/** One table on its way. */
struct rebuilding {
    const struct table *table;
    char *topic;                    /* full name */
    struct playback_spans spans;    /* `begin`: of what is covered; `next`: what the copy has; `end`: where to go now */
    struct playback_spans compared; /* the same when the live rows were summed */
    struct rebuild_sum live, rebuilt;
    struct rebuild_sum late_live, late_rebuilt; /* of what came behind it */
    char first_day[REBUILD_DATE_MAX];
};

/** One run of the command. */
struct rebuild {
    const struct invocation *call;
    struct rebuilding tables[TABLES_MAX];
    size_t count;
    struct registry *registry;
    struct row_store *rows;
    struct pg pg;
    struct arena memory;
    bool swapped;
};

/** Tells --verbose readers where the time goes. */
static void note(const char *what, const char *table)
{
    log_info("cli.rebuild", what, F_STR("table", table));
}

/** Whether two sums are the same. */
static bool sums_equal(const struct rebuild_sum *a, const struct rebuild_sum *b)
{
    return a->rows == b->rows && strcmp(a->checksum, b->checksum) == 0;
}

/** Whether the copy of a table equals the live one, as far as it was compared. */
static bool is_equal(const struct rebuilding *of)
{
    return sums_equal(&of->live, &of->rebuilt) && sums_equal(&of->late_live, &of->late_rebuilt);
}

/** Takes the tables that are wanted, and what of their topics is to be covered. */
static bool choose_tables(struct rebuild *rebuild, struct error *error)
{
    const struct config *config = rebuild->call->config;
    const char *name = invocation_option(rebuild->call, "--table");
    const char *from = invocation_option(rebuild->call, "--from");
    struct tail_range range;
    if (!tail_range_parse(from ? from : "start", NULL, clock_wall_us(), &range, error))
        return false;
    struct kafka_admin *admin = kafka_admin_new(&config->kafka, ADMIN_WAIT_MS, error);
    bool ok = admin != NULL;
    for (size_t i = 0; ok && tables[i] && rebuild->count < TABLES_MAX; i++) {
        if (name && strcmp(name, tables[i]->name) != 0)
            continue;
        struct rebuilding *of = &rebuild->tables[rebuild->count++];
        of->table = tables[i];
        of->topic = arena_printf(&rebuild->memory, "%s%s", config->kafka.topic_prefix, tables[i]->topic);
        ok = playback_spans(admin, of->topic, &range, READER_ALL_PARTITIONS, &of->spans, error);
    }
    kafka_admin_free(admin);
    return ok && (rebuild->count ||
                  error_set(error, ERROR_USAGE, "--table '%.60s': there is no such table that is fed from a topic", name));
}

/** Opens the connections and makes the empty copies. */
static bool prepare(struct rebuild *rebuild, struct error *error)
{
    const struct config *config = rebuild->call->config;
    const struct row_store_options rows = {.schema = REBUILD_SCHEMA, .first = STORE_APPEND, .as_owner = true};
    const struct table *wanted[TABLES_MAX];
    for (size_t i = 0; i < rebuild->count; i++)
        wanted[i] = rebuild->tables[i].table;
    rebuild->registry = registry_new(&config->registry, error);
    if (!rebuild->registry || !rebuild_connect(&rebuild->pg, config->postgres.conninfo, error) ||
        !rebuild_prepare(&rebuild->pg, wanted, rebuild->count, error))
        return false;
    rebuild->rows = row_store_new(config, rebuild->registry, &rows, error);
    return rebuild->rows != NULL;
}

/** Fills a copy up to the ends of its spans. */
static bool fill(struct rebuild *rebuild, struct rebuilding *of, struct error *error)
{
    struct progress progress;
    enum reader_result result = READER_IDLE;
    struct playback *playback = playback_new(&rebuild->call->config->kafka, of->topic, &of->spans, error);
    bool ok = playback != NULL;
    progress_begin(&progress, of->table->name, playback_done(&of->spans), playback_total(&of->spans), clock_mono_ms());
    while (ok && result != READER_DONE) {
        rd_kafka_message_t *message = NULL;
        result = playback_next(playback, POLL_MS, &message, error);
        if (result == READER_RECORD)
            ok = row_store_add(rebuild->rows, message, error);
        ok = ok && result != READER_FAILED && (!service_stopping() || error_set(error, ERROR_RETRY, "interrupted"));
        progress_show(&progress, playback_done(&of->spans), clock_mono_ms());
    }
    ok = ok && row_store_flush(rebuild->rows, error);
    row_store_reset(rebuild->rows);
    playback_free(playback);
    progress_end(&progress, clock_mono_ms());
    return ok;
}

/** Sums the live rows in one snapshot with the offsets they reach. */
static bool sum_live(struct rebuild *rebuild, struct rebuilding *of, struct error *error)
{
    struct pg *pg = &rebuild->pg;
    if (!pg_execute(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", error) ||
        !rebuild_offsets(pg, of->topic, false, &of->spans, error) ||
        !rebuild_checksum(pg, STORE_LIVE_SCHEMA, of->table, &of->spans, &of->live, error))
        return false;
    of->compared = of->spans;
    return pg_execute(pg, "COMMIT", error);
}

/** Makes the copy of a table and compares it. */
static bool build(struct rebuild *rebuild, struct rebuilding *of, struct error *error)
{
    note("summing the live rows", of->table->name);
    if (!sum_live(rebuild, of, error))
        return false;
    note("filling the copy", of->table->name);
    if (!fill(rebuild, of, error))
        return false;
    note("summing the copy", of->table->name);
    return rebuild_checksum(&rebuild->pg, REBUILD_SCHEMA, of->table, &of->compared, &of->rebuilt, error);
}

/** Follows persist until the copy is close. */
static bool follow(struct rebuild *rebuild, struct rebuilding *of, struct error *error)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (!rebuild_offsets(&rebuild->pg, of->topic, false, &of->spans, error))
            return false;
        if (playback_total(&of->spans) - playback_done(&of->spans) < CLOSE_OFFSETS)
            return true;
        if (!fill(rebuild, of, error))
            return false;
    }
    return true;
}

/** Fills in and compares what persist has stored since, while it waits. */
static bool finish(struct rebuild *rebuild, struct rebuilding *of, struct error *error)
{
    struct playback_spans late;
    if (!rebuild_offsets(&rebuild->pg, of->topic, true, &of->spans, error) || !fill(rebuild, of, error))
        return false;
    late = of->spans;
    for (size_t i = 0; i < late.count; i++)
        late.items[i].begin = of->compared.items[i].end;
    return rebuild_checksum(&rebuild->pg, STORE_LIVE_SCHEMA, of->table, &late, &of->late_live, error) &&
           rebuild_checksum(&rebuild->pg, REBUILD_SCHEMA, of->table, &late, &of->late_rebuilt, error);
}

/** Fails unless all copies equal the live tables, or the user wants the copies in any case. */
static bool check_equal(const struct rebuild *rebuild, struct error *error)
{
    if (invocation_option(rebuild->call, "--force"))
        return true;
    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuilding *of = &rebuild->tables[i];
        if (!is_equal(of))
            return error_cause(error, ERROR_INVALID, "different",
                               "table %s has %" PRId64 " rows, its topic gives %" PRId64
                               " and they are not the same: nothing was swapped. The rebuilt rows are in schema " REBUILD_SCHEMA
                               "; --force puts them in place",
                               of->table->name, of->live.rows + of->late_live.rows, of->rebuilt.rows + of->late_rebuilt.rows);
    }
    return true;
}

/** Keeps the rows that are not covered, and does beforehand what would take time under the lock. */
static bool settle_others(struct rebuild *rebuild, struct error *error)
{
    for (size_t i = 0; i < rebuild->count; i++) {
        struct rebuilding *of = &rebuild->tables[i];
        note("keeping other rows", of->table->name);
        if (!rebuild_keep(&rebuild->pg, of->table, &of->spans, of->first_day, error) ||
            !rebuild_vouch(&rebuild->pg, of->table, error))
            return false;
    }
    return true;
}

/** The swap: one transaction for all tables. */
static bool swap_once(struct rebuild *rebuild, struct error *error)
{
    if (!pg_execute(&rebuild->pg, "BEGIN", error))
        return false;
    note("persist waits", "");
    for (size_t i = 0; i < rebuild->count; i++) {
        if (!finish(rebuild, &rebuild->tables[i], error))
            return false;
    }
    if (!check_equal(rebuild, error))
        return false;
    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuilding *of = &rebuild->tables[i];
        note("swapping", of->table->name);
        if (!rebuild_swap(&rebuild->pg, of->table, of->first_day, error))
            return false;
    }
    failpoint("rebuild.before_commit");
    if (!pg_execute(&rebuild->pg, "COMMIT", error))
        return false;
    note("swapped, persist goes on", "");
    return true;
}

/** Swaps; when a lock cannot be had, lets persist go on and tries again. */
static bool swap(struct rebuild *rebuild, struct error *error)
{
    for (int attempt = 1;; attempt++) {
        struct error ignored;
        for (size_t i = 0; i < rebuild->count; i++) {
            if (!follow(rebuild, &rebuild->tables[i], error))
                return false;
        }
        if (!settle_others(rebuild, error))
            return false;
        if (swap_once(rebuild, error))
            return true;
        if (!pg_execute(&rebuild->pg, "ROLLBACK", &ignored) || error->code != ERROR_RETRY || attempt == SWAPS_MAX ||
            service_stopping())
            return false;
        log_warn("cli.rebuild", "the swap is tried again", F_ERR(error));
        service_sleep(SWAP_PAUSE_MS);
    }
}

/** The whole rebuild. */
static bool run(struct rebuild *rebuild, struct error *error)
{
    if (!choose_tables(rebuild, error) || !prepare(rebuild, error))
        return false;
    for (size_t i = 0; i < rebuild->count; i++) {
        if (!build(rebuild, &rebuild->tables[i], error))
            return false;
    }
    if (!check_equal(rebuild, error))
        return false;
    if (!invocation_option(rebuild->call, "--check")) {
        if (!swap(rebuild, error))
            return false;
        rebuild->swapped = true;
    }
    return rebuild_clear(&rebuild->pg, rebuild->swapped && invocation_option(rebuild->call, "--keep"), error);
}

/** Prints a line about each table. */
static void report(const struct rebuild *rebuild, int64_t took_ms)
{
    struct buf out = {0};
    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuilding *of = &rebuild->tables[i];
        const int64_t live = of->live.rows + of->late_live.rows, rebuilt = of->rebuilt.rows + of->late_rebuilt.rows;
        const char *equal = is_equal(of) ? "true" : "false", *swapped = rebuild->swapped ? "true" : "false";
        if (rebuild->call->json)
            buf_printf(&out,
                       "{\"table\":\"%s\",\"live_rows\":%" PRId64 ",\"rebuilt_rows\":%" PRId64
                       ",\"live_checksum\":\"%s\",\"rebuilt_checksum\":\"%s\",\"equal\":%s,\"swapped\":%s,\"total_s\":%.3f}\n",
                       of->table->name, live, rebuilt, of->live.checksum, of->rebuilt.checksum, equal, swapped,
                       (double)took_ms / 1000);
        else
            buf_printf(&out, "%-14s %10" PRId64 " rows live, %10" PRId64 " rebuilt: %s%s\n", of->table->name, live, rebuilt,
                       is_equal(of) ? "equal" : "NOT EQUAL", rebuild->swapped ? ", swapped" : "");
    }
    output_write(buf_str(&out));
    buf_clear(&out);
}

/** Says how it went. Returns the exit status. */
static int conclude(const struct rebuild *rebuild, bool ok, const struct error *error, int64_t took_ms)
{
    const bool compared = ok || (error->cause && strcmp(error->cause, "different") == 0);
    if (compared)
        report(rebuild, took_ms);
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error->message);
    if (rebuild->rows && row_store_refused(rebuild->rows))
        fprintf(stderr, "quotebus: %" PRId64 " records can be no row, as they could not before; the first one: %s\n",
                row_store_refused(rebuild->rows), row_store_refusal(rebuild->rows)->message);
    if (!ok)
        return compared ? EXIT_DATA_WRONG : error_exit_status(error->code);
    return EXIT_SUCCESS;
}

/** Runs the command. */
static int run_rebuild(const struct invocation *call)
{
    const struct http_settings no_endpoints = {.listen = "", .stop_timeout_ms = STOP_TIMEOUT_MS};
    const int64_t begun_ms = clock_mono_ms();
    struct error error = {0};
    struct rebuild *rebuild = xcalloc(1, sizeof(*rebuild));
    rebuild->call = call;
    const bool ok = service_start("cli", &no_endpoints, &error) && run(rebuild, &error);
    service_stop();
    const int status = conclude(rebuild, ok, &error, clock_mono_ms() - begun_ms);
    row_store_free(rebuild->rows);
    pg_close(&rebuild->pg);
    registry_free(rebuild->registry);
    arena_clear(&rebuild->memory);
    free(rebuild);
    return status;
}

static const struct command_option options[] = {
    {"--from", 0, "WHERE", "start, @OFFSET or a time: rows of older records stay as they are (default: start)"},
    {"--table", 't', "NAME", "only this table, e.g. quote (default: all that are fed from topics)"},
    {"--check", 0, NULL, "compares only, swaps nothing"},
    {"--force", 0, NULL, "swaps although the rebuilt rows differ from the live ones"},
    {"--keep", 0, NULL, "leaves the old partitions in schema " REBUILD_BEFORE},
};

const struct command command_rebuild = {
    .name = "rebuild",
    .summary = "makes tables anew from their topics, proves them equal, and swaps them",
    .arguments = "",
    .examples = "  quotebus rebuild --from 2026-01-01 --table quote --set postgres.conninfo='dbname=quotebus user=admin'\n"
                "  quotebus rebuild --check                    are the tables what their topics say?\n"
                "  quotebus rebuild --table quote --force      mends a damaged table\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_rebuild,
};
