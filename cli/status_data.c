#include "cli/status_data.h"

#include <string.h>

#include "base/clock.h"
#include "base/prometheus.h"
#include "bus/stage_probe.h"
#include "cli/lag.h"
#include "cli/record_count.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
/** Longest wait for an answer of Kafka. */
#define KAFKA_WAIT_MS 3000
/** Offsets up to which dead letters are counted one by one; of more, the offsets are shown. */
#define LETTERS_COUNTED_MAX 5000

const char *const component_names[COMPONENT_COUNT] = {
    [COMPONENT_KAFKA] = "kafka", [COMPONENT_REGISTRY] = "registry", [COMPONENT_POSTGRES] = "postgres"};

static const struct column stage_columns[] = {
    {"stage", "STAGE", COLUMN_TEXT},       {"state", "STATE", COLUMN_STATE},   {"lag", "LAG", COLUMN_COUNT},
    {"rss_bytes", "MEMORY", COLUMN_BYTES}, {"cpu_s", "CPU s", COLUMN_DECIMAL}, {"reason", "REASON", COLUMN_TEXT},
};

static const struct column provider_columns[] = {
    {"provider", "PROVIDER", COLUMN_TEXT},    {"state", "STATE", COLUMN_STATE},        {"age_s", "AGE", COLUMN_AGE},
    {"latency_ms", "MS", COLUMN_COUNT},       {"quota_used", "USED", COLUMN_COUNT},    {"quota_limit", "OF", COLUMN_COUNT},
    {"ok_10m", "OK/10m", COLUMN_COUNT},       {"failed_10m", "BAD/10m", COLUMN_COUNT}, {"states_10m", NULL, COLUMN_JSON},
    {"message", "LAST MESSAGE", COLUMN_TEXT},
};
static const char providers_sql[] =
    "SELECT h.provider, h.state, extract(epoch FROM now() - h.at), h.latency_ms, h.quota_used, h.quota_limit, "
    "coalesce(c.ok, 0), coalesce(c.failed, 0), coalesce(c.states, '{}'), h.message "
    "FROM quotebus.provider_health h "
    "LEFT JOIN (SELECT name, sum(n) FILTER (WHERE state = 'ok') AS ok, sum(n) FILTER (WHERE state <> 'ok') AS failed, "
    "           jsonb_object_agg(state, n) AS states "
    "           FROM (SELECT s.name, e.state, count(*) AS n FROM quotebus.health_event e JOIN quotebus.source s USING "
    "(source_id) "
    "                 WHERE e.at > now() - interval '10 minutes' AND e.asset_id IS NULL GROUP BY 1, 2) g GROUP BY name) c "
    "ON c.name = h.provider ORDER BY 1";

static const struct column price_columns[] = {
    {"asset", "ASSET", COLUMN_TEXT},       {"price", "PRICE", COLUMN_NUMBER}, {"currency", "CCY", COLUMN_TEXT},
    {"band_bps", "+-BPS", COLUMN_DECIMAL}, {"sources", "SRC", COLUMN_COUNT},  {"age_s", "AGE", COLUMN_AGE},
    {"confidence", NULL, COLUMN_NUMBER},   {"basis", NULL, COLUMN_TEXT},      {"as_of", NULL, COLUMN_TEXT},
};
static const char prices_sql[] =
    "SELECT asset, price, currency, round((10000 * confidence / nullif(price, 0))::numeric, 1), source_count, "
    "extract(epoch FROM now() - as_of), confidence, basis, to_char(as_of, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') "
    "FROM quotebus.latest_prices ORDER BY array_position(ARRAY['crypto', 'fx', 'equity'], class), asset";

static const struct column anomaly_columns[] = {
    {"age_s", "AGE", COLUMN_AGE},  {"asset", "ASSET", COLUMN_TEXT},      {"source", "SOURCE", COLUMN_TEXT},
    {"rule", "RULE", COLUMN_TEXT}, {"verdict", "VERDICT", COLUMN_STATE}, {"message", "ANOMALY", COLUMN_TEXT},
};
static const char anomalies_sql[] = "SELECT extract(epoch FROM now() - fetched_at), asset, source, rule, verdict, message "
                                    "FROM quotebus.anomalies ORDER BY fetched_at DESC LIMIT 10";

static const struct column letter_columns[] = {{"topic", "DEAD LETTERS", COLUMN_TEXT}, {"records", "COUNT", COLUMN_COUNT}};

bool status_source_open(struct status_source *source, const struct config *config, struct error *error)
{
    *source = (struct status_source){.config = config, .db = cli_db_new(config->postgres.conninfo)};
    source->topics = topic_table_load(config->kafka.topics_file, error);
    source->admin = source->topics ? kafka_admin_new(&config->kafka, KAFKA_WAIT_MS, error) : NULL;
    source->registry = source->admin ? registry_new(&config->registry, error) : NULL;
    return source->registry != NULL;
}

void status_source_close(struct status_source *source)
{
    registry_free(source->registry);
    kafka_admin_free(source->admin);
    topic_table_free(source->topics);
    cli_db_free(source->db);
}

