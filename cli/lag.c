#include "cli/lag.h"

#include <string.h>

/** Most partitions of one topic. */
#define PARTITIONS_MAX 1000

const struct stage_input stage_inputs[] = {
    {"validate", "quotes.raw", false},     {"validate", "bars.raw", false},         {"validate", "fundamentals.raw", false},
    {"validate", "indicators.raw", false}, {"validate", "rankings.raw", false},     {"persist", "quotes.clean", true},
    {"persist", "quotes.anomalies", true}, {"persist", "prices.consensus", true},   {"persist", "ingest.health", false},
    {"persist", "bars.clean", true},       {"persist", "fundamentals.clean", true}, {"persist", "indicators.clean", true},
    {"persist", "rankings.clean", true},   {"persist", "validate.reports", true},
};
const size_t stage_input_count = sizeof(stage_inputs) / sizeof(stage_inputs[0]);

const struct column lag_columns[] = {
    {"stage", "STAGE", COLUMN_TEXT}, {"topic", "READS", COLUMN_TEXT}, {"lag", "LAG", COLUMN_COUNT}, {"end", NULL, COLUMN_COUNT}};
const size_t lag_column_count = sizeof(lag_columns) / sizeof(lag_columns[0]);

int64_t partition_lag(const struct partition_span *span, int64_t next, bool transactional)
{
    const int64_t from = next > span->begin ? next : span->begin;
    const int64_t lag = span->end > from ? span->end - from : 0;
    return transactional && lag > 0 ? lag - 1 : lag;
}

/** Reads the offsets that persist keeps in PostgreSQL. */
static bool stored_offsets(struct cli_db *db, const struct partition_span *spans, size_t count, int64_t *next_offsets,
                           struct error *error)
{
    static const struct column columns[] = {{"partition", NULL, COLUMN_COUNT}, {"next_offset", NULL, COLUMN_COUNT}};
    struct grid grid;
    grid_init(&grid, columns, 2);
    const bool ok = cli_db_query(db, "SELECT partition, next_offset FROM quotebus.stream_offset WHERE topic = $1", spans->topic,
                                 &grid, error);
    for (size_t i = 0; i < count; i++) {
        next_offsets[i] = -1;
        for (size_t row = 0; row < grid_rows(&grid); row++) {
            if ((int32_t)grid_cell(&grid, row, 0)->number == spans[i].partition)
                next_offsets[i] = (int64_t)grid_cell(&grid, row, 1)->number;
        }
    }
    grid_clear(&grid);
    return ok;
}

/** The positions of a stage in the partitions of one topic. */
static bool stage_offsets(const struct config *config, struct kafka_admin *admin, struct cli_db *db, const char *stage,
                          const struct partition_span *spans, size_t count, int64_t *next_offsets, struct error *error)
{
    const bool persist = strcmp(stage, "persist") == 0;
    if (persist && db)
        return stored_offsets(db, spans, count, next_offsets, error);
    struct arena memory = {0};
    const char *group =
        arena_printf(&memory, "%s%s", config->kafka.topic_prefix, persist ? config->persist.group : config->validate.group);
    const bool ok = kafka_admin_committed(admin, group, spans, count, next_offsets, error);
    arena_clear(&memory);
    return ok;
}

/** Appends the row of one input; `spans` are those of its topic. */
static bool add_row(const struct config *config, struct kafka_admin *admin, struct cli_db *db, const struct stage_input *input,
                    const struct partition_span *spans, size_t count, struct grid *grid, struct error *error)
{
    int64_t next_offsets[PARTITIONS_MAX];
    int64_t lag = 0, end = 0;
    if (count > PARTITIONS_MAX)
        return error_set(error, ERROR_LIMIT, "%s has more than %d partitions", input->topic, PARTITIONS_MAX);
    if (count && !stage_offsets(config, admin, db, input->stage, spans, count, next_offsets, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        lag += partition_lag(&spans[i], next_offsets[i], input->transactional);
        end += spans[i].end > 0 ? spans[i].end : 0;
    }
    grid_text(grid, input->stage);
    grid_text(grid, input->topic);
    grid_optional(grid, count > 0, (double)lag);
    grid_optional(grid, count > 0, (double)end);
    return true;
}

bool lag_gather(const struct config *config, struct kafka_admin *admin, struct cli_db *db, struct grid *grid, struct error *error)
{
    struct arena memory = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < stage_input_count; i++) {
        const char *topic = arena_printf(&memory, "%s%s", config->kafka.topic_prefix, stage_inputs[i].topic);
        struct partition_span *spans;
        size_t count;
        ok = kafka_admin_spans(admin, &topic, 1, &memory, &spans, &count, error) &&
             add_row(config, admin, db, &stage_inputs[i], spans, count, grid, error);
    }
    arena_clear(&memory);
    return ok;
}

bool lag_total(const struct grid *grid, const char *stage, int64_t *total)
{
    bool known = true;
    size_t found = 0;
    *total = 0;
    for (size_t row = 0; row < grid_rows(grid); row++) {
        const struct cell *lag = grid_cell(grid, row, 2);
        if (stage && strcmp(grid_cell(grid, row, 0)->text, stage) != 0)
            continue;
        found++;
        known = known && lag->set;
        *total += lag->set ? (int64_t)lag->number : 0;
    }
    return known && found > 0;
}
