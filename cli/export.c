/* quotebus export: the quotes of a day or of an asset, from PostgreSQL into a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/avro_file.h"
#include "cli/command.h"
#include "cli/csv.h"
#include "cli/out_file.h"
#include "cli/progress.h"
#include "cli/quote_columns.h"
#include "pg/pg.h"

/** Rows that are fetched at once. */
#define FETCH_SQL "FETCH 5000 FROM exported"

static const struct pg_limits limits = {.statement_ms = 600000, .lock_ms = 30000, .reply_ms = 610000};

/** One run of the command. */
struct export_run {
    const struct invocation *call;
    const char *path; /* NULL: stdout */
    bool avro;
    struct pg pg;
    struct out_file file; /* csv */
    struct avro_writer *writer;
    struct progress progress;
    struct buf text;
    struct arena arena; /* of one row */
    int64_t rows;
};

/** Takes --format and FILE. */
static bool read_options(struct export_run *run, struct error *error)
{
    const char *format = invocation_option(run->call, "--format");
    const char *path = run->call->arguments[0];
    if (!invocation_option(run->call, "--day") && !invocation_option(run->call, "--asset"))
        return error_set(error, ERROR_USAGE, "export needs --day or --asset, or both");
    if (!format || (strcmp(format, "csv") != 0 && strcmp(format, "avro") != 0))
        return error_set(error, ERROR_USAGE, "--format '%.40s': write csv or avro", format ? format : "");
    run->avro = strcmp(format, "avro") == 0;
    run->path = strcmp(path, "-") == 0 ? NULL : path;
    return !run->avro || run->path || error_set(error, ERROR_USAGE, "an Avro container file cannot go to stdout: name a file");
}

/** Reads --day into its first and last moment as texts; "" without it. */
static bool read_day(const struct export_run *run, char since[TIME_TEXT_MAX], char until[TIME_TEXT_MAX], struct error *error)
{
    const char *text = invocation_option(run->call, "--day");
    int64_t us;
    since[0] = until[0] = '\0';
    if (!text)
        return true;
    if (!time_parse_us(text, clock_wall_us(), &us, error)) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "--day");
    }
    const int64_t day = time_day_of_us(us);
    time_format_us(day * US_PER_DAY, since);
    time_format_us((day + 1) * US_PER_DAY, until);
    return true;
}

/** Opens the cursor: one snapshot, however long the export takes. */
static bool open_cursor(struct export_run *run, const char *since, const char *until, struct error *error)
{
    const char *asset = invocation_option(run->call, "--asset");
    struct buf sql = {0};
    const char *const params[] = {*since ? since : "-infinity", *until ? until : "infinity", asset ? asset : ""};
    buf_append_str(&sql, STR("DECLARE exported NO SCROLL CURSOR FOR SELECT "));
    quote_columns_sql(&sql);
    buf_append_str(&sql, STR(" FROM quotebus.quotes WHERE fetched_at >= $1::timestamptz AND fetched_at < $2::timestamptz"));
    buf_append_str(&sql, asset ? STR(" AND asset = $3::text") : STR(" AND $3::text = ''"));
    buf_append_str(&sql, STR(" ORDER BY fetched_at, asset, source"));
    buf_append(&sql, "", 1);
    const bool ok = pg_connect(&run->pg, run->call->config->postgres.conninfo, &limits, error) &&
                    pg_execute(&run->pg, "BEGIN READ ONLY", error) &&
                    pg_command(&run->pg, (const char *)sql.data, 3, params, error);
    buf_clear(&sql);
    return ok;
}

/** Opens the file and writes what stands before the rows. */
static bool open_file(struct export_run *run, struct error *error)
{
    if (run->avro) {
        char *schema = stored_quote_schema();
        run->writer = avro_writer_open(run->path, schema ? schema : "", -1, error);
        free(schema);
        return run->writer != NULL;
    }
    for (size_t i = 0; i < QUOTE_COLUMNS; i++)
        buf_printf(&run->text, "%s%s", i ? "," : "", quote_columns[i].name);
    csv_end(&run->text);
    return out_file_open(&run->file, run->path, -1, error) && out_file_write(&run->file, buf_str(&run->text), error);
}

