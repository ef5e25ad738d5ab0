#include <inttypes.h>
#include <math.h>

#include "base/json_text.h"
#include "cli/summary_data.h"

/** Dead letters that leave a quote out. */
static int64_t quote_letters(const struct summary *summary)
{
    return books_find(summary->books, "quotes.raw")->letters + books_find(summary->books, "quotes.clean")->letters;
}

/** Appends the rows of a grid of names and numbers as one object. */
static void put_counts(struct buf *out, const struct grid *grid)
{
    buf_append_str(out, STR("{"));
    for (size_t row = 0; row < grid_rows(grid); row++) {
        buf_append_str(out, row ? STR(",") : STR(""));
        json_put_string(out, str_from(grid_cell(grid, row, 0)->text));
        buf_printf(out, ":%.0f", grid_cell(grid, row, 1)->number);
    }
    buf_append_str(out, STR("}"));
}

/** Appends a time in milliseconds, to the microsecond; null when it is not known. */
static void put_ms(struct buf *out, bool known, double ms)
{
    if (known)
        json_put_double(out, round(ms * 1000) / 1000);
    else
        buf_append_str(out, STR("null"));
}

void summary_json(struct buf *out, const struct summary *summary)
{
    const struct book *raw = books_find(summary->books, "quotes.raw"), *clean = books_find(summary->books, "quotes.clean");
    buf_printf(out,
               "{\"quotes_raw\":%" PRId64 ",\"quotes_clean\":%" PRId64 ",\"dead_letters\":%" PRId64 ",\"rows\":%" PRId64
               ",\"assets_priced\":%zu,\"assets_configured\":%zu,\"anomalies\":%" PRId64 ",\"sources\":",
               raw->came, clean->came, quote_letters(summary), clean->arrived, summary->assets_priced, summary->assets_configured,
               books_find(summary->books, "quotes.anomalies")->arrived);
    put_counts(out, &summary->sources);
    buf_append_str(out, STR(",\"latency_ms\":{\"p50\":"));
    put_ms(out, summary->timed, summary->p50_ms);
    buf_append_str(out, STR(",\"p99\":"));
    put_ms(out, summary->timed, summary->p99_ms);
    buf_append_str(out, STR("},\"rows_per_table\":"));
    put_counts(out, &summary->tables);
    buf_append_str(out, STR(",\"books\":"));
    books_json(out, summary->books);
    buf_printf(out, ",\"balanced\":%s}\n", books_balance(summary->books) ? "true" : summary_is_wrong(summary) ? "false" : "null");
}

/** Appends the rows of a grid of names and numbers on one line. */
static void list_counts(struct buf *out, const char *title, const struct grid *grid)
{
    buf_printf(out, "%-13s", title);
    for (size_t row = 0; row < grid_rows(grid); row++)
        buf_printf(out, "%s%s %.0f", row ? ", " : "", grid_cell(grid, row, 0)->text, grid_cell(grid, row, 1)->number);
    buf_append_str(out, STR("\n"));
}

void summary_text(struct buf *out, struct summary *summary)
{
    const struct book *raw = books_find(summary->books, "quotes.raw"), *clean = books_find(summary->books, "quotes.clean");
    buf_printf(out, "%-13s%" PRId64 " raw, %" PRId64 " clean, %" PRId64 " rows, %" PRId64 " dead letters\n", "quotes", raw->came,
               clean->came, clean->arrived, quote_letters(summary));
    buf_printf(out, "%-13s%zu of %zu have a price\n", "assets", summary->assets_priced, summary->assets_configured);
    list_counts(out, "sources", &summary->sources);
    list_counts(out, "tables", &summary->tables);
    if (summary->timed)
        buf_printf(out, "%-13sp50 %.0f ms, p99 %.0f ms from the fetch to the committed row\n", "latency", summary->p50_ms,
                   summary->p99_ms);
    buf_printf(out, "%-13s%s\n", "books",
               books_balance(summary->books) ? "balance"
               : summary_is_wrong(summary)   ? "DO NOT BALANCE"
                                             : "cannot be compared: records came while they were counted");
}
