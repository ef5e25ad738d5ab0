#include "cli/summary_data.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/prometheus.h"
#include "bus/stage_probe.h"
#include "bus/topics.h"
#include "cli/lag.h"
#include "cli/record_count.h"

#define KAFKA_WAIT_MS 10000
/** Pause between two looks at the lag. */
#define LOOK_PAUSE_MS 250
#define LATENCY_METRIC "quotebus_persist_latency_seconds"

static const struct column source_columns[] = {{"source", "SOURCE", COLUMN_TEXT}, {"rows", "ROWS", COLUMN_COUNT}};
static const struct column asset_columns[] = {{"asset", NULL, COLUMN_TEXT}};

bool summary_open(struct summary *summary, const struct config *config, struct error *error)
{
    *summary = (struct summary){.config = config, .db = cli_db_new(config->postgres.conninfo)};
    grid_init(&summary->tables, table_columns, table_column_count);
    grid_init(&summary->sources, source_columns, 2);
    books_init(summary->books);
    summary->admin = kafka_admin_new(&config->kafka, KAFKA_WAIT_MS, error);
    return summary->admin != NULL;
}

void summary_close(struct summary *summary)
{
    grid_clear(&summary->tables);
    grid_clear(&summary->sources);
    cli_db_free(summary->db);
    kafka_admin_free(summary->admin);
}

bool summary_wait(struct summary *summary, int64_t wait_ms, bool *settled, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + wait_ms;
    const struct timespec pause = {.tv_nsec = LOOK_PAUSE_MS * 1000000L};
    bool ok;
    *settled = false;
    do {
        struct grid lag;
        int64_t total;
        grid_init(&lag, lag_columns, lag_column_count);
        ok = lag_gather(summary->config, summary->admin, summary->db, &lag, error);
        *settled = ok && lag_total(&lag, NULL, &total) && total == 0;
        grid_clear(&lag);
        if (ok && !*settled)
            nanosleep(&pause, NULL);
    } while (ok && !*settled && clock_mono_ms() < deadline_ms);
    return ok;
}

/** Counts a topic; *incomplete is set when its oldest records are gone. */
static bool count_topic(struct summary *summary, const char *name, struct record_count *count, bool *incomplete,
                        struct error *error)
{
    struct arena memory = {0};
    struct partition_span *spans;
    size_t span_count;
    const char *topic = arena_printf(&memory, "%s%s", summary->config->kafka.topic_prefix, name);
    const bool ok = kafka_admin_spans(summary->admin, &topic, 1, &memory, &spans, &span_count, error) &&
                    record_count(&summary->config->kafka, topic, count, error);
    for (size_t i = 0; ok && i < span_count; i++)
        *incomplete = *incomplete || spans[i].begin > 0;
    arena_clear(&memory);
    return ok;
}

/** Rows of a table. */
static int64_t table_rows(const struct grid *tables, const char *name)
{
    for (size_t row = 0; row < grid_rows(tables); row++) {
        if (strcmp(grid_cell(tables, row, 0)->text, name) == 0)
            return (int64_t)grid_cell(tables, row, 1)->number;
    }
    return 0;
}

/** Fills the books: topics first, so that what arrives meanwhile is not missed on the other side. */
static bool count_books(struct summary *summary, struct error *error)
{
    books_init(summary->books);
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        struct book *book = &summary->books[i];
        struct record_count came, letters;
        char name[64];
        snprintf(name, sizeof(name), "%s%s", book->from, DEAD_LETTER_SUFFIX);
        if (!count_topic(summary, book->from, &came, &book->incomplete, error) ||
            !count_topic(summary, name, &letters, &book->incomplete, error))
            return false;
        book->came = came.records;
        book->letters = letters.letters;
    }
    if (!cli_db_tables(summary->db, true, &summary->tables, error))
        return false;
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        struct book *book = &summary->books[i];
        book->arrived = book->to_table ? table_rows(&summary->tables, book->to) : books_find(summary->books, book->to)->came;
    }
    return true;
}

/** Whether a grid of assets has one. */
static bool has_asset(const struct grid *assets, const char *id)
{
    for (size_t row = 0; row < grid_rows(assets); row++) {
        if (strcmp(grid_cell(assets, row, 0)->text, id) == 0)
            return true;
    }
    return false;
}

/** Counts the configured assets that are active, and of them those with a price. */
static bool count_assets(struct summary *summary, struct error *error)
{
    struct grid priced, inactive;
    grid_init(&priced, asset_columns, 1);
    grid_init(&inactive, asset_columns, 1);
    const bool ok = cli_db_query(summary->db, "SELECT asset FROM quotebus.latest_prices WHERE price > 0", NULL, &priced, error) &&
                    cli_db_query(summary->db, "SELECT asset FROM quotebus.inactive_assets", NULL, &inactive, error);
    summary->assets_configured = 0;
    summary->assets_priced = 0;
    for (size_t i = 0; ok && i < summary->config->asset_count; i++) {
        const char *id = summary->config->assets[i].id;
        if (has_asset(&inactive, id))
            continue;
        summary->assets_configured++;
        summary->assets_priced += has_asset(&priced, id);
    }
    grid_clear(&priced);
    grid_clear(&inactive);
    return ok;
}

/** Reads the latency off persist's metrics; not known when it does not run. */
static void read_latency(struct summary *summary)
{
    struct stage_report reports[STAGE_COUNT];
    double p50_s = 0, p99_s = 0;
    stage_probe_all(summary->config, reports);
    const char *metrics = stage_metrics(reports, "persist");
    summary->timed = metrics && prometheus_quantile(metrics, LATENCY_METRIC, 0.50, &p50_s) &&
                     prometheus_quantile(metrics, LATENCY_METRIC, 0.99, &p99_s);
    summary->p50_ms = p50_s * 1000;
    summary->p99_ms = p99_s * 1000;
    stage_reports_clear(reports);
}

/** The sum of the ends of all topics of the books. */
static bool sum_ends(struct summary *summary, int64_t *sum, struct error *error)
{
    struct arena memory = {0};
    struct partition_span *spans;
    size_t count = 0;
    const char *topics[BOOK_COUNT];
    for (size_t i = 0; i < BOOK_COUNT; i++)
        topics[i] = arena_printf(&memory, "%s%s", summary->config->kafka.topic_prefix, summary->books[i].from);
    *sum = 0;
    const bool ok = kafka_admin_spans(summary->admin, topics, BOOK_COUNT, &memory, &spans, &count, error);
    for (size_t i = 0; ok && i < count; i++)
        *sum += spans[i].end;
    arena_clear(&memory);
    return ok;
}

bool summary_is_wrong(const struct summary *summary)
{
    return !summary->moving && !books_balance(summary->books);
}

bool summary_count(struct summary *summary, struct error *error)
{
    int64_t before, after;
    static const char sources_sql[] = "SELECT s.name, count(*) FROM quotebus.quote JOIN quotebus.source s USING (source_id) "
                                      "GROUP BY 1 ORDER BY 1";
    grid_reset(&summary->tables);
    grid_reset(&summary->sources);
    read_latency(summary);
    if (!sum_ends(summary, &before, error) || !count_books(summary, error) || !sum_ends(summary, &after, error))
        return false;
    summary->moving = before != after;
    return cli_db_query(summary->db, sources_sql, NULL, &summary->sources, error) && count_assets(summary, error);
}
