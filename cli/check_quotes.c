/*
 * Quotes of a file, judged one by one as if they came from the topic in the order in which they were fetched, whatever their
 * order in the file: all rows are read first. Those that were fetched at one time keep their order.
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "cli/check.h"
#include "cli/check_cell.h"
#include "market/listing.h"
#include "validate/engine.h"
#include "validate/rules/table.h"
#include "validate/second_look.h"

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

/** Score of a quote that passed and was refuted later. */
/** Score of a quote that passed and was refuted later. */
#define SCORE_REFUTED 0.5
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

/** A text that many rows have: kept once. */
struct known_text {
    UT_hash_handle hh;
    size_t number;   /* in the order of the file */
    struct str text; /* points behind the struct */
};

/** What is read of a row, and in its place later what is said of it. */
struct kept_row {
    size_t line;
    const struct known_text *asset; /* as it stands in the file */
    int64_t fetched_at_us;
    bool malformed;
    union {
        struct {
            const struct known_text *source;
            const struct known_text *currency;
            int64_t observed_at_us;
            int64_t observed_resolution_s;
            double price;
            double figures[FIGURES];
            uint32_t given; /* bits of the figures that are set */
        };
        struct {
            uint64_t flags; /* bits in the order of the rule table; behind them those of more_flags */
            enum verdict verdict;
            struct opt_double reference;
            double score;
        };
    };
};

/** A run over a file. */
struct run {
    const struct check_input *input;
    struct rule_settings *settings;
    struct partition_memory *memory;
    struct known_text *texts;
    struct kept_row *rows;
    size_t count;
    size_t cap;
    struct look_quote *looks; /* of the rows that were not rejected */
    size_t look_count;
    struct arena arena; /* of one row */
};

/** The one copy of a text. */
static const struct known_text *keep_text(struct run *run, struct str text)
{
    struct known_text *known;
    HASH_FIND(hh, run->texts, text.len ? text.ptr : "", text.len, known);
    if (!known) {
        known = xcalloc(1, sizeof(*known) + text.len + 1);
        char *copy = (char *)(known + 1);
        if (text.len)
            memcpy(copy, text.ptr, text.len);
        known->number = HASH_COUNT(run->texts);
        known->text = (struct str){.ptr = copy, .len = text.len};
        HASH_ADD_KEYPTR(hh, run->texts, copy, text.len, known);
    }
    return known;
}

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

/** Keeps a row. */
static void keep_row(struct run *run, const struct row *row)
{
    struct quote quote;
    const struct str asset = row->cells[QUOTE_ASSET].value;
    arena_reset(&run->arena);
    run->rows = check_grow(run->rows, run->count, &run->cap, sizeof(*run->rows));
    struct kept_row *kept = &run->rows[run->count++];
    *kept = (struct kept_row){.line = row->line, .asset = keep_text(run, asset)};
    kept->malformed = !read_quote(row, check_asset_id(asset, run->input->default_class, &run->arena), &quote);
    if (kept->malformed)
        return;
    kept->source = keep_text(run, quote.source);
    kept->currency = keep_text(run, quote.currency);
    kept->fetched_at_us = quote.fetched_at_us;
    kept->observed_at_us = quote.observed_at_us;
    kept->observed_resolution_s = quote.observed_resolution_s;
    kept->price = quote.price;
    for (size_t i = 0; i < FIGURES; i++) {
        const struct opt_double *figure = (const struct opt_double *)(const void *)((const char *)&quote + figures[i].offset);
        kept->figures[i] = figure->value;
        kept->given |= (uint32_t)figure->set << i;
    }
}

/** The quote that a row was read as. The id of its asset is from the arena. */
static struct quote quote_of(struct run *run, const struct kept_row *row)
{
    struct quote quote = {.asset = check_asset_id(row->asset->text, run->input->default_class, &run->arena),
                          .source = row->source->text,
                          .symbol = row->asset->text,
                          .currency = row->currency->text,
                          .price = row->price,
                          .observed_at_us = row->observed_at_us,
                          .observed_resolution_s = row->observed_resolution_s,
                          .fetched_at_us = row->fetched_at_us,
                          .request_id = STR("check"),
                          .unit_factor = 1};
    for (size_t i = 0; i < FIGURES; i++) {
        struct opt_double *figure = (struct opt_double *)(void *)((char *)&quote + figures[i].offset);
        *figure = (struct opt_double){.set = row->given >> i & 1, .value = row->figures[i]};
    }
    return quote;
}

