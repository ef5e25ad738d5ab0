#include "cli/health.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/lag.h"
#include "cli/number_option.h"
#include "cli/output.h"

static const char *const health_names[] = {
    [HEALTH_OK] = "OK", [HEALTH_WARNING] = "WARNING", [HEALTH_CRITICAL] = "CRITICAL", [HEALTH_UNKNOWN] = "UNKNOWN"};

/** A judgement under way. */
struct judging {
    enum health worst;
    struct buf wrong;   /* what is wrong, with `; ` between */
    struct buf figures; /* performance data */
};

/** The number of the column with that name; a grid of status always has it. */
static size_t column_of(const struct grid *grid, const char *name)
{
    size_t i = 0;
    while (i + 1 < grid->column_count && strcmp(grid->columns[i].name, name) != 0)
        i++;
    return i;
}

/** Notes something that is wrong. */
static void note(struct judging *judging, enum health state, const char *name, const char *what)
{
    if (state > judging->worst)
        judging->worst = state;
    buf_printf(&judging->wrong, "%s%s: %s", judging->wrong.len ? "; " : "", name, what);
}

/** Judges a figure and adds it to the performance data. */
static void judge_figure(struct judging *judging, const char *name, const char *unit, double value, int64_t warning,
                         int64_t critical)
{
    char text[64];
    snprintf(text, sizeof(text), "%.0f%s", value, unit);
    buf_printf(&judging->figures, " %s=%s;%" PRId64 ";%" PRId64 ";0", name, text, warning, critical);
    if (value >= (double)critical)
        note(judging, HEALTH_CRITICAL, name, text);
    else if (value >= (double)warning)
        note(judging, HEALTH_WARNING, name, text);
}

/** Components that do not answer, and stages that are down or not ready. */
static void judge_parts(struct judging *judging, const struct status_data *data)
{
    for (size_t i = 0; i < COMPONENT_COUNT; i++) {
        if (data->components[i].code != ERROR_NONE)
            note(judging, HEALTH_CRITICAL, component_names[i], "does not answer");
    }
    const size_t name = column_of(&data->stages, "stage"), state = column_of(&data->stages, "state");
    for (size_t row = 0; row < grid_rows(&data->stages); row++) {
        const char *text = grid_cell(&data->stages, row, state)->text;
        if (strcmp(text, "ready") != 0 && strcmp(text, "no endpoint") != 0)
            note(judging, strcmp(text, "down") == 0 ? HEALTH_CRITICAL : HEALTH_WARNING, grid_cell(&data->stages, row, name)->text,
                 text);
    }
}

/** Sum of a column. */
static double sum_of(const struct grid *grid, const char *column)
{
    double sum = 0;
    const size_t at = column_of(grid, column);
    for (size_t row = 0; row < grid_rows(grid); row++)
        sum += grid_cell(grid, row, at)->set ? grid_cell(grid, row, at)->number : 0;
    return sum;
}

/** Age of the newest price, NAN without one. */
static double newest_age_s(const struct grid *prices)
{
    double age_s = NAN;
    const size_t at = column_of(prices, "age_s");
    for (size_t row = 0; row < grid_rows(prices); row++) {
        const struct cell *cell = grid_cell(prices, row, at);
        if (cell->set)
            age_s = fmin(age_s, cell->number);
    }
    return age_s;
}

/** Whether enough answered to judge: without Kafka and PostgreSQL nothing is known but that they are away. */
static void judge_figures(struct judging *judging, const struct status_data *data, const struct health_limits *limits)
{
    if (data->components[COMPONENT_KAFKA].code == ERROR_NONE) {
        judge_figure(judging, "lag", "", sum_of(&data->lag, "lag"), limits->lag_warning, limits->lag_critical);
        judge_figure(judging, "dead_letters", "", sum_of(&data->letters, "records"), limits->letters_warning,
                     limits->letters_critical);
    }
    if (data->components[COMPONENT_POSTGRES].code != ERROR_NONE)
        return;
    const double age_s = newest_age_s(&data->prices);
    if (isnan(age_s))
        note(judging, HEALTH_CRITICAL, "prices", "there is none yet");
    else
        judge_figure(judging, "newest_price_age", "s", fmax(age_s, 0), limits->age_warning_s, limits->age_critical_s);
    buf_printf(&judging->figures, " assets=%zu", grid_rows(&data->prices));
}

