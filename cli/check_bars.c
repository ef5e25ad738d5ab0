/* Bars of a file, judged with their whole series in view: all rows are read first. */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "cli/check.h"
#include "cli/check_cell.h"
#include "validate/bars/bar.h"
#include "validate/rule.h"

enum bar_column {
    BAR_ASSET,
    BAR_SOURCE,
    BAR_DATE,
    BAR_OPEN,
    BAR_HIGH,
    BAR_LOW,
    BAR_CLOSE,
    BAR_ADJ_CLOSE,
    BAR_VOLUME,
    BAR_DIVIDEND,
    BAR_SPLIT,
    BAR_COLUMNS
};

static const struct row_column columns[BAR_COLUMNS] = {
    [BAR_ASSET] = {"asset", true},        [BAR_SOURCE] = {"source", true},        [BAR_DATE] = {"date", true},
    [BAR_OPEN] = {"open", false},         [BAR_HIGH] = {"high", false},           [BAR_LOW] = {"low", false},
    [BAR_CLOSE] = {"close", true},        [BAR_ADJ_CLOSE] = {"adj_close", false}, [BAR_VOLUME] = {"volume", false},
    [BAR_DIVIDEND] = {"dividend", false}, [BAR_SPLIT] = {"split", false},
};

/** Where the figures go. */
static const struct {
    enum bar_column column;
    size_t offset;
} figures[] = {
    {BAR_OPEN, offsetof(struct day_bar, open)},
    {BAR_HIGH, offsetof(struct day_bar, high)},
    {BAR_LOW, offsetof(struct day_bar, low)},
    {BAR_CLOSE, offsetof(struct day_bar, close)},
    {BAR_ADJ_CLOSE, offsetof(struct day_bar, adj_close)},
    {BAR_VOLUME, offsetof(struct day_bar, volume)},
    {BAR_DIVIDEND, offsetof(struct day_bar, dividend)},
    {BAR_SPLIT, offsetof(struct day_bar, split)},
};

/** One source of an asset, and its rows in the order of the file. */
struct series_entry {
    struct day_bar *bars;
    size_t count;
    size_t cap;
    struct str source;
};

/** An asset with its sources. */
struct asset_entry {
    UT_hash_handle hh;
    struct series_entry *series;
    size_t count;
    struct str id; /* with its class */
};

/** What is printed of a row. */
struct outcome {
    size_t line;
    struct str asset;
    uint32_t flags;
    bool malformed;
    enum verdict verdict;
    struct opt_double reference;
    double score;
};

struct run {
    const struct check_input *input;
    struct asset_entry *assets;
    struct outcome *outcomes;
    size_t count;
    size_t cap;
    struct arena names;
};

/** The day that is written: of a time with an offset, that of its own calendar. */
static bool read_day(struct opt_str cell, int64_t *day)
{
    int64_t us, resolution_s;
    struct opt_str date = cell;
    if (!cell_time(cell, &us, &resolution_s))
        return false;
    if (cell.value.len > CELL_DATE_LEN && cell.value.ptr[4] == '-') {
        date.value.len = CELL_DATE_LEN;
        if (!cell_time(date, &us, &resolution_s))
            return false;
    }
    *day = time_day_of_us(us);
    return true;
}

/** Makes a bar of a row; false when a cell is not what it stands for. */
static bool read_bar(const struct row *row, struct str asset, struct day_bar *bar)
{
    *bar = (struct day_bar){0};
    if (row->surplus || asset.len == 0 || asset.len > ASSET_NAME_MAX || row->cells[BAR_SOURCE].value.len == 0 ||
        row->cells[BAR_SOURCE].value.len > SOURCE_NAME_MAX || !read_day(row->cells[BAR_DATE], &bar->day))
        return false;
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        struct opt_double *figure = (struct opt_double *)(void *)((char *)bar + figures[i].offset);
        if (!cell_number(row->cells[figures[i].column], figure))
            return false;
    }
    return true;
}

/** The entry of an asset, made when it is new. */
static struct asset_entry *obtain_asset(struct run *run, struct str id)
{
    struct asset_entry *asset;
    HASH_FIND(hh, run->assets, id.ptr, id.len, asset);
    if (!asset) {
        asset = xcalloc(1, sizeof(*asset));
        asset->id = arena_str(&run->names, id);
        HASH_ADD_KEYPTR(hh, run->assets, asset->id.ptr, asset->id.len, asset);
    }
    return asset;
}

/** The entry of a source, made when it is new. */
static struct series_entry *obtain_series(struct run *run, struct asset_entry *asset, struct str source)
{
    for (size_t i = 0; i < asset->count; i++) {
        if (str_equal(asset->series[i].source, source))
            return &asset->series[i];
    }
    asset->series = xrealloc(asset->series, (asset->count + 1) * sizeof(*asset->series));
    asset->series[asset->count] = (struct series_entry){.source = arena_str(&run->names, source)};
    return &asset->series[asset->count++];
}

