/*
 * How far a long command is, on stderr: on a terminal a bar that is drawn over, else a plain line every ten seconds.
 *
 *     replay quotes.clean [#########-----------] 46%  1,204,000 of 2,600,000  210,000/s  7 s left
 *
 * Time is an argument, so that it can be tested. Threads: one.
 */
#ifndef QUOTEBUS_CLI_PROGRESS_H
#define QUOTEBUS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/** Longest line, with the NUL. */
#define PROGRESS_TEXT_MAX 200

struct progress {
    const char *what; /**< borrowed */
    int64_t total;    /**< 0: not known */
    int64_t begun_ms;
    int64_t begun_at; /**< what was done before it began */
    int64_t done;
    int64_t shown_ms; /**< when it was last shown */
    bool terminal;
    bool shown;
};

/** Begins; `done` of `total` (0: not known) are done already, e.g. by an earlier run. */
void progress_begin(struct progress *progress, const char *what, int64_t done, int64_t total, int64_t now_ms);
/** Shows how far it is, if it is time to. */
void progress_show(struct progress *progress, int64_t done, int64_t now_ms);
/** Shows the last state on a terminal and ends the line. */
void progress_end(struct progress *progress, int64_t now_ms);
/** Writes the line: a bar of `bar` characters, none when 0. Returns `text`. */
char *progress_text(const struct progress *progress, int64_t now_ms, int bar, char text[PROGRESS_TEXT_MAX]);

#endif