void status_data_init(struct status_data *data)
{
    *data = (struct status_data){0};
    grid_init(&data->stages, stage_columns, COUNT_OF(stage_columns));
    grid_init(&data->lag, lag_columns, lag_column_count);
    grid_init(&data->providers, provider_columns, COUNT_OF(provider_columns));
    grid_init(&data->tables, table_columns, table_column_count);
    grid_init(&data->letters, letter_columns, COUNT_OF(letter_columns));
    grid_init(&data->anomalies, anomaly_columns, COUNT_OF(anomaly_columns));
    grid_init(&data->prices, price_columns, COUNT_OF(price_columns));
}

void status_data_clear(struct status_data *data)
{
    grid_clear(&data->stages);
    grid_clear(&data->lag);
    grid_clear(&data->providers);
    grid_clear(&data->tables);
    grid_clear(&data->letters);
    grid_clear(&data->anomalies);
    grid_clear(&data->prices);
}

/** Asks the registry anything: the compatibility of a subject that may well not exist. */
static void gather_registry(struct status_source *source, struct error *error)
{
    struct arena memory = {0};
    char level[32];
    const char *subject = arena_printf(&memory, "%squotes.raw-value", source->config->kafka.topic_prefix);
    if (registry_compatibility(source->registry, subject, level, error) != REGISTRY_UNAVAILABLE)
        error_clear(error);
    arena_clear(&memory);
}

/** What PostgreSQL tells; the first failure ends it. */
static bool gather_postgres(struct status_source *source, struct status_data *data, struct error *error)
{
    return cli_db_query(source->db, providers_sql, NULL, &data->providers, error) &&
           cli_db_query(source->db, prices_sql, NULL, &data->prices, error) &&
           cli_db_query(source->db, anomalies_sql, NULL, &data->anomalies, error) &&
           cli_db_tables(source->db, false, &data->tables, error);
}

/** Appends the row of one dead letter topic. */
static bool add_letters(struct status_source *source, const char *topic, const char *name, struct grid *grid,
                        struct arena *memory, struct error *error)
{
    struct partition_span *spans;
    struct record_count count;
    size_t span_count;
    int64_t records = 0;
    if (!kafka_admin_spans(source->admin, &topic, 1, memory, &spans, &span_count, error))
        return false;
    for (size_t i = 0; i < span_count; i++)
        records += spans[i].end > spans[i].begin ? spans[i].end - spans[i].begin : 0;
    if (records > 0 && records <= LETTERS_COUNTED_MAX) {
        if (!record_count(&source->config->kafka, topic, &count, error))
            return false;
        records = count.records;
    }
    grid_text(grid, name);
    grid_optional(grid, span_count > 0, (double)records);
    return true;
}

/** Dead letters of all topics that have any. */
static bool gather_letters(struct status_source *source, struct grid *grid, struct error *error)
{
    struct arena memory = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < source->topics->count; i++) {
        const char *name = source->topics->topics[i].name;
        const size_t len = strlen(name), suffix = strlen(DEAD_LETTER_SUFFIX);
        if (len <= suffix || strcmp(name + len - suffix, DEAD_LETTER_SUFFIX) != 0)
            continue;
        const char *topic = arena_printf(&memory, "%s%s", source->config->kafka.topic_prefix, name);
        ok = add_letters(source, topic, name, grid, &memory, error);
    }
    arena_clear(&memory);
    return ok;
}

/** Appends a figure out of a stage's metrics. */
static void add_metric(struct grid *grid, const char *metrics, const char *name)
{
    double value = 0;
    const bool told = metrics && prometheus_sum(metrics, name, &value);
    grid_optional(grid, told, value);
}

/** Asks the stages; their lag is known already. */
static void gather_stages(const struct config *config, struct status_data *data)
{
    struct stage_report reports[STAGE_COUNT];
    stage_probe_all(config, reports);
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        const char *metrics = stage_metrics(reports, reports[i].name);
        int64_t lag;
        const bool reads = lag_total(&data->lag, reports[i].name, &lag);
        grid_text(&data->stages, reports[i].name);
        grid_text(&data->stages, reports[i].state);
        grid_optional(&data->stages, reads, (double)lag);
        add_metric(&data->stages, metrics, "process_resident_memory_bytes");
        add_metric(&data->stages, metrics, "process_cpu_seconds_total");
        grid_text(&data->stages, reports[i].reason);
    }
    stage_reports_clear(reports);
}

void status_data_gather(struct status_source *source, struct status_data *data)
{
    status_data_init(data);
    data->at_us = clock_wall_us();
    gather_registry(source, &data->components[COMPONENT_REGISTRY]);
    const bool stored = gather_postgres(source, data, &data->components[COMPONENT_POSTGRES]);
    struct error *kafka = &data->components[COMPONENT_KAFKA];
    const bool known = lag_gather(source->config, source->admin, stored ? source->db : NULL, &data->lag, kafka) &&
                       gather_letters(source, &data->letters, kafka);
    (void)known; /* the component's error says it */
    gather_stages(source->config, data);
}
