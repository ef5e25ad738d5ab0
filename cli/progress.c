#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/grid.h"

/** How often a terminal is drawn, and how often a file gets a line. */
#define TERMINAL_EVERY_MS 200
#define PLAIN_EVERY_MS 10000
#define BAR_WIDTH 24
/** Longest number with its separators. */
#define COUNT_TEXT_MAX 32

void progress_begin(struct progress *progress, const char *what, int64_t done, int64_t total, int64_t now_ms)
{
    *progress = (struct progress){.what = what,
                                  .total = total,
                                  .begun_ms = now_ms,
                                  .begun_at = done,
                                  .done = done,
                                  .shown_ms = now_ms,
                                  .terminal = isatty(STDERR_FILENO) == 1};
}

/** A whole number with commas between thousands. Returns `text`. */
static char *count_text(int64_t count, char text[COUNT_TEXT_MAX])
{
    char digits[COUNT_TEXT_MAX];
    const int len = snprintf(digits, sizeof(digits), "%lld", (long long)(count < 0 ? 0 : count));
    char *out = text;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

/** Appends to a text of PROGRESS_TEXT_MAX; what does not fit is cut. */
static void append(char *text, const char *more)
{
    strncat(text, more, PROGRESS_TEXT_MAX - strlen(text) - 1);
}

/** The bar and the percentage. */
static void append_bar(const struct progress *progress, int bar, char *text)
{
    char percent[16];
    const int64_t done = progress->done < progress->total ? progress->done : progress->total;
    const double part = (double)done / (double)progress->total;
    if (bar > 0) {
        append(text, " [");
        for (int i = 0; i < bar; i++)
            append(text, i < (int)(part * bar) ? "#" : "-");
        append(text, "]");
    }
    snprintf(percent, sizeof(percent), " %d%%", (int)(part * 100));
    append(text, percent);
}

/** The rate, and the time that is left at it. */
static void append_rate(const struct progress *progress, int64_t now_ms, char *text)
{
    char count[COUNT_TEXT_MAX], age[HUMAN_MAX];
    const int64_t fresh = progress->done - progress->begun_at, ms = now_ms - progress->begun_ms;
    if (fresh <= 0 || ms <= 0)
        return;
    const double per_s = (double)fresh * 1000 / (double)ms;
    append(text, "  ");
    append(text, count_text((int64_t)per_s, count));
    append(text, "/s");
    if (progress->total <= progress->done)
        return;
    append(text, "  ");
    append(text, human_age((double)(progress->total - progress->done) / per_s, age));
    append(text, " left");
}

char *progress_text(const struct progress *progress, int64_t now_ms, int bar, char text[PROGRESS_TEXT_MAX])
{
    char count[COUNT_TEXT_MAX];
    text[0] = '\0';
    append(text, progress->what);
    if (progress->total > 0)
        append_bar(progress, bar, text);
    append(text, "  ");
    append(text, count_text(progress->done, count));
    if (progress->total > 0) {
        append(text, " of ");
        append(text, count_text(progress->total, count));
    }
    append_rate(progress, now_ms, text);
    return text;
}

/** Writes the line now. */
static void show(struct progress *progress, int64_t now_ms)
{
    char text[PROGRESS_TEXT_MAX];
    progress->shown_ms = now_ms;
    progress->shown = true;
    if (progress->terminal)
        fprintf(stderr, "\r%s\033[K", progress_text(progress, now_ms, BAR_WIDTH, text));
    else
        fprintf(stderr, "%s\n", progress_text(progress, now_ms, 0, text));
    fflush(stderr);
}

void progress_show(struct progress *progress, int64_t done, int64_t now_ms)
{
    progress->done = done;
    if (now_ms - progress->shown_ms >= (progress->terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS))
        show(progress, now_ms);
}

void progress_end(struct progress *progress, int64_t now_ms)
{
    if (!progress->terminal || !progress->shown)
        return;
    show(progress, now_ms);
    fputc('\n', stderr);
}