/** Reads all rows. */
static bool read_rows(struct run *run, struct error *error)
{
    struct row_reader *reader = row_reader_new(run->input->stream, run->input->format, columns, QUOTE_COLUMNS);
    struct row row;
    enum row_status status;
    while ((status = row_reader_next(reader, &row, error)) == ROW_READ) {
        if (!check_room(run->count, row.line, error)) {
            status = ROW_FAILED;
            break;
        }
        keep_row(run, &row);
    }
    row_reader_free(reader);
    return status != ROW_FAILED;
}

/** A row that is to be judged, by the time of its fetch. */
struct turn {
    int64_t fetched_at_us;
    size_t row;
};

/** Orders by time of fetch, then by place in the file. */
static int compare_turns(const void *a, const void *b)
{
    const struct turn *one = a, *other = b;
    if (one->fetched_at_us != other->fetched_at_us)
        return one->fetched_at_us < other->fetched_at_us ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/** Flags that no rule of the table gives; the first is the engine's. */
static const char *const more_flags[] = {FLAG_UNCORROBORATED, FLAG_CONFIRMED, FLAG_REFUTED};
#define MORE_FLAGS (sizeof(more_flags) / sizeof(more_flags[0]))
enum { BIT_CONFIRMED = 1, BIT_REFUTED = 2 };

/** Number of rules in the table. */
static size_t rule_count(void)
{
    size_t count = 0;
    while (rules[count])
        count++;
    return count;
}

/** The bits of the flags of a judged quote. */
static uint64_t flag_bits(const struct clean_quote *clean)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < clean->flags_count; i++) {
        size_t rule = 0;
        while (rules[rule] && !str_is(clean->flags[i], rules[rule]->name))
            rule++;
        bits |= UINT64_C(1) << rule; /* the place behind the rules is that of FLAG_UNCORROBORATED */
    }
    return bits;
}

/** Whether one of some rules has fired. */
static bool fired(uint64_t flags, const struct rule *const *which)
{
    for (; *which; which++) {
        for (size_t rule = 0; rules[rule]; rule++) {
            if (rules[rule] == *which && (flags >> rule & 1))
                return true;
        }
    }
    return false;
}

/** Keeps for the second look what it needs of a judged quote. */
static void keep_look(struct run *run, const struct quote *quote, const struct kept_row *row)
{
    static const struct rule *const by_itself[] = {&stale_rule,  &bad_bar_rule,           &crossed_rule,
                                                   &frozen_rule, &currency_mismatch_rule, NULL};
    static const struct rule *const beside_jump[] = {&divergent_rule, &disputed_rule, &missed_split_rule, &unit_error_rule, NULL};
    if (row->verdict == VERDICT_REJECT)
        return;
    const bool by_distance = row->verdict == VERDICT_SUSPECT && !fired(row->flags, by_itself);
    run->looks[run->look_count++] = (struct look_quote){.row = (size_t)(row - run->rows),
                                                        .source = quote->source,
                                                        .currency = quote->currency,
                                                        .group = rule_settings_group(run->settings, quote->source),
                                                        .observed_at_us = quote->observed_at_us,
                                                        .observed_resolution_s = quote->observed_resolution_s,
                                                        .fetched_at_us = quote->fetched_at_us,
                                                        .price = quote->price,
                                                        .verdict = row->verdict,
                                                        .by_distance = by_distance,
                                                        .by_jump = by_distance && !fired(row->flags, beside_jump)};
}

/** Judges a row; what is said of it takes the place of what was read. */
static void judge_row(struct run *run, struct kept_row *row, size_t place)
{
    struct judgement judgement;
    arena_reset(&run->arena);
    const struct quote quote = quote_of(run, row);
    const struct raw_origin origin = {.offset = (int64_t)place, .timestamp_ms = quote.fetched_at_us / US_PER_MS};
    engine_judge(run->memory, &quote, &origin, &run->arena, &judgement);
    row->flags = flag_bits(&judgement.clean);
    row->verdict = judgement.clean.verdict;
    row->reference = judgement.clean.reference_price;
    row->score = judgement.clean.score;
    keep_look(run, &quote, row);
}

/** Orders by asset, then by time of fetch, then by place in the file. */
static int compare_looks(const void *a, const void *b, void *context)
{
    const struct kept_row *rows = context;
    const struct kept_row *one = &rows[((const struct look_quote *)a)->row], *other = &rows[((const struct look_quote *)b)->row];
    if (one->asset != other->asset)
        return one->asset->number < other->asset->number ? -1 : 1;
    if (one->fetched_at_us != other->fetched_at_us)
        return one->fetched_at_us < other->fetched_at_us ? -1 : 1;
    return one < other ? -1 : one > other;
}

