#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output.h"
#include "cli/status_data.h"
#include "cli/status_view.h"

#define CLEAR_SCREEN "\033[H\033[2J"
#define CURSOR_HOME "\033[H"
#define CLEAR_LINE_END "\033[K"
#define CLEAR_BELOW "\033[J"
#define WATCH_MAX_S 86400

/** Ends at once: nothing is half done, and whoever stops all of quotebus must not wait for answers of what stops at the same
 * time. */
static void on_stop_signal(int number)
{
    (void)number;
    _exit(EXIT_SUCCESS);
}

/** Writes a text over the one before, without flicker. */
static bool redraw(const struct buf *text, bool first)
{
    struct buf screen = {0};
    buf_append_str(&screen, first ? STR(CLEAR_SCREEN) : STR(CURSOR_HOME));
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n')
            buf_append_str(&screen, STR(CLEAR_LINE_END));
        buf_append(&screen, &text->data[i], 1);
    }
    buf_append_str(&screen, STR(CLEAR_BELOW));
    const bool ok = output_write(buf_str(&screen));
    buf_clear(&screen);
    return ok;
}

/** Gathers and shows once. *status gets the exit status. False when nobody reads any more. */
static bool show(struct status_source *source, bool json, bool watch, bool first, int *status)
{
    struct status_data data;
    struct buf text = {0};
    struct view view = output_view();
    if (!watch)
        view.height = 0;
    status_data_gather(source, &data);
    *status = status_exit(&data);
    if (json)
        status_json(&text, &data);
    else
        status_text(&text, &data, &view);
    const bool on_screen = watch && view.terminal && !json;
    if (watch && !on_screen && !first && !json)
        output_write(STR("\n"));
    const bool ok = (on_screen ? redraw(&text, first) : output_write(buf_str(&text))) && output_flush();
    buf_clear(&text);
    status_data_clear(&data);
    return ok;
}

/** Shows again and again until a signal ends the program. */
static int watch_status(struct status_source *source, bool json, double seconds)
{
    struct sigaction action = {.sa_handler = on_stop_signal};
    const struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    int status = EXIT_SUCCESS;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (bool first = true; show(source, json, true, first, &status); first = false)
        nanosleep(&pause, NULL);
    return status;
}

/** Reads --watch: *seconds is 0 without it. */
static bool read_watch(const struct invocation *call, double *seconds, struct error *error)
{
    const char *text = invocation_option(call, "--watch");
    *seconds = 0;
    if (!text)
        return true;
    char *end;
    *seconds = strtod(text, &end);
    return (end != text && *end == '\0' && *seconds >= 0.1 && *seconds <= WATCH_MAX_S) ||
           error_set(error, ERROR_USAGE, "--watch '%.40s': write the seconds between two looks, 0.1 to %d", text, WATCH_MAX_S);
}

/** Runs the command. */
static int run_status(const struct invocation *call)
{
    struct status_source source = {0};
    struct error error = {0};
    double watch_s;
    int status = EXIT_FAILURE;
    if (!read_watch(call, &watch_s, &error) || !status_source_open(&source, call->config, &error)) {
        fprintf(stderr, "quotebus: %s\n", error.message);
        status = error_exit_status(error.code);
    } else if (watch_s > 0) {
        status = watch_status(&source, call->json, watch_s);
    } else {
        show(&source, call->json, false, true, &status);
    }
    status_source_close(&source);
    return status;
}

static const struct command_option options[] = {
    {"--watch", 'w', "SECONDS", "shows it again and again, until interrupted"},
};

const struct command command_status = {
    .name = "status",
    .summary = "stages, lag, provider health, rows, dead letters, anomalies, latest prices",
    .arguments = "",
    .examples = "  quotebus status                      how it is now\n"
                "  quotebus status --watch 2            the same, live; Ctrl+C ends it\n"
                "  quotebus status --json | jq '.prices[] | select(.asset == \"crypto:BTC\")'\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_status,
};
