/*
 * What is counted of one asset, and of one of its sources, in the window of a report.
 *
 * A window's counts begin when the first record of it comes; until then those of an earlier window stand there, which `begin_us`
 * tells. So the end of a window costs nothing for assets that were silent. Pure. Threads: any.
 */
#ifndef QUOTEBUS_VALIDATE_REPORTS_WINDOW_H
#define QUOTEBUS_VALIDATE_REPORTS_WINDOW_H

#include "quotebus_records.h"

/** Length of a window: slots of stream time that begin at whole multiples of it since 1970, UTC. */
#define WINDOW_S 600
/** Most flags that are counted by name, and the longest name with its NUL. */
#define WINDOW_FLAGS_MAX 48
#define WINDOW_FLAG_NAME_MAX 32
/** A pause of more than that times the usual one is a gap. */
#define GAP_FACTOR 3.0

/** How often one flag was set. */
struct flag_tally {
    char name[WINDOW_FLAG_NAME_MAX];
    int32_t count;
};

struct asset_window {
    int64_t begin_us; /**< of the window that the counts are of; 0: none yet */
    int32_t passed, suspect, rejected;
    struct flag_tally *flags; /**< owned; sorted by name */
    size_t flag_count;
    size_t flag_cap;
};

struct source_window {
    int32_t polls;
    int32_t gaps;
    double usual_s;     /**< seconds between two quotes; 0: not known */
    int64_t last_at_us; /**< 0: none yet */
};

/** Begin of the window in which a time lies; `at_us` is not negative. */
int64_t window_begin_us(int64_t at_us);
/** Frees what the window holds. */
void asset_window_clear(struct asset_window *window);
/** Sets the counts back to 0, for a window that begins at `begin_us`. */
void asset_window_begin(struct asset_window *window, int64_t begin_us);
/** Counts a verdict and its flags. */
void asset_window_count(struct asset_window *window, enum verdict verdict, const struct str *flags, size_t flag_count);
/** Counts a quote of the source; a time before the last one's does not count as a pause. */
void source_window_poll(struct source_window *window, int64_t at_us);
/** Whether a silence up to `at_us` is a gap. */
bool source_window_is_gap(const struct source_window *window, int64_t at_us);

/** The flags as they stand in records, in the arena. */
struct flag_count *asset_window_flags(const struct asset_window *window, struct arena *arena);
/** Takes the window of a state record over. Fails (ERROR_INVALID) on flags that asset_window_flags cannot have given. */
bool asset_window_restore(struct asset_window *window, const struct asset_state *record, struct error *error) MUST_CHECK;

#endif