/** Puts what the second look says of a row in place of what the stream would have said. */
static void amend(struct kept_row *row, enum look look)
{
    if (look == LOOK_STANDS)
        return;
    row->verdict = look == LOOK_CONFIRMED ? VERDICT_PASS : VERDICT_SUSPECT;
    row->score = look == LOOK_CONFIRMED ? 1 : SCORE_REFUTED;
    row->flags |= UINT64_C(1) << (rule_count() + (look == LOOK_CONFIRMED ? BIT_CONFIRMED : BIT_REFUTED));
}

/** Where an asset is traded; of a class that is not known, always. */
static enum market market_of(struct str id)
{
    static const char *const known[] = {"equity:", "fx:"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (id.len > strlen(known[i]) && memcmp(id.ptr, known[i], strlen(known[i])) == 0)
            return listing_market(id);
    }
    return MARKET_ALWAYS;
}

/** Looks at the quotes of each asset again, with what came later in view. */
static void look_again(struct run *run)
{
    qsort_r(run->looks, run->look_count, sizeof(*run->looks), compare_looks, run->rows);
    for (size_t first = 0, end; first < run->look_count; first = end) {
        const struct known_text *asset = run->rows[run->looks[first].row].asset;
        for (end = first + 1; end < run->look_count && run->rows[run->looks[end].row].asset == asset; end++)
            ;
        arena_reset(&run->arena);
        const struct str id = check_asset_id(asset->text, run->input->default_class, &run->arena);
        second_look(&run->looks[first], end - first, market_of(id), rule_settings_for(run->settings, id));
        for (size_t i = first; i < end; i++)
            amend(&run->rows[run->looks[i].row], run->looks[i].look);
    }
}

/** Judges all rows in the order in which they were fetched. */
static void judge_rows(struct run *run)
{
    struct turn *turns = xcalloc(run->count ? run->count : 1, sizeof(*turns));
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        if (!run->rows[i].malformed)
            turns[count++] = (struct turn){.fetched_at_us = run->rows[i].fetched_at_us, .row = i};
    }
    qsort(turns, count, sizeof(*turns), compare_turns);
    run->looks = xcalloc(count ? count : 1, sizeof(*run->looks));
    for (size_t i = 0; i < count; i++)
        judge_row(run, &run->rows[turns[i].row], i);
    free(turns);
    if (!run->input->as_streamed)
        look_again(run);
}

/** Prints what was found of a row; false once nobody reads any more. */
static bool print_row(const struct kept_row *row, struct buf *text)
{
    struct str flags[RULES_MAX + MORE_FLAGS] = {STR(FLAG_MALFORMED)};
    struct check_line line = {
        .line = row->line, .asset = row->asset->text, .verdict = VERDICT_REJECT, .flags = flags, .flag_count = 1};
    if (!row->malformed) {
        line.verdict = row->verdict;
        line.reference = row->reference;
        line.score = row->score;
        line.flag_count = 0;
        const size_t count = rule_count();
        for (size_t bit = 0; bit < count + MORE_FLAGS; bit++) {
            if (row->flags >> bit & 1)
                flags[line.flag_count++] = str_from(bit < count ? rules[bit]->name : more_flags[bit - count]);
        }
    }
    return check_print(&line, text);
}

/** Frees what the run holds. */
static void run_clear(struct run *run)
{
    struct known_text *text = run->texts, *next;
    HASH_CLEAR(hh, run->texts);
    for (; text; text = next) {
        next = text->hh.next;
        free(text);
    }
    free(run->rows);
    free(run->looks);
    partition_memory_free(run->memory);
    rule_settings_free(run->settings);
    arena_clear(&run->arena);
}

bool check_quotes(const struct check_input *input, struct error *error)
{
    struct buf text = {0};
    struct run run = {.input = input, .settings = rule_settings_parse(input->rules_name, input->rules, error)};
    bool ok = run.settings != NULL;
    if (ok) {
        run.memory = partition_memory_new(0, run.settings);
        ok = read_rows(&run, error);
    }
    if (ok)
        judge_rows(&run);
    for (size_t i = 0; ok && i < run.count && print_row(&run.rows[i], &text); i++)
        ;
    run_clear(&run);
    buf_clear(&text);
    return ok;
}
