#include "validate/history/judge.h"

#include <stdlib.h>
#include <string.h>

#include "validate/bars/bar.h"

/** Days by which a bar may be ahead of the day of its fetch: the date is that of the exchange's own calendar. */
#define AHEAD_DAYS 1
/** Most days that are near another one. */
#define CLOSES_NEAR ((size_t)(2 * NEAR_DAYS + 1))
/** Findings on one bar: those of the judge of bars, and those on the record itself. */
#define FINDINGS_MAX (BAR_RULES_MAX + 1)

/** Codes of ISO 4217 have that many letters; longer ones are coins. */
#define ISO_CODE_LEN 3
/** Score of a bar that is suspect for what the record itself says. */
#define SCORE_SUSPECT 0.5

/** A finding on the record itself, made before the series is looked at. With PASS it is a flag only; else nothing else is asked.
 */
struct outright {
    const char *flag; /* NULL: none */
    enum verdict verdict;
    const char *message;
};

/** A bar among those that are judged. */
struct seen_bar {
    struct source_history *source; /* NULL: the bar that came */
    struct kept_bar *kept;         /* NULL: the bar that came, or one of which only the close is known */
    const struct day_bar *day;     /* as judged */
};

/** All that is needed to judge a bar. */
struct view {
    const struct history *history;
    const struct asset_history *asset; /* may be NULL */
    const struct bar *bar;
    const struct raw_origin *origin;
    struct arena *arena;
    struct outright outright;
    bool late;                   /* a newer word on the day is known */
    struct opt_long corrects_us; /* fetched_at of the word that this one takes the place of */
    struct bar_series *series;
    size_t series_count;
    struct seen_bar *seen; /* by day_bar.row */
    size_t seen_count;
};

/** Whether a bar's names can be those of an asset, a source and a currency. */
static bool is_named(const struct bar *bar)
{
    const char *colon = bar->asset.len ? memchr(bar->asset.ptr, ':', bar->asset.len) : NULL;
    return colon && colon > bar->asset.ptr && colon + 1 < bar->asset.ptr + bar->asset.len && bar->asset.len <= ASSET_NAME_MAX &&
           bar->source.len > 0 && bar->source.len <= SOURCE_NAME_MAX && bar->currency.len <= CURRENCY_NAME_MAX;
}

/** Looks at what the record itself says that makes it unusable or incomparable. */
static struct outright look_at(const struct view *view)
{
    const struct bar *bar = view->bar;
    if (!is_named(bar))
        return (struct outright){"malformed", VERDICT_REJECT, "asset, source or currency is not the name of one"};
    if (bar->date > time_day_of_us(bar->fetched_at_us) + AHEAD_DAYS)
        return (struct outright){"future_time", VERDICT_REJECT, "the day had not begun when the bar was fetched"};
    const struct class_settings *settings = rule_settings_for(view->history->rules->settings, bar->asset);
    const struct str expected = class_settings_currency(settings, bar->asset);
    if (expected.len == 0 || str_equal(bar->currency, expected))
        return (struct outright){0};
    return (struct outright){
        "currency_mismatch", bar->currency.len > ISO_CODE_LEN ? VERDICT_SUSPECT : VERDICT_REJECT,
        arena_printf(view->arena, "the currency is %.*s, %.*s is expected", STR_ARG(bar->currency), STR_ARG(expected))};
}

/** Whether two bars have the same figures. */
static bool same_figures(const struct known_bar *known, const struct bar *bar)
{
    const struct opt_double one[] = {known->open,      known->high,   known->low,      SOME_DOUBLE(known->close),
                                     known->adj_close, known->volume, known->dividend, known->split};
    const struct opt_double other[] = {bar->open,      bar->high,   bar->low,      SOME_DOUBLE(bar->close),
                                       bar->adj_close, bar->volume, bar->dividend, bar->split};
    for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
        if (one[i].set != other[i].set || (one[i].set && one[i].value != other[i].value))
            return false;
    }
    return true;
}

/** Finds out whether the source has spoken of the day before, and whether that was later. */
static void look_back(struct view *view)
{
    const struct source_history *source = source_history_find(view->asset, view->bar->source);
    if (!source)
        return;
    for (size_t i = source_history_seek(source, view->bar->date);
         i < source->count && source->bars[i].bar.date == view->bar->date; i++) {
        const struct kept_bar *kept = &source->bars[i];
        if (same_response(kept, view->bar))
            continue;
        view->late = view->late || kept->response->of.fetched_at_us > view->bar->fetched_at_us;
        view->corrects_us.set = !same_figures(&kept->bar, view->bar);
        view->corrects_us.value = kept->response->of.fetched_at_us;
    }
    if (!view->late)
        return;
    view->corrects_us = (struct opt_long){0};
    view->outright = (struct outright){.flag = "late", .verdict = VERDICT_PASS};
}

