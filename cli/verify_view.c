#include "cli/verify_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json_text.h"
#include "cli/body_diff.h"

static const struct column table_columns[] = {
    {"topic", "TOPIC", COLUMN_TEXT},       {"partition", "PARTITION", COLUMN_COUNT}, {"records", "RECORDS", COLUMN_COUNT},
    {"checksum", "CHECKSUM", COLUMN_TEXT}, {"result", "RESULT", COLUMN_STATE},
};

static const char *const kind_words[] = {
    [RERUN_EQUAL] = "equal", [RERUN_DIFFERS] = "differs", [RERUN_MISSING] = "missing", [RERUN_SURPLUS] = "surplus"};

const struct rerun_result *verify_wrong(const struct verify_outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++) {
        if (outcome->results[i].difference.kind != RERUN_EQUAL)
            return &outcome->results[i];
    }
    return NULL;
}

/** What is said about a topic of a partition. */
static const char *result_word(const struct rerun_result *result, const struct rerun_topic *topic)
{
    const struct rerun_difference *difference = &result->difference;
    if (difference->kind != RERUN_EQUAL)
        return difference->output == topic->output ? kind_words[difference->kind] : "not finished";
    return topic->records ? kind_words[RERUN_EQUAL] : "nothing to compare";
}

/** Fills the table: a row per topic and partition. */
static void fill_table(struct grid *table, const struct verify_outcome *outcome)
{
    char checksum[24];
    grid_init(table, table_columns, sizeof(table_columns) / sizeof(table_columns[0]));
    for (size_t i = 0; i < outcome->count * RERUN_TOPICS; i++) {
        const struct rerun_result *result = &outcome->results[i % outcome->count];
        const struct rerun_topic *topic = &result->topics[i / outcome->count];
        if (i / outcome->count >= result->topic_count)
            continue;
        snprintf(checksum, sizeof(checksum), "%016" PRIx64, topic->checksum);
        grid_text(table, outcome->topics[topic->output]);
        grid_number(table, result->partition);
        grid_number(table, (double)topic->records);
        grid_text(table, topic->records ? checksum : NULL);
        grid_text(table, result_word(result, topic));
    }
}

/** Adds a row for what stands beside the value and differs. */
static void compare_texts(struct grid *fields, const char *name, struct str live, struct str again)
{
    if (!str_equal(live, again))
        body_diff_row(fields, name, arena_strdup(&fields->memory, live), arena_strdup(&fields->memory, again));
}

/** Fills the fields of a difference. Bodies that cannot be read any more have none. */
static void fill_fields(struct grid *fields, const struct rerun_difference *difference)
{
    struct error ignored = {0};
    char live_time[TIME_TEXT_MAX], again_time[TIME_TEXT_MAX];
    grid_init(fields, body_diff_columns, sizeof(body_diff_columns) / sizeof(body_diff_columns[0]));
    if (difference->kind != RERUN_DIFFERS)
        return;
    compare_texts(fields, "(key)", difference->live.key, difference->again.key);
    compare_texts(fields, "(time stamp)", str_from(time_format_us(difference->live.timestamp_ms * US_PER_MS, live_time)),
                  str_from(time_format_us(difference->again.timestamp_ms * US_PER_MS, again_time)));
    (void)!body_diff(output_schema_json(difference->output), difference->live.body, difference->again.body, fields, &ignored);
}

/** Numbers over all partitions. */
struct totals {
    int64_t judged, waiting, records;
    size_t blind;
};

/** Adds all partitions up. */
static struct totals add_up(const struct verify_outcome *outcome)
{
    struct totals totals = {0};
    for (size_t i = 0; i < outcome->count; i++) {
        const struct rerun_result *result = &outcome->results[i];
        totals.judged += result->judged;
        totals.waiting += result->waiting;
        totals.blind += result->blind;
        for (size_t topic = 0; topic < result->topic_count; topic++)
            totals.records += result->topics[topic].records;
    }
    return totals;
}

