#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/summary_data.h"

#define WAIT_MAX_S 86400
/** Pause before counting again what does not balance yet. */
#define COUNT_PAUSE_MS 500

/** Waits until the stages have caught up, then counts; again while the books do not balance and there is time. */
static bool settle_and_count(struct summary *summary, int64_t wait_ms, struct error *error)
{
    const int64_t deadline_ms = clock_mono_ms() + wait_ms;
    const struct timespec pause = {.tv_nsec = COUNT_PAUSE_MS * 1000000L};
    for (;;) {
        bool settled = true;
        const int64_t left_ms = deadline_ms - clock_mono_ms();
        if (left_ms > 0 && !summary_wait(summary, left_ms, &settled, error))
            return false;
        if (!summary_count(summary, error))
            return false;
        if (books_balance(summary->books) || clock_mono_ms() >= deadline_ms)
            return true;
        nanosleep(&pause, NULL);
    }
}

/** Prints what was counted. */
static void print(struct summary *summary, bool json)
{
    struct buf text = {0}, complaints = {0};
    if (json)
        summary_json(&text, summary);
    else
        summary_text(&text, summary);
    if (!summary->moving)
        books_complain(&complaints, summary->books);
    fprintf(stderr, "%.*s", STR_ARG(buf_str(&complaints)));
    output_write(buf_str(&text));
    buf_clear(&text);
    buf_clear(&complaints);
}

/** Reads --wait-settled, in milliseconds; 0 without it. */
static bool read_wait(const struct invocation *call, int64_t *wait_ms, struct error *error)
{
    const char *text = invocation_option(call, "--wait-settled");
    *wait_ms = 0;
    if (!text)
        return true;
    char *end;
    const double seconds = strtod(text, &end);
    *wait_ms = seconds >= 0 && seconds <= WAIT_MAX_S ? (int64_t)(seconds * 1000) : 0;
    return (end != text && *end == '\0' && seconds >= 0 && seconds <= WAIT_MAX_S) ||
           error_set(error, ERROR_USAGE, "--wait-settled '%.40s': write seconds, at most %d", text, WAIT_MAX_S);
}

/** Runs the command. */
static int run_summary(const struct invocation *call)
{
    struct summary summary = {0};
    struct error error = {0};
    int64_t wait_ms;
    int status;
    if (!read_wait(call, &wait_ms, &error) || !summary_open(&summary, call->config, &error) ||
        !settle_and_count(&summary, wait_ms, &error)) {
        fprintf(stderr, "quotebus: %s\n", error.message);
        status = error_exit_status(error.code);
    } else {
        print(&summary, call->json);
        status = summary_is_wrong(&summary) ? EXIT_DATA_WRONG : EXIT_SUCCESS;
    }
    summary_close(&summary);
    return status;
}

static const struct command_option options[] = {
    {"--wait-settled", 0, "SECONDS", "first waits that long at most until validate and persist have caught up"},
};

const struct command command_summary = {
    .name = "summary",
    .summary = "counts what went through; status 4 when the books do not balance",
    .arguments = "",
    .examples = "  quotebus summary                                  counts of topics and tables\n"
                "  quotebus summary --wait-settled 20 --json         one JSON object, once the stages have caught up\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_summary,
};