/** Adds a bar to the series under way. */
static void add_bar(struct view *view, struct bar_series *series, struct source_history *source, struct kept_bar *kept,
                    const struct bar *bar)
{
    series->bars[series->count++] = (struct day_bar){.day = bar->date,
                                                     .row = view->seen_count,
                                                     .open = bar->open,
                                                     .high = bar->high,
                                                     .low = bar->low,
                                                     .close = SOME_DOUBLE(bar->close),
                                                     .adj_close = bar->adj_close,
                                                     .volume = bar->volume,
                                                     .dividend = bar->dividend,
                                                     .split = bar->split};
    view->seen[view->seen_count++] = (struct seen_bar){.source = source, .kept = kept};
}

/** Adds the days near of which only the close is known. */
static void add_closes(struct view *view, struct source_history *source, struct bar_series *series)
{
    const size_t end = source_closes_seek(source, (int64_t)view->bar->date + NEAR_DAYS + 1);
    for (size_t i = source_closes_seek(source, (int64_t)view->bar->date - NEAR_DAYS); i < end; i++) {
        const struct day_close *close = &source->closes[i];
        const size_t place = source_history_seek(source, close->date);
        const struct bar bar = {.date = close->date, .close = close->close};
        if (place == source->count || source->bars[place].bar.date != close->date)
            add_bar(view, series, source, NULL, &bar);
    }
}

/** Makes the series of a source: its bars near the day, but not what the bar that came takes the place of. */
static void add_series(struct view *view, struct source_history *source, struct bar_series *series)
{
    const bool own = str_equal(source->source, view->bar->source);
    const size_t first = source_history_seek(source, (int64_t)view->bar->date - NEAR_DAYS);
    const size_t end = source_history_seek(source, (int64_t)view->bar->date + NEAR_DAYS + 1);
    *series = (struct bar_series){.source = arena_str(view->arena, source->source), /* the source may be dropped for a new one */
                                  .bars = arena_alloc(view->arena, (end - first + 1 + CLOSES_NEAR) * sizeof(*series->bars))};
    for (size_t i = first; i < end; i++) {
        struct kept_bar *kept = &source->bars[i];
        const struct bar bar = kept_as_bar(view->asset, source, kept);
        if (!own || bar.date != view->bar->date || same_response(kept, view->bar))
            add_bar(view, series, source, kept, &bar);
    }
    if (own)
        add_bar(view, series, NULL, NULL, view->bar);
    else
        add_closes(view, source, series);
}

/** Makes the series of all sources that have bars near the day. */
static void gather(struct view *view)
{
    const size_t known = view->asset ? view->asset->source_count : 0;
    size_t bars = 1;
    for (size_t i = 0; i < known; i++)
        bars += view->asset->sources[i]->count + CLOSES_NEAR;
    view->seen = arena_alloc(view->arena, bars * sizeof(*view->seen));
    view->series = arena_alloc(view->arena, (known + 1) * sizeof(*view->series));
    for (size_t i = 0; i < known; i++)
        add_series(view, view->asset->sources[i], &view->series[view->series_count++]);
    if (source_history_find(view->asset, view->bar->source))
        return;
    struct bar_series *own = &view->series[view->series_count++];
    *own = (struct bar_series){.source = view->bar->source, .bars = arena_alloc(view->arena, sizeof(*own->bars))};
    add_bar(view, own, NULL, NULL, view->bar);
}

/** Lets the rules of bars judge all series. */
static void judge_series(struct view *view)
{
    bars_judge(view->series, view->series_count, view->bar->asset, bar_rules_for(view->history->rules->bars, view->bar->asset));
    for (size_t i = 0; i < view->series_count; i++) {
        for (size_t k = 0; k < view->series[i].count; k++)
            view->seen[view->series[i].bars[k].row].day = &view->series[i].bars[k];
    }
}

/** The independence group of a source as a number that no other group has. */
static int group_of(const struct view *view, size_t series)
{
    const int group = rule_settings_group(view->history->rules->settings, view->series[series].source);
    return group == GROUP_OF_ITS_OWN ? -1 - (int)series : group;
}

/** Whether a series has a usable bar of a day. */
static bool has_day(const struct bar_series *series, int64_t day)
{
    for (size_t i = 0; i < series->count; i++) {
        if (series->bars[i].day == day && !series->bars[i].reject)
            return true;
    }
    return false;
}