/** The asset of a difference. */
static struct str asset_of(const struct rerun_difference *difference)
{
    return difference->live.key.len ? difference->live.key : difference->again.key;
}

/** Appends what the first difference is. */
static void write_difference(struct buf *out, const struct verify_outcome *outcome, const struct rerun_result *wrong,
                             const struct grid_layout *layout)
{
    static const char *const sentences[] = {
        [RERUN_DIFFERS] = "the record on the topic is not what comes of the raw record",
        [RERUN_MISSING] = "a record comes of the raw record that is not on the topic",
        [RERUN_SURPLUS] = "a record is on the topic that does not come of the raw record",
    };
    struct grid fields;
    const struct rerun_difference *difference = &wrong->difference;
    buf_printf(out, "\nfirst difference: %s, partition %d, raw offset %" PRId64, outcome->topics[difference->output],
               (int)wrong->partition, difference->raw_offset);
    if (difference->offset >= 0)
        buf_printf(out, ", offset %" PRId64, difference->offset);
    buf_printf(out, ", %.*s: %s\n", STR_ARG(asset_of(difference)), sentences[difference->kind]);
    fill_fields(&fields, difference);
    grid_table(out, &fields, layout);
    grid_clear(&fields);
}

void verify_write_text(struct buf *out, const struct verify_outcome *outcome, const struct grid_layout *layout)
{
    struct grid table;
    const struct totals totals = add_up(outcome);
    const struct rerun_result *wrong = verify_wrong(outcome);
    fill_table(&table, outcome);
    grid_table(out, &table, layout);
    grid_clear(&table);
    if (wrong)
        write_difference(out, outcome, wrong, layout);
    buf_printf(
        out, "\n%s: %" PRId64 " raw records judged again, %" PRId64 " records compared, %" PRId64 " raw records not judged yet\n",
        wrong ? "DIFFERENT" : "equal", totals.judged, totals.records, totals.waiting);
    if (totals.blind)
        buf_printf(out,
                   "the oldest records of %zu partitions are gone: of quotes a day of records was judged there before anything "
                   "was compared,\n"
                   "and a difference may still come from what is gone; of bars nothing was compared there\n",
                   totals.blind);
}

/** Appends the first difference as an object. */
static void write_difference_json(struct buf *out, const struct verify_outcome *outcome, const struct rerun_result *wrong)
{
    struct grid fields;
    const struct rerun_difference *difference = &wrong->difference;
    fill_fields(&fields, difference);
    buf_append_str(out, STR("{\"topic\":"));
    json_put_string(out, str_from(outcome->topics[difference->output]));
    buf_printf(out, ",\"partition\":%d,\"raw_offset\":%" PRId64 ",\"offset\":", (int)wrong->partition, difference->raw_offset);
    if (difference->offset >= 0)
        buf_printf(out, "%" PRId64, difference->offset);
    else
        buf_append_str(out, STR("null"));
    buf_append_str(out, STR(",\"asset\":"));
    json_put_string(out, asset_of(difference));
    buf_printf(out, ",\"kind\":\"%s\",\"fields\":", kind_words[difference->kind]);
    grid_json_array(out, &fields);
    buf_append_str(out, STR("}"));
    grid_clear(&fields);
}

void verify_write_json(struct buf *out, const struct verify_outcome *outcome)
{
    struct grid table;
    const struct totals totals = add_up(outcome);
    const struct rerun_result *wrong = verify_wrong(outcome);
    buf_printf(out,
               "{\"equal\":%s,\"judged\":%" PRId64 ",\"records\":%" PRId64 ",\"waiting\":%" PRId64
               ",\"blind_partitions\":%zu,\"topics\":",
               wrong ? "false" : "true", totals.judged, totals.records, totals.waiting, totals.blind);
    fill_table(&table, outcome);
    grid_json_array(out, &table);
    grid_clear(&table);
    buf_append_str(out, STR(",\"difference\":"));
    if (wrong)
        write_difference_json(out, outcome, wrong);
    else
        buf_append_str(out, STR("null"));
    buf_append_str(out, STR("}\n"));
}
