#include "cli/validate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

bool validate_time_option(const struct invocation *call, const char *name, int64_t fallback, int64_t *ms, struct error *error)
{
    int64_t us;
    const char *text = invocation_option(call, name);
    *ms = fallback;
    if (!text)
        return true;
    if (!time_parse_us(text, clock_wall_us(), &us, error)) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "%s", name);
    }
    *ms = us / US_PER_MS;
    return true;
}

/** A mode and the options it takes beside its own. */
struct mode {
    const char *option;
    int (*run)(const struct invocation *call, struct error *error);
    const char *const *takes; /* ended by NULL */
};

static const char *const verify_takes[] = {"--from", NULL};
static const char *const dry_run_takes[] = {"--from", "--to", "--rules", "--against", "--samples", NULL};
static const char *const report_takes[] = {"--asset", NULL};
static const struct mode modes[] = {
    {"--verify", validate_verify, verify_takes},
    {"--dry-run", validate_dry_run, dry_run_takes},
    {"--report", validate_report, report_takes},
};
#define MODES (sizeof(modes) / sizeof(modes[0]))

/** Whether a mode takes an option. */
static bool takes(const struct mode *mode, const char *option)
{
    for (const char *const *taken = mode->takes; *taken; taken++) {
        if (str_is(str_from(*taken), option))
            return true;
    }
    return str_is(str_from(mode->option), option);
}

/** The one mode that was asked for. */
static const struct mode *find_mode(const struct invocation *call, struct error *error)
{
    const struct mode *found = NULL;
    for (size_t i = 0; i < MODES; i++) {
        if (!invocation_option(call, modes[i].option))
            continue;
        if (found) {
            (void)error_set(error, ERROR_USAGE, "%s and %s do not go together", found->option, modes[i].option);
            return NULL;
        }
        found = &modes[i];
    }
    if (!found)
        (void)error_set(error, ERROR_USAGE, "validate needs one of --verify, --dry-run and --report");
    for (size_t i = 0; found && i < call->command->option_count; i++) {
        if (call->values[i] && !takes(found, call->command->options[i].name)) {
            (void)error_set(error, ERROR_USAGE, "%s does not go with %s", call->command->options[i].name, found->option);
            return NULL;
        }
    }
    return found;
}

/** Runs the command. */
static int run_validate(const struct invocation *call)
{
    struct error error = {0};
    const struct mode *mode = find_mode(call, &error);
    const int status = mode ? mode->run(call, &error) : EXIT_USAGE;
    if (error.code != ERROR_NONE)
        fprintf(stderr, "quotebus: %s\n", error.message);
    return status;
}

static const struct command_option options[] = {
    {"--verify", 0, NULL, "judges the raw topic again and compares with what is on the topics; status 4 when it differs"},
    {"--dry-run", 0, NULL, "shows how verdicts would change by another rule file; writes nothing"},
    {"--report", 0, NULL, "the latest report of each asset"},
    {"--from", 0, "TIME", "compares and counts from there on, e.g. -2h (default: all; earlier records are still judged)"},
    {"--to", 0, "TIME", "of --dry-run: up to there"},
    {"--rules", 0, "FILE", "of --dry-run: the rule file to try"},
    {"--against", 0, "FILE", "of --dry-run: the rule file to compare with (default: validate.rules_file)"},
    {"--samples", 0, "N", "of --dry-run: how many changed verdicts are shown (default: 10)"},
    {"--asset", 0, "ASSET", "of --report: only this asset"},
};

const struct command command_validate = {
    .name = "validate",
    .summary = "proves that the clean topics can be computed again, tries rule files, shows reports",
    .arguments = "",
    .examples = "  quotebus validate --verify                                   everything the raw topic still has\n"
                "  quotebus validate --verify --from -1d --json                 compares the last day; one JSON object\n"
                "  quotebus validate --dry-run --rules new.yaml --from -7d      what another rule file would change\n"
                "  quotebus validate --report --asset crypto:BTC                coverage, freshness, gaps, open flags\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_validate,
};