/** Independent sources that have a usable bar of a day; at least one, who asks. */
static int32_t count_sources(const struct view *view, int64_t day)
{
    int groups[HISTORY_SOURCES_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < view->series_count; i++) {
        const int group = group_of(view, i);
        size_t k = 0;
        while (k < count && groups[k] != group)
            k++;
        if (k == count && has_day(&view->series[i], day))
            groups[count++] = group;
    }
    return count ? (int32_t)count : 1;
}

/** The names of the flags of a bar. */
static void name_flags(const struct outright *outright, const struct day_bar *day, struct arena *arena, struct clean_bar *clean)
{
    clean->flags = arena_alloc(arena, FINDINGS_MAX * sizeof(*clean->flags));
    if (outright->flag)
        clean->flags[clean->flags_count++] = str_from(outright->flag);
    for (size_t bit = 0; day && bar_flag_name(bit); bit++) {
        if (day->flags >> bit & 1)
            clean->flags[clean->flags_count++] = str_from(bar_flag_name(bit));
    }
}

/** Makes the clean record of a bar. `day` is NULL when the series was not looked at. */
static void make_clean(const struct view *view, const struct bar *bar, int64_t raw_offset, const struct outright *outright,
                       const struct day_bar *day, struct clean_bar *out)
{
    const enum verdict judged = day ? bar_verdict(day) : VERDICT_PASS;
    *out = (struct clean_bar){.asset = bar->asset,
                              .source = bar->source,
                              .symbol = bar->symbol,
                              .currency = bar->currency,
                              .date = bar->date,
                              .open = bar->open,
                              .high = bar->high,
                              .low = bar->low,
                              .close = bar->close,
                              .adj_close = bar->adj_close,
                              .volume = bar->volume,
                              .dividend = bar->dividend,
                              .split = bar->split,
                              .fetched_at_us = bar->fetched_at_us,
                              .request_id = bar->request_id,
                              .unit_factor = bar->unit_factor,
                              .verdict = outright->verdict > judged ? outright->verdict : judged,
                              .score = day                                   ? bar_score(day)
                                       : outright->verdict == VERDICT_REJECT ? 0
                                                                             : SCORE_SUSPECT,
                              .source_count = day ? count_sources(view, bar->date) : 1,
                              .rules_version = rule_settings_version(view->history->rules->settings),
                              .raw_partition = view->origin->partition,
                              .raw_offset = raw_offset};
    name_flags(outright, day, view->arena, out);
    if (day && day->reference.set) {
        out->reference_close = day->reference;
        out->deviation_bps = SOME_DOUBLE(distance_bps(bar->close, day->reference.value));
    }
}

/** What the other sources said of the day of a bar. */
static void add_evidence(const struct view *view, const struct clean_bar *clean, struct anomaly *anomaly)
{
    anomaly->evidence = arena_alloc(view->arena, view->series_count * sizeof(*anomaly->evidence));
    for (size_t i = 0; i < view->series_count; i++) {
        const struct bar_series *series = &view->series[i];
        for (size_t k = 0; k < series->count && !str_equal(series->source, clean->source); k++) {
            const struct day_bar *day = &series->bars[k];
            if (day->day != clean->date)
                continue;
            anomaly->evidence[anomaly->evidence_count++] =
                (struct source_price){.source = series->source,
                                      .price = day->close.value,
                                      .observed_at_us = day->day * US_PER_DAY,
                                      .weight = bar_verdict(day) == VERDICT_PASS ? 1 : 0};
            break;
        }
    }
}

/** Starts an anomaly of a clean bar. */
static struct anomaly *add_anomaly(const struct view *view, const struct clean_bar *clean, const char *rule, enum verdict verdict,
                                   struct bar_judgement *out)
{
    struct anomaly *anomaly = &out->anomalies[out->anomaly_count++];
    *anomaly = (struct anomaly){.asset = clean->asset,
                                .source = clean->source,
                                .symbol = clean->symbol,
                                .currency = clean->currency,
                                .price = clean->close,
                                .observed_at_us = clean->date * US_PER_DAY,
                                .fetched_at_us = clean->fetched_at_us,
                                .request_id = clean->request_id,
                                .rule = str_from(rule),
                                .verdict = verdict,
                                .measured = clean->deviation_bps,
                                .unit = clean->deviation_bps.set ? STR("bps") : STR(""),
                                .reference_price = clean->reference_close,
                                .rules_version = clean->rules_version,
                                .raw_partition = clean->raw_partition,
                                .raw_offset = clean->raw_offset};
    add_evidence(view, clean, anomaly);
    return anomaly;
}

/** One sentence about a finding of the judge of bars. */
static struct str sentence(const struct view *view, const struct clean_bar *clean, const char *rule)
{
    if (!clean->reference_close.set)
        return str_from(arena_printf(view->arena, "the bar of the day has %s", rule));
    return str_from(arena_printf(view->arena, "the bar of the day has %s: its close %.9g is %.0f bps from %.9g, %s", rule,
                                 clean->close, clean->deviation_bps.value, clean->reference_close.value,
                                 clean->source_count > 1 ? "which other sources say" : "where the days around are"));
}

