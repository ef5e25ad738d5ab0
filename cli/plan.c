#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "cli/command.h"
#include "cli/grid.h"
#include "cli/output.h"
#include "cli/plan_ledger.h"
#include "cli/plan_run.h"

/** Longest time that is planned ahead. */
#define FOR_MAX_S (INT64_C(31) * 86400)
/** Days over which quotes are averaged: a week has each kind of day. */
#define WEEK_D 7
#define DAY_S INT64_C(86400)
/** The monotonic clock of a run may begin anywhere. */
#define MONO_START_MS INT64_C(1000000000)

static const struct column lane_columns[] = {
    {"provider", "PROVIDER", COLUMN_TEXT}, {"calls", "CALLS", COLUMN_COUNT},        {"quotes", "QUOTES", COLUMN_COUNT},
    {"period_used", "USED", COLUMN_COUNT}, {"period_left", "LEFT", COLUMN_COUNT},   {"month_used", "MONTH", COLUMN_COUNT},
    {"month_left", "LEFT", COLUMN_COUNT},  {"waits_longest_s", "LATE", COLUMN_AGE}, {"left_out", "SKIPPED", COLUMN_COUNT},
    {"does_not_fit", "WHY", COLUMN_TEXT},
};
static const struct column job_columns[] = {
    {"job", "JOB", COLUMN_TEXT},      {"provider", "PROVIDER", COLUMN_TEXT}, {"endpoint", "ENDPOINT", COLUMN_TEXT},
    {"every_s", "EVERY", COLUMN_AGE}, {"priority", "PRIO", COLUMN_COUNT},    {"assets", "ASSETS", COLUMN_COUNT},
    {"slots", "SLOTS", COLUMN_COUNT}, {"calls", "CALLS", COLUMN_COUNT},      {"quotes", "QUOTES", COLUMN_COUNT},
};

/** What the command finds out. */
struct plan {
    const struct config *config;
    int64_t from_us;
    int64_t for_s;
    bool from_ledger;
    size_t lanes_told;
    struct error ledger_error;
    double week[WEEK_D]; /* quotes of each of the next days, from a fresh start */
    struct grid lanes;
    struct grid jobs;
    int64_t quotes;
    bool fits;
};

/** Fills the table of lanes. */
static void add_lanes(struct plan *plan, const struct planner *planner, const struct plan_run *run, const struct moment *now)
{
    for (size_t i = 0; i < planner_lanes(planner); i++) {
        struct lane_view view;
        const struct plan_lane *lane = &run->lanes[i];
        planner_view(planner, i, now, &view);
        const struct provider_settings *limits = view.settings;
        grid_text(&plan->lanes, view.name);
        grid_number(&plan->lanes, (double)lane->calls);
        grid_number(&plan->lanes, (double)lane->quotes);
        grid_number(&plan->lanes, (double)view.quota_used);
        grid_optional(&plan->lanes, limits->max_calls > 0, (double)(limits->max_calls - view.quota_used));
        grid_number(&plan->lanes, (double)view.month_used);
        grid_optional(&plan->lanes, limits->max_calls_per_month > 0, (double)(limits->max_calls_per_month - view.month_used));
        grid_number(&plan->lanes, (double)lane->late_ms / 1000);
        grid_number(&plan->lanes, (double)lane->left_out);
        grid_text(&plan->lanes, lane->why);
        plan->fits = plan->fits && !lane->why;
    }
}

/** Fills the table of jobs. */
static void add_jobs(struct plan *plan, const struct planner *planner, const struct plan_run *run)
{
    for (size_t i = 0; i < planner_jobs(planner); i++) {
        struct job_view view;
        planner_job_view(planner, i, &view);
        grid_text(&plan->jobs, view.settings->name);
        grid_text(&plan->jobs, planner_lane_name(planner, view.lane));
        grid_text(&plan->jobs, view.settings->endpoint);
        grid_number(&plan->jobs, (double)view.settings->every_s);
        grid_number(&plan->jobs, (double)view.priority);
        grid_number(&plan->jobs, (double)view.assets);
        grid_number(&plan->jobs, (double)run->jobs[i].slots);
        grid_number(&plan->jobs, (double)run->jobs[i].calls);
        grid_number(&plan->jobs, (double)run->jobs[i].quotes);
    }
}

/** The time that is asked for: from the ledger on where it can be read. */
static bool plan_ahead(struct plan *plan, struct error *error)
{
    struct plan_run run;
    struct moment now = {.wall_us = plan->from_us, .mono_ms = MONO_START_MS};
    struct planner *planner = planner_new(plan->config, 1, error);
    if (!planner)
        return false;
    plan->from_ledger = plan_ledger_take(plan->config, planner, &now, &plan->lanes_told, &plan->ledger_error);
    plan_run(&run, planner, &now, plan->for_s);
    plan->quotes = run.quotes;
    plan->fits = true;
    add_lanes(plan, planner, &run, &now);
    add_jobs(plan, planner, &run);
    plan_run_clear(&run);
    planner_free(planner);
    return true;
}

/** A week from a fresh start, a day at a time. */
static bool plan_week(struct plan *plan, struct error *error)
{
    struct moment now = {.wall_us = time_day_of_us(plan->from_us) * US_PER_DAY, .mono_ms = MONO_START_MS};
    struct planner *planner = planner_new(plan->config, 1, error);
    for (int day = 0; planner && day < WEEK_D; day++) {
        struct plan_run run;
        plan_run(&run, planner, &now, DAY_S);
        plan->week[day] = (double)run.quotes;
        plan_run_clear(&run);
    }
    planner_free(planner);
    return planner != NULL;
}

