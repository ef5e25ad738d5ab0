#include <stdlib.h>

#include "cli/kafka_admin.h"
#include "cli/output.h"
#include "cli/rerun.h"
#include "cli/rerun_bars.h"
#include "cli/validate.h"
#include "cli/verify_view.h"
#include "validate/history/judging.h"
#include "validate/raw_quote.h"
#include "validate/validator.h"

#define KAFKA_WAIT_MS 10000

/** What is judged again. */
struct verify_kind {
    const char *raw; /* topic, without prefix */
    enum output clean;
    bool (*rerun)(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                  struct rerun_result *result, struct error *error);
};

static const struct verify_kind kinds[] = {{RAW_TOPIC, OUTPUT_CLEAN, rerun_partition},
                                           {RAW_BARS_TOPIC, OUTPUT_BARS, rerun_bars_partition}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/** A partition of a raw topic. */
struct verify_part {
    const struct verify_kind *kind;
    struct rerun_span span;
};

/** One run of --verify. */
struct verify {
    const struct config *config;
    struct registry *registry;
    struct kafka_admin *admin;
    struct rule_shelf shelf;
    const char *topics[OUTPUT_COUNT]; /* full names */
    struct verify_part *parts;
    struct rerun_result *results; /* one per part */
    size_t count;
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

/** Asks how far the topics of a kind reach and how far the group is. */
static bool ask(struct verify *verify, const struct verify_kind *kind, struct error *error)
{
    struct partition_span *raw_spans, *clean_spans;
    size_t count, clean_count;
    struct arena *memory = &verify->memory;
    const char *raw = config_topic(verify->config, kind->raw), *clean = verify->topics[kind->clean];
    if (!kafka_admin_spans(verify->admin, &raw, 1, memory, &raw_spans, &count, error))
        return false;
    int64_t *judged_to = arena_alloc(memory, (count + 1) * sizeof(*judged_to));
    if (!kafka_admin_committed(verify->admin, validator_group(verify->config), raw_spans, count, judged_to, error) ||
        !kafka_admin_spans(verify->admin, &clean, 1, memory, &clean_spans, &clean_count, error))
        return false;
    verify->parts = xrealloc(verify->parts, (verify->count + count + 1) * sizeof(*verify->parts));
    for (size_t i = 0; i < count; i++) {
        const struct rerun_span span = {.partition = raw_spans[i].partition,
                                        .raw_begin = raw_spans[i].begin,
                                        .clean_begin = begin_of(clean_spans, clean_count, raw_spans[i].partition),
                                        .judged_to = judged_to[i]};
        verify->parts[verify->count++] = (struct verify_part){.kind = kind, .span = span};
    }
    return count > 0 || error_set(error, ERROR_NOT_FOUND, "there is no topic %.200s: run `quotebus topics apply`", raw);
}

/**
 * Finds out what there is to judge. It is asked before any topic is opened: all that was written for what lies before the group's
 * offsets is there then.
 */
static bool look(struct verify *verify, struct error *error)
{
    for (enum output output = 0; output < OUTPUT_COUNT; output++)
        verify->topics[output] = output_topic(verify->config, output);
    verify->admin = kafka_admin_new(&verify->config->kafka, KAFKA_WAIT_MS, error);
    bool ok = verify->admin != NULL;
    for (size_t i = 0; ok && i < KINDS; i++)
        ok = ask(verify, &kinds[i], error);
    verify->results = arena_alloc(&verify->memory, (verify->count + 1) * sizeof(*verify->results));
    return ok;
}

/** Judges all partitions again, one after the other. */
static bool rerun_all(struct verify *verify, int64_t from_ms, struct error *error)
{
    const struct rerun_options options = {
        .config = verify->config, .registry = verify->registry, .shelf = &verify->shelf, .from_ms = from_ms};
    bool ok = true;
    for (size_t i = 0; ok && i < verify->count; i++) {
        const struct verify_part *part = &verify->parts[i];
        ok = part->kind->rerun(&options, &part->span, &verify->memory, &verify->results[i], error);
    }
    return ok;
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
    free(verify.parts);
    arena_clear(&verify.memory);
    return status;
}
