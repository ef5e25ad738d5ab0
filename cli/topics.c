#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "cli/command.h"
#include "cli/grid.h"
#include "cli/kafka_admin.h"
#include "cli/output.h"
#include "cli/subjects.h"
#include "cli/topic_plan.h"

/** Longest wait for an answer of Kafka. */
#define WAIT_MS 10000

/** One run of the command. */
struct topics_run {
    const struct invocation *call;
    bool apply;
    struct topic_table *table;
    struct topic_wish *wishes; /* as many as the table has rows */
    struct topic_state *states;
    char **schemas; /* normalised; NULL for rows without one */
    struct kafka_admin *admin;
    struct arena memory;
    size_t wrong;   /* findings that are not fine */
    size_t changed; /* topics made and versions registered */
};

/** Counts a finding and prints it. */
static void report(struct topics_run *run, const struct finding *finding)
{
    struct buf line = {0};
    const bool fine = finding_is_fine(finding);
    run->wrong += fine ? 0 : 1;
    run->changed += fine && strcmp(finding->result, "unchanged") != 0 ? 1 : 0;
    finding_write(&line, finding, run->call->json);
    output_write(buf_str(&line));
    output_flush();
    buf_clear(&line);
}

/** Loads the table and the schemas beside it. */
static bool load(struct topics_run *run, struct error *error)
{
    const char *given = invocation_option(run->call, "--topics");
    const char *path = given ? given : run->call->config->kafka.topics_file;
    run->table = topic_table_load(path, error);
    if (!run->table)
        return false;
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    const char *folder = dirname(copy);
    const size_t count = run->table->count;
    run->wishes = xcalloc(count + 1, sizeof(*run->wishes));
    run->states = xcalloc(count + 1, sizeof(*run->states));
    run->schemas = xcalloc(count + 1, sizeof(*run->schemas));
    for (size_t i = 0; i < count; i++) {
        const struct topic_spec *spec = &run->table->topics[i];
        run->wishes[i] = topic_wish_of(spec, run->call->config->kafka.topic_prefix, &run->memory);
        if (strcmp(spec->schema, "none") == 0)
            continue;
        run->schemas[i] = schema_load(folder, spec->schema, error);
        if (!run->schemas[i])
            return false;
    }
    return true;
}

/** Connects and looks at the topics. */
static bool look(struct topics_run *run, struct error *error)
{
    run->admin = kafka_admin_new(&run->call->config->kafka, WAIT_MS, error);
    return run->admin && kafka_admin_describe(run->admin, run->wishes, run->table->count, run->states, &run->memory, error);
}

/** Makes the topics that are missing. */
static bool create_missing(struct topics_run *run, struct error *error)
{
    struct topic_wish *missing = xcalloc(run->table->count + 1, sizeof(*missing));
    size_t count = 0;
    for (size_t i = 0; i < run->table->count; i++) {
        if (!run->states[i].exists)
            missing[count++] = run->wishes[i];
    }
    const bool ok = kafka_admin_create(run->admin, missing, count, error);
    free(missing);
    return ok;
}

/** What is said about a new topic: `4 partitions, delete`. */
static const char *describe_wish(struct topics_run *run, size_t i)
{
    const struct topic_spec *spec = &run->table->topics[i];
    const char *plural = spec->partitions == 1 ? "" : "s";
    if (spec->retention_d)
        return arena_printf(&run->memory, "%" PRId64 " partition%s, %s after %" PRId64 " days", spec->partitions, plural,
                            spec->cleanup, spec->retention_d);
    return arena_printf(&run->memory, "%" PRId64 " partition%s, %s", spec->partitions, plural, spec->cleanup);
}

/** Topics: makes (apply) or names those that are missing, and names what differs. */
static bool deploy_topics(struct topics_run *run, struct error *error)
{
    if (run->apply && !create_missing(run, error))
        return false;
    for (size_t i = 0; i < run->table->count; i++) {
        struct finding finding = {.kind = "topic", .name = run->wishes[i].name, .schema_id = -1};
        if (run->states[i].exists) {
            topic_compare(&run->wishes[i], &run->states[i], &finding, &run->memory);
        } else {
            finding.result = run->apply ? "created" : "missing";
            finding.detail = describe_wish(run, i);
        }
        report(run, &finding);
    }
    return true;
}

/** Schemas of all topics that have one. */
static bool deploy_subjects(struct topics_run *run, struct error *error)
{
    struct registry *registry = registry_new(&run->call->config->registry, error);
    bool ok = registry != NULL;
    for (size_t i = 0; ok && i < run->table->count; i++) {
        if (!run->schemas[i])
            continue;
        struct finding finding;
        const char *name = arena_printf(&run->memory, "%s-value", run->wishes[i].name);
        ok = subject_deploy(registry, name, run->schemas[i], run->apply, &finding, &run->memory, error);
        if (ok)
            report(run, &finding);
    }
    registry_free(registry);
    return ok;
}