/** Mean, least and most quotes of a day. */
static void week_figures(const struct plan *plan, double *mean, double *least, double *most)
{
    *mean = 0;
    *least = *most = plan->week[0];
    for (int day = 0; day < WEEK_D; day++) {
        *mean += plan->week[day] / WEEK_D;
        *least = fmin(*least, plan->week[day]);
        *most = fmax(*most, plan->week[day]);
    }
}

/** One JSON object. */
static void print_json(const struct plan *plan)
{
    struct buf out = {0};
    char from[TIME_TEXT_MAX];
    double mean, least, most;
    week_figures(plan, &mean, &least, &most);
    buf_printf(&out, "{\"from\":\"%s\",\"seconds\":%" PRId64 ",\"ledger\":%s,\"lanes_in_ledger\":%zu,\"fits\":%s",
               time_format_us(plan->from_us, from), plan->for_s, plan->from_ledger ? "true" : "false", plan->lanes_told,
               plan->fits ? "true" : "false");
    buf_printf(&out, ",\"quotes\":%" PRId64 ",\"quotes_a_day\":{\"mean\":%.0f,\"least\":%.0f,\"most\":%.0f},\"providers\":",
               plan->quotes, mean, least, most);
    grid_json_array(&out, &plan->lanes);
    buf_append_str(&out, STR(",\"jobs\":"));
    grid_json_array(&out, &plan->jobs);
    buf_append_str(&out, STR("}\n"));
    output_write(buf_str(&out));
    buf_clear(&out);
}

/** Two tables, and what a day of the next week has. */
static void print_text(struct plan *plan)
{
    struct buf out = {0};
    double mean, least, most;
    week_figures(plan, &mean, &least, &most);
    output_grid(&plan->lanes, false);
    output_write(STR("\n"));
    output_grid(&plan->jobs, false);
    buf_printf(&out, "\nquotes a day over the next week: %.0f on average, %.0f to %.0f\n", mean, least, most);
    output_write(buf_str(&out));
    buf_clear(&out);
}

/** Reads --for. */
static bool read_for(const struct invocation *call, int64_t *for_s, struct error *error)
{
    const char *text = invocation_option(call, "--for");
    char ago[40];
    int64_t then_us;
    *for_s = 3600;
    if (!text)
        return true;
    snprintf(ago, sizeof(ago), "-%.30s", text);
    if (!time_parse_us(ago, 0, &then_us, error) || then_us >= 0 || -then_us > FOR_MAX_S * US_PER_S)
        return error_set(error, ERROR_USAGE, "--for '%.30s': write 90s, 30m, 1h or 2d, at most 31d", text);
    *for_s = -then_us / US_PER_S;
    return true;
}

/** Says what the figures rest on. */
static void say_basis(const struct plan *plan)
{
    if (plan->from_ledger)
        fprintf(stderr, "quotebus: planned on from what ingest.ledger knows of %zu providers\n", plan->lanes_told);
    else
        fprintf(stderr, "quotebus: planned from a fresh start, as if nothing had been called: %s\n", plan->ledger_error.message);
    if (!plan->fits)
        fprintf(stderr, "quotebus: not all of it fits; the column WHY says what is in the way\n");
}

/** Runs the command. */
static int run_plan(const struct invocation *call)
{
    struct plan plan = {.config = call->config, .from_us = clock_wall_us()};
    struct error error = {0};
    int status = EXIT_SUCCESS;
    grid_init(&plan.lanes, lane_columns, sizeof(lane_columns) / sizeof(lane_columns[0]));
    grid_init(&plan.jobs, job_columns, sizeof(job_columns) / sizeof(job_columns[0]));
    if (!read_for(call, &plan.for_s, &error) ||
        (invocation_option(call, "--from") &&
         !time_parse_us(invocation_option(call, "--from"), plan.from_us, &plan.from_us, &error)) ||
        !plan_ahead(&plan, &error) || !plan_week(&plan, &error)) {
        fprintf(stderr, "quotebus: %s\n", error.message);
        status = error_exit_status(error.code);
    } else {
        if (call->json)
            print_json(&plan);
        else
            print_text(&plan);
        say_basis(&plan);
        status = plan.fits ? EXIT_SUCCESS : EXIT_DATA_WRONG;
    }
    grid_clear(&plan.lanes);
    grid_clear(&plan.jobs);
    return output_finish(status);
}

static const struct command_option options[] = {
    {"--for", 0, "TIME", "how far ahead: 90s, 30m, 1h, 2d; an hour when it is not given"},
    {"--from", 0, "TIME", "from when on, e.g. 2026-12-25T14:00:00Z; now when it is not given"},
};

const struct command command_plan = {
    .name = "plan",
    .summary = "the calls ingest will make, what is left of each quota, and what will not fit and why, before anything is called",
    .arguments = "",
    .examples = "  quotebus plan                                the next hour; status 4 when not all of it fits\n"
                "  quotebus plan --for 1d --json\n"
                "  quotebus plan --from 2026-12-25 --for 1d     a holiday\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_plan,
};
