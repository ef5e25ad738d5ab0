#include "validate/reports/window.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** A new pause moves the usual one by that share of the difference. */
#define USUAL_SHARE 0.125

int64_t window_begin_us(int64_t at_us)
{
    return at_us - at_us % (WINDOW_S * US_PER_S);
}

void asset_window_clear(struct asset_window *window)
{
    free(window->flags);
    *window = (struct asset_window){0};
}

void asset_window_begin(struct asset_window *window, int64_t begin_us)
{
    window->begin_us = begin_us;
    window->passed = window->suspect = window->rejected = 0;
    window->flag_count = 0;
}

/** The place of a flag among the sorted ones; *found tells whether it is there. */
static size_t flag_place(const struct asset_window *window, struct str flag, bool *found)
{
    size_t i = 0;
    int order = -1;
    while (i < window->flag_count && (order = str_compare(str_from(window->flags[i].name), flag)) < 0)
        i++;
    *found = i < window->flag_count && order == 0;
    return i;
}

/** The tally of a flag, made when it is new. NULL when there are too many or the name is too long. */
static struct flag_tally *flag_obtain(struct asset_window *window, struct str flag)
{
    bool found;
    const size_t place = flag_place(window, flag, &found);
    if (found)
        return &window->flags[place];
    if (window->flag_count == WINDOW_FLAGS_MAX || flag.len == 0 || flag.len >= WINDOW_FLAG_NAME_MAX)
        return NULL;
    if (window->flag_count == window->flag_cap) {
        window->flag_cap = window->flag_cap ? window->flag_cap * 2 : 1;
        window->flags = xrealloc(window->flags, window->flag_cap * sizeof(window->flags[0]));
    }
    struct flag_tally *tally = &window->flags[place];
    memmove(tally + 1, tally, (window->flag_count - place) * sizeof(*tally));
    window->flag_count++;
    *tally = (struct flag_tally){0};
    memcpy(tally->name, flag.ptr, flag.len);
    return tally;
}

/** One more, unless the number is full. */
static void count_up(int32_t *count)
{
    *count += *count < INT32_MAX;
}

void asset_window_count(struct asset_window *window, enum verdict verdict, const struct str *flags, size_t flag_count)
{
    count_up(verdict == VERDICT_PASS ? &window->passed : verdict == VERDICT_SUSPECT ? &window->suspect : &window->rejected);
    for (size_t i = 0; i < flag_count; i++) {
        struct flag_tally *tally = flag_obtain(window, flags[i]);
        if (tally)
            count_up(&tally->count);
    }
}

bool source_window_is_gap(const struct source_window *window, int64_t at_us)
{
    return window->usual_s > 0 && (double)(at_us - window->last_at_us) > GAP_FACTOR * window->usual_s * (double)US_PER_S;
}

void source_window_poll(struct source_window *window, int64_t at_us)
{
    count_up(&window->polls);
    if (at_us <= window->last_at_us)
        return;
    if (window->last_at_us) {
        const double pause_s = (double)(at_us - window->last_at_us) / (double)US_PER_S;
        const bool gap = source_window_is_gap(window, at_us);
        const double believed_s =
            gap ? GAP_FACTOR * window->usual_s : pause_s; /* a gap must not become the usual pause at once */
        window->gaps += gap && window->gaps < INT32_MAX;
        window->usual_s = window->usual_s > 0 ? window->usual_s + USUAL_SHARE * (believed_s - window->usual_s) : pause_s;
    }
    window->last_at_us = at_us;
}

struct flag_count *asset_window_flags(const struct asset_window *window, struct arena *arena)
{
    struct flag_count *flags = arena_alloc(arena, window->flag_count * sizeof(*flags));
    for (size_t i = 0; i < window->flag_count; i++)
        flags[i] = (struct flag_count){.rule = str_from(window->flags[i].name), .count = window->flags[i].count};
    return flags;
}

bool asset_window_restore(struct asset_window *window, const struct asset_state *record, struct error *error)
{
    asset_window_begin(window, record->window_at_us.set ? record->window_at_us.value : 0);
    window->passed = record->window_passed;
    window->suspect = record->window_suspect;
    window->rejected = record->window_rejected;
    for (size_t i = 0; i < record->window_flags_count; i++) {
        struct flag_tally *tally = flag_obtain(window, record->window_flags[i].rule);
        if (!tally)
            return error_set(error, ERROR_INVALID, "the flags of %.*s were not written by validate", STR_ARG(record->asset));
        tally->count = record->window_flags[i].count;
    }
    return true;
}