/** The cells of a row of a result. */
static void take_cells(const PGresult *result, int row, struct opt_str cells[QUOTE_COLUMNS])
{
    for (int i = 0; i < QUOTE_COLUMNS; i++)
        cells[i] = (struct opt_str){
            .set = !PQgetisnull(result, row, i),
            .value = {.ptr = PQgetvalue(result, row, i), .len = (size_t)PQgetlength(result, row, i)},
        };
}

/** Writes a row. */
static bool write_row(struct export_run *run, const struct opt_str cells[QUOTE_COLUMNS], struct error *error)
{
    struct stored_quote row;
    buf_reset(&run->text);
    arena_reset(&run->arena);
    if (run->avro) {
        if (!quote_from_cells(cells, &run->arena, &row, error))
            return false;
        stored_quote_encode(&row, &run->text);
        return avro_writer_append(run->writer, buf_str(&run->text), error);
    }
    for (size_t i = 0; i < QUOTE_COLUMNS; i++) {
        if (i)
            buf_append_str(&run->text, STR(","));
        if (cells[i].set)
            csv_put(&run->text, cells[i].value);
    }
    csv_end(&run->text);
    return out_file_write(&run->file, buf_str(&run->text), error);
}

/** Writes the rows of one fetch. *more is false when there were none. */
static bool write_rows(struct export_run *run, bool *more, struct error *error)
{
    struct opt_str cells[QUOTE_COLUMNS];
    PGresult *result = pg_query(&run->pg, FETCH_SQL, 0, NULL, error);
    bool ok = result != NULL;
    const int count = ok ? PQntuples(result) : 0;
    for (int i = 0; ok && i < count; i++) {
        take_cells(result, i, cells);
        ok = write_row(run, cells, error);
        run->rows += ok;
    }
    PQclear(result);
    *more = count > 0;
    progress_show(&run->progress, run->rows, clock_mono_ms());
    return ok;
}

/** Writes all. */
static bool export_all(struct export_run *run, struct error *error)
{
    char since[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
    int64_t bytes;
    bool more = true;
    progress_begin(&run->progress, "export", 0, 0, clock_mono_ms());
    if (!read_options(run, error) || !read_day(run, since, until, error) || !open_cursor(run, since, until, error) ||
        !open_file(run, error))
        return false;
    while (more) {
        if (!write_rows(run, &more, error))
            return false;
    }
    progress_end(&run->progress, clock_mono_ms());
    return run->avro ? avro_writer_sync(run->writer, &bytes, error) : out_file_sync(&run->file, &bytes, error);
}

/** Runs the command. */
static int run_export(const struct invocation *call)
{
    struct error error = {0};
    struct export_run run = {.call = call};
    const bool ok = export_all(&run, &error) || run.file.unread;
    if (ok)
        fprintf(stderr, "quotebus: %" PRId64 " rows\n", run.rows);
    else
        fprintf(stderr, "quotebus: %s\n", error.message);
    pg_close(&run.pg);
    out_file_close(&run.file);
    avro_writer_close(run.writer);
    buf_clear(&run.text);
    arena_clear(&run.arena);
    return ok ? EXIT_SUCCESS : error_exit_status(error.code);
}

static const struct command_option options[] = {
    {"--day", 'd', "DAY", "quotes that were fetched on this UTC day, e.g. 2026-01-02"},
    {"--asset", 'a', "ASSET", "quotes of this asset, e.g. crypto:BTC"},
    {"--format", 'f', "FORMAT", "csv or avro"},
};

const struct command command_export = {
    .name = "export",
    .summary = "writes the quotes of a day or an asset from the database into a file",
    .arguments = "FILE|-",
    .examples = "  quotebus export --day 2026-01-02 --format avro day.avro\n"
                "  quotebus export --asset crypto:BTC --format csv - | gzip >btc.csv.gz\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .run = run_export,
};