/** `topics apply` and `topics diff`. */
static int deploy(struct topics_run *run, struct error *error)
{
    if (!load(run, error) || !look(run, error) || !deploy_topics(run, error) || !deploy_subjects(run, error))
        return error_exit_status(error->code);
    if (run->wrong)
        fprintf(stderr, "quotebus: %zu of the above are not as %s says%s\n", run->wrong, "the table of topics",
                run->apply ? "; what exists is never changed, that is left to you"
                           : "; `quotebus topics apply` makes what is missing");
    else if (!run->changed)
        fprintf(stderr, "quotebus: nothing to do\n");
    return run->wrong ? EXIT_DATA_WRONG : EXIT_SUCCESS;
}

static const struct column list_columns[] = {
    {"topic", "TOPIC", COLUMN_TEXT},     {"state", "STATE", COLUMN_STATE},      {"partitions", "PARTITIONS", COLUMN_COUNT},
    {"cleanup", "CLEANUP", COLUMN_TEXT}, {"retention_d", "DAYS", COLUMN_COUNT}, {"offsets", "OFFSETS", COLUMN_COUNT},
    {"schema", "SCHEMA", COLUMN_TEXT},
};

/** Records (and transaction markers) that lie in a topic. */
static int64_t topic_offsets(const struct partition_span *spans, size_t count, const char *topic)
{
    int64_t offsets = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(spans[i].topic, topic) == 0 && spans[i].begin >= 0 && spans[i].end >= spans[i].begin)
            offsets += spans[i].end - spans[i].begin;
    }
    return offsets;
}

/** Fills the rows of `topics list`. */
static bool fill_list(struct topics_run *run, struct grid *grid, struct error *error)
{
    struct partition_span *spans;
    size_t span_count;
    const char **names = arena_alloc(&run->memory, (run->table->count + 1) * sizeof(*names));
    for (size_t i = 0; i < run->table->count; i++)
        names[i] = run->wishes[i].name;
    if (!kafka_admin_spans(run->admin, names, run->table->count, &run->memory, &spans, &span_count, error))
        return false;
    for (size_t i = 0; i < run->table->count; i++) {
        const struct topic_spec *spec = &run->table->topics[i];
        const bool exists = run->states[i].exists;
        grid_text(grid, names[i]);
        grid_text(grid, exists ? "ok" : "missing");
        grid_number(grid, exists ? (double)run->states[i].partitions : (double)spec->partitions);
        grid_text(grid, spec->cleanup);
        grid_optional(grid, spec->retention_d > 0, (double)spec->retention_d);
        grid_optional(grid, exists, (double)topic_offsets(spans, span_count, names[i]));
        grid_text(grid, spec->schema);
    }
    return true;
}

/** `topics list` */
static int list(struct topics_run *run, struct error *error)
{
    struct grid grid;
    grid_init(&grid, list_columns, sizeof(list_columns) / sizeof(list_columns[0]));
    const bool ok = load(run, error) && look(run, error) && fill_list(run, &grid, error);
    if (ok)
        output_grid(&grid, run->call->json);
    grid_clear(&grid);
    return ok ? EXIT_SUCCESS : error_exit_status(error->code);
}

/** Frees what a run holds. */
static void topics_run_clear(struct topics_run *run)
{
    for (size_t i = 0; run->schemas && i < run->table->count; i++)
        free(run->schemas[i]);
    free(run->schemas);
    free(run->states);
    free(run->wishes);
    kafka_admin_free(run->admin);
    topic_table_free(run->table);
    arena_clear(&run->memory);
}

/** Runs the command. */
static int run_topics(const struct invocation *call)
{
    static const char *const words[] = {"apply", "diff", "list"};
    const char *word = call->arguments[0];
    struct topics_run run = {.call = call, .apply = strcmp(word, "apply") == 0};
    struct error error = {0};
    int status = EXIT_USAGE;
    if (run.apply || strcmp(word, "diff") == 0) {
        status = deploy(&run, &error);
    } else if (strcmp(word, "list") == 0) {
        status = list(&run, &error);
    } else {
        const char *nearest = nearest_word(word, words, 3);
        error_set(&error, ERROR_USAGE, "topics cannot '%.40s': %s%s", word, nearest ? "did you mean " : "apply, diff or list",
                  nearest ? nearest : "");
    }
    if (error.code != ERROR_NONE && status != EXIT_SUCCESS && status != EXIT_DATA_WRONG)
        fprintf(stderr, "quotebus: %s\n", error.message);
    topics_run_clear(&run);
    return status;
}

static const struct command_option options[] = {
    {"--topics", 0, "FILE", "table of topics, with its schemas beside it (default: kafka.topics_file of the configuration)"},
};

const struct command command_topics = {
    .name = "topics",
    .summary = "makes topics and schemas, shows what differs from the table of topics",
    .arguments = "apply|diff|list",
    .examples = "  quotebus topics apply                        makes what is missing, shows what differs\n"
                "  quotebus topics diff                         changes nothing; status 4 when something differs\n"
                "  quotebus topics list --json                  each topic with its partitions and size\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .run = run_topics,
};