/** Makes the anomalies of a clean bar. */
static void make_anomalies(const struct view *view, const struct clean_bar *clean, const struct outright *outright,
                           const struct day_bar *day, struct bar_judgement *out)
{
    if (outright->flag && outright->verdict != VERDICT_PASS)
        add_anomaly(view, clean, outright->flag, outright->verdict, out)->message = str_from(outright->message);
    for (size_t bit = 0; day && bar_flag_name(bit); bit++) {
        const uint32_t flag = UINT32_C(1) << bit;
        if (!((day->suspect | day->reject) & flag))
            continue;
        const enum verdict verdict = day->reject & flag ? VERDICT_REJECT : VERDICT_SUSPECT;
        struct anomaly *anomaly = add_anomaly(view, clean, bar_flag_name(bit), verdict, out);
        anomaly->message = sentence(view, clean, bar_flag_name(bit));
    }
}

/** Whether a bar that was judged before is judged otherwise now, by one that is near enough to say something of it. */
static bool is_restated(const struct view *view, const struct seen_bar *seen)
{
    return seen->kept && !view->late && seen->day && llabs(seen->day->day - view->bar->date) <= HINDSIGHT_DAYS &&
           bar_verdict(seen->day) != seen->kept->bar.verdict;
}

/** Writes a bar whose verdict is another now once more. Its texts are copied: it may be forgotten before the record is written.
 */
static void restate(const struct view *view, const struct seen_bar *seen, struct bar_judgement *out)
{
    static const struct outright none = {0};
    struct bar bar = kept_as_bar(view->asset, seen->source, seen->kept);
    bar.source = arena_str(view->arena, bar.source);
    bar.symbol = arena_str(view->arena, bar.symbol);
    bar.currency = arena_str(view->arena, bar.currency);
    bar.request_id = arena_str(view->arena, bar.request_id);
    struct clean_bar *clean = &out->clean[out->clean_count++];
    make_clean(view, &bar, seen->kept->bar.raw_offset, &none, seen->day, clean);
    clean->restates_fetched_at_us = SOME_LONG(bar.fetched_at_us);
    make_anomalies(view, clean, &none, seen->day, out);
    seen->kept->bar.verdict = clean->verdict;
    source_closes_note(seen->source, seen->kept->bar.date, seen->kept->bar.close, clean->verdict);
}

/** Writes the bar that came, and then those that are judged otherwise now. */
static void speak(const struct view *view, struct bar_judgement *out)
{
    const struct day_bar *own = NULL;
    size_t count = 1;
    for (size_t i = 0; i < view->seen_count; i++) {
        own = view->seen[i].source ? own : view->seen[i].day;
        count += is_restated(view, &view->seen[i]);
    }
    out->clean = arena_alloc(view->arena, count * sizeof(*out->clean));
    out->anomalies = arena_alloc(view->arena, count * FINDINGS_MAX * sizeof(*out->anomalies));
    out->clean_count = 1;
    make_clean(view, view->bar, view->origin->offset, &view->outright, own, out->clean);
    out->clean->restates_fetched_at_us = view->corrects_us;
    make_anomalies(view, out->clean, &view->outright, own, out);
    for (size_t i = 0; i < view->seen_count; i++) {
        if (is_restated(view, &view->seen[i]))
            restate(view, &view->seen[i], out);
    }
}

/** Remembers the bar. */
static void remember(struct history *history, const struct view *view, struct bar_judgement *out)
{
    out->asset = history_obtain(history, view->bar->asset);
    if (!out->asset)
        return;
    struct source_history *source = source_history_obtain(out->asset, view->bar->source);
    source_history_keep(source, view->bar, view->origin->offset, out->clean->verdict);
    out->asset->raw_offset = view->origin->offset;
    out->asset->timestamp_ms = view->origin->timestamp_ms;
    history_changed(history, out->asset);
}

void history_judge(struct history *history, const struct bar *bar, const struct raw_origin *origin, struct arena *arena,
                   struct bar_judgement *out)
{
    struct view view = {
        .history = history, .asset = history_find(history, bar->asset), .bar = bar, .origin = origin, .arena = arena};
    *out = (struct bar_judgement){0};
    view.outright = look_at(&view);
    const bool refused = view.outright.flag != NULL;
    if (!refused) {
        look_back(&view);
        gather(&view);
        judge_series(&view);
    }
    speak(&view, out);
    if (!refused && !view.late)
        remember(history, &view, out);
}