/** Keeps a row. */
static void keep_row(struct run *run, const struct row *row, struct arena *scratch)
{
    struct day_bar bar;
    const struct str name = row->cells[BAR_ASSET].value;
    const struct str id = check_asset_id(name, run->input->default_class, scratch);
    run->outcomes = check_grow(run->outcomes, run->count, &run->cap, sizeof(*run->outcomes));
    struct outcome *outcome = &run->outcomes[run->count];
    *outcome = (struct outcome){.line = row->line, .verdict = VERDICT_REJECT, .malformed = !read_bar(row, id, &bar)};
    if (outcome->malformed) {
        outcome->asset = arena_str(&run->names, name);
    } else {
        struct asset_entry *asset = obtain_asset(run, id);
        struct series_entry *series = obtain_series(run, asset, row->cells[BAR_SOURCE].value);
        outcome->asset = (struct str){.ptr = asset->id.ptr + (id.len - name.len), .len = name.len};
        bar.row = run->count;
        series->bars = check_grow(series->bars, series->count, &series->cap, sizeof(*series->bars));
        series->bars[series->count++] = bar;
    }
    run->count++;
}

/** Reads all rows. */
static bool read_rows(struct run *run, struct error *error)
{
    struct row_reader *reader = row_reader_new(run->input->stream, run->input->format, columns, BAR_COLUMNS);
    struct arena scratch = {0};
    struct row row;
    enum row_status status;
    while ((status = row_reader_next(reader, &row, error)) == ROW_READ) {
        if (!check_room(run->count, row.line, error)) {
            status = ROW_FAILED;
            break;
        }
        arena_reset(&scratch);
        keep_row(run, &row, &scratch);
    }
    arena_clear(&scratch);
    row_reader_free(reader);
    return status != ROW_FAILED;
}

/** Judges the series of an asset and keeps the outcome of each row. */
static void judge_asset(struct run *run, const struct asset_entry *asset, const struct bar_rules *thresholds)
{
    struct bar_series *series = xcalloc(asset->count, sizeof(*series));
    for (size_t i = 0; i < asset->count; i++)
        series[i] = (struct bar_series){asset->series[i].source, asset->series[i].bars, asset->series[i].count};
    bars_judge(series, asset->count, asset->id, bar_rules_for(thresholds, asset->id));
    for (size_t i = 0; i < asset->count; i++) {
        for (size_t k = 0; k < series[i].count; k++) {
            const struct day_bar *bar = &series[i].bars[k];
            struct outcome *outcome = &run->outcomes[bar->row];
            outcome->flags = bar->flags;
            outcome->verdict = bar_verdict(bar);
            outcome->reference = bar->reference;
            outcome->score = bar_score(bar);
        }
    }
    free(series);
}

/** Prints the outcomes in the order of the file. */
static void print_outcomes(const struct run *run)
{
    struct buf text = {0};
    for (size_t i = 0; i < run->count; i++) {
        struct str flags[BAR_RULES_MAX] = {STR(FLAG_MALFORMED)};
        const struct outcome *outcome = &run->outcomes[i];
        size_t flag_count = outcome->malformed;
        for (size_t bit = 0; !outcome->malformed && bar_flag_name(bit); bit++) {
            if (outcome->flags >> bit & 1)
                flags[flag_count++] = str_from(bar_flag_name(bit));
        }
        const struct check_line line = {.line = outcome->line,
                                        .asset = outcome->asset,
                                        .verdict = outcome->verdict,
                                        .flags = flags,
                                        .flag_count = flag_count,
                                        .reference = outcome->reference,
                                        .score = outcome->score};
        if (!check_print(&line, &text))
            break;
    }
    buf_clear(&text);
}

/** Frees what the run holds. */
static void run_clear(struct run *run)
{
    struct asset_entry *asset = run->assets, *next;
    HASH_CLEAR(hh, run->assets);
    for (; asset; asset = next) {
        next = asset->hh.next;
        for (size_t i = 0; i < asset->count; i++)
            free(asset->series[i].bars);
        free(asset->series);
        free(asset);
    }
    free(run->outcomes);
    arena_clear(&run->names);
}

bool check_bars(const struct check_input *input, struct error *error)
{
    struct run run = {.input = input};
    struct bar_rules *thresholds = bar_rules_parse(input->rules_name, input->rules, error);
    const bool ok = thresholds && read_rows(&run, error);
    if (ok) {
        for (const struct asset_entry *asset = run.assets; asset; asset = asset->hh.next)
            judge_asset(&run, asset, thresholds);
        print_outcomes(&run);
    }
    run_clear(&run);
    bar_rules_free(thresholds);
    return ok;
}
