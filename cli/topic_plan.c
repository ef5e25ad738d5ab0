#include "cli/topic_plan.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"

#define MS_PER_DAY INT64_C(86400000)
/** Compaction that keeps small topics of state short: they are read whole at every start. Not compared: operators tune it. */
#define COMPACT_DIRTY_RATIO "0.1"
#define COMPACT_SEGMENT_MS "3600000"
/** Width of the column of names in text. */
#define NAME_WIDTH 28

/** Adds a setting to a wish. */
static void wish_property(struct topic_wish *wish, const char *name, const char *value)
{
    wish->properties[wish->property_count++] = (struct kafka_property){.name = name, .value = value};
}

struct topic_wish topic_wish_of(const struct topic_spec *spec, const char *prefix, struct arena *memory)
{
    const bool compact = strcmp(spec->cleanup, "compact") == 0;
    struct topic_wish wish = {.name = arena_printf(memory, "%s%s", prefix, spec->name), .partitions = (int32_t)spec->partitions};
    wish_property(&wish, "cleanup.policy", spec->cleanup);
    if (!compact)
        wish_property(&wish, "retention.ms", arena_printf(memory, "%" PRId64, spec->retention_d * MS_PER_DAY));
    if (spec->max_message_bytes)
        wish_property(&wish, "max.message.bytes", arena_printf(memory, "%" PRId64, spec->max_message_bytes));
    wish.compared_count = wish.property_count;
    if (compact) {
        wish_property(&wish, "min.cleanable.dirty.ratio", COMPACT_DIRTY_RATIO);
        wish_property(&wish, "segment.ms", COMPACT_SEGMENT_MS);
    }
    return wish;
}

void topic_compare(const struct topic_wish *wish, const struct topic_state *state, struct finding *finding, struct arena *memory)
{
    if (state->partitions != wish->partitions)
        finding->differences[finding->difference_count++] =
            (struct difference){"partitions", arena_printf(memory, "%" PRId32, state->partitions),
                                arena_printf(memory, "%" PRId32, wish->partitions)};
    for (size_t i = 0; i < wish->compared_count && finding->difference_count < DIFFERENCES_MAX; i++) {
        const char *found = state->properties[i].value ? state->properties[i].value : "unknown";
        if (strcmp(found, wish->properties[i].value) != 0)
            finding->differences[finding->difference_count++] =
                (struct difference){wish->properties[i].name, found, wish->properties[i].value};
    }
    finding->result = finding->difference_count ? "differs" : "unchanged";
}

bool finding_is_fine(const struct finding *finding)
{
    static const char *const fine[] = {"created", "registered", "unchanged"};
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++) {
        if (strcmp(finding->result, fine[i]) == 0)
            return true;
    }
    return false;
}

/** The finding as one JSON object. */
static void write_json(struct buf *out, const struct finding *finding)
{
    buf_printf(out, "{\"kind\":\"%s\",\"name\":", finding->kind);
    json_put_string(out, str_from(finding->name));
    buf_printf(out, ",\"result\":\"%s\"", finding->result);
    if (finding->schema_id >= 0)
        buf_printf(out, ",\"schema_id\":%" PRId32, finding->schema_id);
    if (finding->detail) {
        buf_printf(out, ",\"detail\":");
        json_put_string(out, str_from(finding->detail));
    }
    buf_printf(out, ",\"differences\":[");
    for (size_t i = 0; i < finding->difference_count; i++) {
        buf_printf(out, "%s{\"field\":\"%s\",\"found\":", i ? "," : "", finding->differences[i].field);
        json_put_string(out, str_from(finding->differences[i].found));
        buf_printf(out, ",\"wanted\":");
        json_put_string(out, str_from(finding->differences[i].wanted));
        buf_printf(out, "}");
    }
    buf_printf(out, "]}\n");
}

void finding_write(struct buf *out, const struct finding *finding, bool json)
{
    if (json) {
        write_json(out, finding);
        return;
    }
    struct buf rest = {0};
    if (finding->schema_id >= 0)
        buf_printf(&rest, " (id %" PRId32 ")", finding->schema_id);
    for (size_t i = 0; i < finding->difference_count; i++)
        buf_printf(&rest, "%s %s is %s, wanted %s", i ? ";" : "", finding->differences[i].field, finding->differences[i].found,
                   finding->differences[i].wanted);
    if (finding->detail)
        buf_printf(&rest, " %s", finding->detail);
    buf_printf(out, "%-12s %-8s %-*s%.*s\n", finding->result, finding->kind, rest.len ? NAME_WIDTH : 0, finding->name,
               STR_ARG(buf_str(&rest)));
    buf_clear(&rest);
}

char *schema_normalize(struct str text, struct error *error)
{
    json_error_t reason;
    json_t *schema = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);
    if (!schema) {
        error_set(error, ERROR_USAGE, "line %d: %s", reason.line, reason.text);
        return NULL;
    }
    char *compact = json_dumps(schema, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    json_decref(schema);
    if (!compact)
        error_set(error, ERROR_FATAL, "out of memory");
    return compact;
}