enum health health_judge(const struct status_data *data, const struct health_limits *limits, struct buf *line)
{
    struct judging judging = {.worst = HEALTH_OK};
    judge_parts(&judging, data);
    judge_figures(&judging, data, limits);
    buf_printf(line, "QUOTEBUS %s - ", health_names[judging.worst]);
    if (judging.wrong.len)
        buf_append_str(line, buf_str(&judging.wrong));
    else
        buf_printf(line, "all stages ready, %zu assets priced", grid_rows(&data->prices));
    if (judging.figures.len)
        buf_printf(line, " |%.*s", STR_ARG(buf_str(&judging.figures)));
    buf_clear(&judging.wrong);
    buf_clear(&judging.figures);
    return judging.worst;
}

/** Reads the limits. */
static bool read_limits(const struct invocation *call, struct health_limits *limits, struct error *error)
{
    return number_option(call, "--lag-warning", 10000, 0, INT64_MAX, &limits->lag_warning, error) &&
           number_option(call, "--lag-critical", 1000000, 0, INT64_MAX, &limits->lag_critical, error) &&
           number_option(call, "--age-warning", 600, 0, INT64_MAX, &limits->age_warning_s, error) &&
           number_option(call, "--age-critical", 3600, 0, INT64_MAX, &limits->age_critical_s, error) &&
           number_option(call, "--letters-warning", 1, 0, INT64_MAX, &limits->letters_warning, error) &&
           number_option(call, "--letters-critical", 1000, 0, INT64_MAX, &limits->letters_critical, error);
}

/** Gathers and prints; the state is the exit status. */
static enum health look(const struct invocation *call, const struct health_limits *limits, struct error *error)
{
    struct status_source source;
    struct status_data data;
    struct buf line = {0};
    if (!status_source_open(&source, call->config, error)) {
        status_source_close(&source);
        return HEALTH_UNKNOWN;
    }
    status_data_gather(&source, &data);
    const enum health health = health_judge(&data, limits, &line);
    struct buf text = {0};
    if (call->json)
        buf_printf(&text, "{\"state\":\"%s\",\"status\":%d}\n", health_names[health], (int)health);
    else
        buf_printf(&text, "%.*s\n", STR_ARG(buf_str(&line)));
    output_write(buf_str(&text));
    buf_clear(&text);
    buf_clear(&line);
    status_data_clear(&data);
    status_source_close(&source);
    return health;
}

/** Runs the command. */
static int run_health(const struct invocation *call)
{
    struct health_limits limits;
    struct error error = {0};
    const enum health health = read_limits(call, &limits, &error) ? look(call, &limits, &error) : HEALTH_UNKNOWN;
    if (error.code != ERROR_NONE)
        printf("QUOTEBUS UNKNOWN - %s\n", error.message);
    return (int)health;
}

static const struct command_option options[] = {
    {"--lag-warning", 0, "N", "records that all stages together may be behind before it is a warning (10000)"},
    {"--lag-critical", 0, "N", "before it is critical (1000000)"},
    {"--age-warning", 0, "SECONDS", "age of the newest price of all (600)"},
    {"--age-critical", 0, "SECONDS", "(3600)"},
    {"--letters-warning", 0, "N", "dead letters (1)"},
    {"--letters-critical", 0, "N", "(1000)"},
};

const struct command command_health = {
    .name = "health",
    .summary = "one line and a status as a Nagios check: 0 ok, 1 warning, 2 critical, 3 unknown",
    .arguments = "",
    .examples = "  quotebus health                              QUOTEBUS OK - all stages ready, 75 assets priced | lag=3;...\n"
                "  quotebus health --age-critical 300 --lag-warning 50000\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_health,
};
