#include <stdlib.h>

#include "cli/kafka_admin.h"
#include "cli/output.h"
#include "cli/rerun.h"
#include "cli/validate.h"
#include "cli/verify_view.h"
#include "validate/raw_quote.h"
#include "validate/validator.h"

#define KAFKA_WAIT_MS 10000

/** One run of --verify. */
struct verify {
    const struct config *config;
    struct registry *registry;
    struct kafka_admin *admin;
    struct rule_shelf shelf;
    const char *topics[OUTPUT_COUNT]; /* full names */
    struct rerun_span *spans;
    struct rerun_result *results;
    size_t count; /* partitions of the raw topic */
    struct arena memory;
};

/** The oldest offset of a partition. */
static int64_t begin_of(const struct partition_span *spans, size_t count, int32_t partition)
{
    for (size_t i = 0; i < count; i++) {
        if (spans[i].partition == partition)
            return spans[i].begin;
    }
    return 0;
}

/** Asks how far the topics reach and how far the group is. */
static bool ask(struct verify *verify, const char *raw, struct partition_span **raw_spans, struct partition_span **clean_spans,
                size_t *clean_count, int64_t **judged_to, struct error *error)
{
    const char *clean = verify->topics[OUTPUT_CLEAN];
    struct arena *memory = &verify->memory;
    verify->admin = kafka_admin_new(&verify->config->kafka, KAFKA_WAIT_MS, error);
    if (!verify->admin || !kafka_admin_spans(verify->admin, &raw, 1, memory, raw_spans, &verify->count, error))
        return false;
    *judged_to = arena_alloc(memory, (verify->count + 1) * sizeof(**judged_to));
    return kafka_admin_committed(verify->admin, validator_group(verify->config), *raw_spans, verify->count, *judged_to, error) &&
           kafka_admin_spans(verify->admin, &clean, 1, memory, clean_spans, clean_count, error);
}

/**
 * Finds out what there is to judge. It is asked before any topic is opened: all that was written for what lies before the group's
 * offsets is there then.
 */
static bool look(struct verify *verify, struct error *error)
{
    struct partition_span *raw_spans, *clean_spans;
    size_t clean_count;
    int64_t *judged_to;
    const char *raw = config_topic(verify->config, RAW_TOPIC);
    for (enum output output = 0; output < OUTPUT_COUNT; output++)
        verify->topics[output] = output_topic(verify->config, output);
    if (!ask(verify, raw, &raw_spans, &clean_spans, &clean_count, &judged_to, error))
        return false;
    if (verify->count == 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no topic %.200s: run `quotebus topics apply`", raw);
    verify->spans = arena_alloc(&verify->memory, verify->count * sizeof(*verify->spans));
    verify->results = arena_alloc(&verify->memory, verify->count * sizeof(*verify->results));
    for (size_t i = 0; i < verify->count; i++)
        verify->spans[i] = (struct rerun_span){.partition = raw_spans[i].partition,
                                               .raw_begin = raw_spans[i].begin,
                                               .clean_begin = begin_of(clean_spans, clean_count, raw_spans[i].partition),
                                               .judged_to = judged_to[i]};
    return true;
}

/** Judges all partitions again, one after the other. */
static bool rerun_all(struct verify *verify, int64_t from_ms, struct error *error)
{
    const struct rerun_options options = {
        .config = verify->config, .registry = verify->registry, .shelf = &verify->shelf, .from_ms = from_ms};
    for (size_t i = 0; i < verify->count; i++) {
        if (!rerun_partition(&options, &verify->spans[i], &verify->memory, &verify->results[i], error))
            return false;
    }
    return true;
}

/** Prints the result. Returns the exit status. */
static int show(const struct verify *verify, bool json)
{
    struct buf text = {0};
    const struct view view = output_view();
    const struct grid_layout layout = {.width = view.width, .colour = view.colour};
    const struct verify_outcome outcome = {.topics = verify->topics, .results = verify->results, .count = verify->count};
    if (json)
        verify_write_json(&text, &outcome);
    else
        verify_write_text(&text, &outcome, &layout);
    output_write(buf_str(&text));
    buf_clear(&text);
    return verify_wrong(&outcome) ? EXIT_DATA_WRONG : EXIT_SUCCESS;
}

int validate_verify(const struct invocation *call, struct error *error)
{
    struct verify verify = {.config = call->config};
    int64_t from_ms;
    bool ok = validate_time_option(call, "--from", INT64_MIN, &from_ms, error);
    verify.registry = ok ? registry_new(&call->config->registry, error) : NULL;
    ok = verify.registry && look(&verify, error) && rule_shelf_fill(&verify.shelf, call->config, verify.registry, error) &&
         rerun_all(&verify, from_ms, error);
    const int status = ok ? show(&verify, call->json) : error_exit_status(error->code);
    rule_shelf_clear(&verify.shelf);
    kafka_admin_free(verify.admin);
    registry_free(verify.registry);
    arena_clear(&verify.memory);
    return status;
}
