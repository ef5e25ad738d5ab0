/* Quotes of a file, judged one by one as if they came from the topic in this order. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cli/check.h"
#include "cli/check_cell.h"
#include "validate/engine.h"

enum quote_column {
    QUOTE_ASSET,
    QUOTE_SOURCE,
    QUOTE_OBSERVED_AT,
    QUOTE_FETCHED_AT,
    QUOTE_PRICE,
    QUOTE_CURRENCY,
    QUOTE_BID,
    QUOTE_ASK,
    QUOTE_OPEN,
    QUOTE_HIGH,
    QUOTE_LOW,
    QUOTE_PREVIOUS_CLOSE,
    QUOTE_VOLUME,
    QUOTE_MARKET_CAP,
    QUOTE_COLUMNS
};

static const struct row_column columns[QUOTE_COLUMNS] = {
    [QUOTE_ASSET] = {"asset", true},
    [QUOTE_SOURCE] = {"source", true},
    [QUOTE_OBSERVED_AT] = {"observed_at", true},
    [QUOTE_FETCHED_AT] = {"fetched_at", true},
    [QUOTE_PRICE] = {"price", true},
    [QUOTE_CURRENCY] = {"currency", true},
    [QUOTE_BID] = {"bid", false},
    [QUOTE_ASK] = {"ask", false},
    [QUOTE_OPEN] = {"open", false},
    [QUOTE_HIGH] = {"high", false},
    [QUOTE_LOW] = {"low", false},
    [QUOTE_PREVIOUS_CLOSE] = {"previous_close", false},
    [QUOTE_VOLUME] = {"volume", false},
    [QUOTE_MARKET_CAP] = {"market_cap", false},
};

/** Where the optional figures go. */
static const struct {
    enum quote_column column;
    size_t offset;
} figures[] = {
    {QUOTE_BID, offsetof(struct quote, bid)},       {QUOTE_ASK, offsetof(struct quote, ask)},
    {QUOTE_OPEN, offsetof(struct quote, open)},     {QUOTE_HIGH, offsetof(struct quote, high)},
    {QUOTE_LOW, offsetof(struct quote, low)},       {QUOTE_PREVIOUS_CLOSE, offsetof(struct quote, previous_close)},
    {QUOTE_VOLUME, offsetof(struct quote, volume)}, {QUOTE_MARKET_CAP, offsetof(struct quote, market_cap)},
};

/** A run over a file. */
struct run {
    const struct check_input *input;
    struct rule_settings *settings;
    struct partition_memory *memory;
    struct arena arena; /* of one row */
    struct buf text;
    int64_t next_offset;
};

/** Reads the two times. A source that gives none is taken to have seen the price when it was fetched, as ingest does. */
static bool read_times(const struct row *row, struct quote *quote)
{
    int64_t ignored;
    if (!cell_time(row->cells[QUOTE_FETCHED_AT], &quote->fetched_at_us, &ignored))
        return false;
    if (row->cells[QUOTE_OBSERVED_AT].set)
        return cell_time(row->cells[QUOTE_OBSERVED_AT], &quote->observed_at_us, &quote->observed_resolution_s);
    quote->observed_at_us = quote->fetched_at_us;
    return true;
}

/** Makes a quote of a row; false when a cell is not what it stands for. */
static bool read_quote(const struct row *row, struct str asset, struct quote *quote)
{
    struct opt_double price;
    *quote = (struct quote){.asset = asset,
                            .source = row->cells[QUOTE_SOURCE].value,
                            .symbol = row->cells[QUOTE_ASSET].value,
                            .currency = row->cells[QUOTE_CURRENCY].value,
                            .observed_resolution_s = 1,
                            .request_id = STR("check"),
                            .unit_factor = 1};
    if (row->surplus || !read_times(row, quote) || !cell_number(row->cells[QUOTE_PRICE], &price) || !price.set)
        return false;
    quote->price = price.value;
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        struct opt_double *figure = (struct opt_double *)(void *)((char *)quote + figures[i].offset);
        if (!cell_number(row->cells[figures[i].column], figure))
            return false;
    }
    return asset.len <= ASSET_NAME_MAX && quote->source.len <= SOURCE_NAME_MAX && quote->currency.len <= CURRENCY_NAME_MAX;
}

/** Judges a row and prints its verdict; false once nobody reads any more. */
static bool check_row(struct run *run, const struct row *row)
{
    static const struct str malformed = {.ptr = FLAG_MALFORMED, .len = sizeof(FLAG_MALFORMED) - 1};
    const struct str asset = row->cells[QUOTE_ASSET].value;
    struct check_line line = {.line = row->line, .asset = asset, .verdict = VERDICT_REJECT, .flags = &malformed, .flag_count = 1};
    struct quote quote;
    struct judgement judgement;
    arena_reset(&run->arena);
    if (read_quote(row, check_asset_id(asset, run->input->default_class, &run->arena), &quote)) {
        const struct raw_origin origin = {.offset = run->next_offset++, .timestamp_ms = quote.fetched_at_us / US_PER_MS};
        engine_judge(run->memory, &quote, &origin, &run->arena, &judgement);
        line.verdict = judgement.clean.verdict;
        line.flags = judgement.clean.flags;
        line.flag_count = judgement.clean.flags_count;
        line.reference = judgement.clean.reference_price;
        line.score = judgement.clean.score;
    }
    return check_print(&line, &run->text);
}

bool check_quotes(const struct check_input *input, struct error *error)
{
    struct run run = {.input = input, .settings = rule_settings_parse(input->rules_name, input->rules, error)};
    if (!run.settings)
        return false;
    struct row_reader *reader = row_reader_new(input->stream, input->format, columns, QUOTE_COLUMNS);
    struct row row;
    enum row_status status;
    run.memory = partition_memory_new(0, run.settings);
    do {
        status = row_reader_next(reader, &row, error);
    } while (status == ROW_READ && check_row(&run, &row));
    row_reader_free(reader);
    partition_memory_free(run.memory);
    rule_settings_free(run.settings);
    arena_clear(&run.arena);
    buf_clear(&run.text);
    return status != ROW_FAILED;
}
