#include <string.h>

#include "base/config_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/** The fields of a stage's struct http_settings stand directly in the stage's section. */
#define HTTP_FIELDS(type, default_listen)                                                                                        \
    {"listen", YAML_TYPE_TEXT, offsetof(type, http.listen), (default_listen), 0, 0},                                             \
    {                                                                                                                            \
        "stop_timeout_ms", YAML_TYPE_INT, offsetof(type, http.stop_timeout_ms), "8000", 100, 600000                              \
    }

static const struct yaml_field kafka_fields[] = {
    YAML_TEXT(struct kafka_settings, brokers, "127.0.0.1:9092"),
    YAML_TEXT(struct kafka_settings, topic_prefix, ""),
    YAML_TEXT(struct kafka_settings, topics_file, "../schemas/topics.yaml"),
    YAML_TEXT_LIST(struct kafka_settings, properties),
};

static const struct yaml_field registry_fields[] = {
    YAML_TEXT(struct registry_settings, url, "http://127.0.0.1:8081/apis/ccompat/v7"),
    YAML_INT(struct registry_settings, timeout_ms, "5000", 10, 300000),
};

static const struct yaml_field postgres_fields[] = {
    YAML_TEXT(struct postgres_settings, conninfo, "host=127.0.0.1 port=5432 dbname=quotebus user=quotebus"),
};

static const struct yaml_field log_fields[] = {
    YAML_TEXT(struct log_settings, format, "logfmt"),
    YAML_TEXT(struct log_settings, level, "info"),
    YAML_TEXT_LIST(struct log_settings, components),
};

static const struct yaml_field ingest_fields[] = {
    HTTP_FIELDS(struct ingest_settings, "127.0.0.1:9701"),
    YAML_TEXT(struct ingest_settings, instance, "0"),
    YAML_TEXT(struct ingest_settings, group, "quotebus.ingest"),
    YAML_INT(struct ingest_settings, session_timeout_ms, "10000", 1000, 1800000),
    YAML_INT(struct ingest_settings, transaction_timeout_ms, "5000", 1000, 900000),
    YAML_TEXT(struct ingest_settings, user_agent, "Mozilla/5.0 (compatible; quotebus/0.1)"),
    YAML_TEXT(struct ingest_settings, contact, ""),
    YAML_TEXT(struct ingest_settings, ca_file, ""),
    YAML_TEXT(struct ingest_settings, record, ""),
    YAML_INT(struct ingest_settings, max_body_bytes, "16777216", 1024, 268435456),
    YAML_INT(struct ingest_settings, request_timeout_ms, "15000", 10, 300000),
    YAML_INT(struct ingest_settings, retry_base_ms, "500", 1, 60000),
    YAML_INT(struct ingest_settings, retry_max_ms, "60000", 1, 3600000),
    YAML_INT(struct ingest_settings, retry_attempts, "3", 1, 10),
    YAML_TEXT_LIST(struct ingest_settings, usd_rates),
    YAML_INT(struct ingest_settings, history_d, "365", 0, 3650),
    YAML_INT(struct ingest_settings, backfill_chunk_d, "730", 1, 3650),
    YAML_BOOL(struct ingest_settings, market_hours, "false"),
    YAML_INT(struct ingest_settings, breaker_failures, "5", 0, 1000),
    YAML_INT(struct ingest_settings, breaker_open_s, "30", 1, 86400),
    YAML_INT(struct ingest_settings, breaker_open_max_s, "1800", 1, 86400),
    YAML_DOUBLE(struct ingest_settings, throttle_floor, "0.0625", 0.001, 1),
    YAML_DOUBLE(struct ingest_settings, throttle_step, "0.05", 0.001, 1),
    YAML_INT(struct ingest_settings, seed, "0", 0, 9007199254740992.0),
};

static const struct yaml_field validate_fields[] = {
    HTTP_FIELDS(struct validate_settings, "127.0.0.1:9702"),
    YAML_TEXT(struct validate_settings, instance, "0"),
    YAML_TEXT(struct validate_settings, group, "quotebus.validate"),
    YAML_TEXT(struct validate_settings, output_prefix, ""),
    YAML_TEXT(struct validate_settings, rules_file, "rules.yaml"),
    YAML_INT(struct validate_settings, transaction_max_records, "20000", 1, 100000),
    YAML_INT(struct validate_settings, transaction_interval_ms, "25", 1, 60000),
    YAML_INT(struct validate_settings, transaction_timeout_ms, "12000", 1000, 900000),
    YAML_INT(struct validate_settings, session_timeout_ms, "10000", 1000, 1800000),
};

static const struct yaml_field persist_fields[] = {
    HTTP_FIELDS(struct persist_settings, "127.0.0.1:9703"),
    YAML_TEXT(struct persist_settings, instance, "0"),
    YAML_TEXT(struct persist_settings, group, "quotebus.persist"),
    YAML_TEXT(struct persist_settings, mode, "auto"),
    YAML_INT(struct persist_settings, batch_max_rows, "10000", 1, 1000000),
    YAML_INT(struct persist_settings, batch_interval_ms, "50", 1, 60000),
    YAML_INT(struct persist_settings, session_timeout_ms, "10000", 1000, 1800000),
    YAML_INT(struct persist_settings, aggregate_every_s, "1800", 1, 86400),
    YAML_INT(struct persist_settings, retention_d, "365", 1, 36500),
    YAML_INT(struct persist_settings, bar_retention_d, "0", 0, 36500),
    YAML_INT(struct persist_settings, partitions_ahead_d, "3", 1, 30),
};

static const struct yaml_field board_fields[] = {
    HTTP_FIELDS(struct board_settings, "127.0.0.1:9704"),
    YAML_INT(struct board_settings, clients_max, "256", 1, 10000),
    YAML_INT(struct board_settings, db_connections, "3", 1, 32),
    YAML_INT(struct board_settings, query_timeout_ms, "4000", 100, 60000),
};

/** A section: its name, and where its struct stands in the configuration. */
struct section {
    const char *name;
    const struct yaml_field *fields;
    size_t field_count;
    size_t offset;
};

static const struct section sections[] = {
    {"kafka", kafka_fields, COUNT(kafka_fields), offsetof(struct config, kafka)},
    {"registry", registry_fields, COUNT(registry_fields), offsetof(struct config, registry)},
    {"postgres", postgres_fields, COUNT(postgres_fields), offsetof(struct config, postgres)},
    {"log", log_fields, COUNT(log_fields), offsetof(struct config, log)},
    {"ingest", ingest_fields, COUNT(ingest_fields), offsetof(struct config, ingest)},
    {"validate", validate_fields, COUNT(validate_fields), offsetof(struct config, validate)},
    {"persist", persist_fields, COUNT(persist_fields), offsetof(struct config, persist)},
    {"board", board_fields, COUNT(board_fields), offsetof(struct config, board)},
};

/** What a text of a section must be, beyond a text. */
struct text_check {
    const char *section;
    const char *field;
    size_t offset;
    config_judge_fn judge;
};

#define TEXT_CHECK(section_, field_, member_, judge_)                                                                            \
    {                                                                                                                            \
        section_, field_, offsetof(struct config, member_), judge_                                                               \
    }

static const struct text_check text_checks[] = {
    TEXT_CHECK("kafka", "brokers", kafka.brokers, config_judge_filled),
    TEXT_CHECK("kafka", "topic_prefix", kafka.topic_prefix, config_judge_prefix),
    TEXT_CHECK("kafka", "topics_file", kafka.topics_file, config_judge_filled),
    TEXT_CHECK("registry", "url", registry.url, config_judge_url),
    TEXT_CHECK("postgres", "conninfo", postgres.conninfo, config_judge_filled),
    TEXT_CHECK("log", "format", log.format, config_judge_log_format),
    TEXT_CHECK("log", "level", log.level, config_judge_log_level),
    TEXT_CHECK("ingest", "listen", ingest.http.listen, config_judge_listen),
    TEXT_CHECK("ingest", "instance", ingest.instance, config_judge_name),
    TEXT_CHECK("ingest", "group", ingest.group, config_judge_name),
    TEXT_CHECK("ingest", "user_agent", ingest.user_agent, config_judge_header),
    TEXT_CHECK("ingest", "contact", ingest.contact, config_judge_contact),
    TEXT_CHECK("validate", "listen", validate.http.listen, config_judge_listen),
    TEXT_CHECK("validate", "instance", validate.instance, config_judge_name),
    TEXT_CHECK("validate", "group", validate.group, config_judge_name),
    TEXT_CHECK("validate", "output_prefix", validate.output_prefix, config_judge_prefix),
    TEXT_CHECK("validate", "rules_file", validate.rules_file, config_judge_filled),
    TEXT_CHECK("persist", "listen", persist.http.listen, config_judge_listen),
    TEXT_CHECK("persist", "instance", persist.instance, config_judge_name),
    TEXT_CHECK("persist", "group", persist.group, config_judge_name),
    TEXT_CHECK("persist", "mode", persist.mode, config_judge_write_mode),
    TEXT_CHECK("board", "listen", board.http.listen, config_judge_listen),
};

/** The mapping of a section, or NULL. */
static const struct yaml_node *section_node(const struct config_reader *reader, const char *name)
{
    return yaml_get(reader->file, yaml_root(reader->file), name);
}

/** Refuses top-level keys that are no section. */
static bool check_section_names(const struct config_reader *reader)
{
    const char *names[COUNT(sections) + 4] = {"providers", "jobs", "assets"};
    for (size_t i = 0; i < COUNT(sections); i++)
        names[i + 3] = sections[i].name;
    return yaml_check_keys(reader->file, yaml_root(reader->file), "", NULL, 0, names, reader->error);
}

/** Extra settings of librdkafka are pairs. */
static bool check_properties(const struct config_reader *reader)
{
    const struct string_list *properties = &reader->config->kafka.properties;
    for (size_t i = 0; i < properties->count; i++) {
        const size_t name_len = strcspn(properties->items[i], "=");
        if (name_len == 0 || properties->items[i][name_len] == '\0')
            return yaml_field_error(reader->file, section_node(reader, "kafka"), "kafka", "properties", reader->error,
                                    "'%.100s' is not name=value", properties->items[i]);
    }
    return true;
}

/** What only makes sense together. */
static bool check_pairs(const struct config_reader *reader)
{
    const struct ingest_settings *ingest = &reader->config->ingest;
    const struct validate_settings *validate = &reader->config->validate;
    if (ingest->retry_max_ms < ingest->retry_base_ms)
        return yaml_field_error(reader->file, section_node(reader, "ingest"), "ingest", "retry_max_ms", reader->error,
                                "%lld is less than retry_base_ms", (long long)ingest->retry_max_ms);
    if (ingest->breaker_open_max_s < ingest->breaker_open_s)
        return yaml_field_error(reader->file, section_node(reader, "ingest"), "ingest", "breaker_open_max_s", reader->error,
                                "%lld is less than breaker_open_s", (long long)ingest->breaker_open_max_s);
    if (validate->transaction_interval_ms >= validate->transaction_timeout_ms)
        return yaml_field_error(reader->file, section_node(reader, "validate"), "validate", "transaction_interval_ms",
                                reader->error, "%lld is not less than transaction_timeout_ms",
                                (long long)validate->transaction_interval_ms);
    return true;
}

bool config_read_sections(const struct config_reader *reader)
{
    struct config *config = reader->config;
    if (!check_section_names(reader))
        return false;
    for (size_t i = 0; i < COUNT(sections); i++) {
        const struct section *section = &sections[i];
        if (!yaml_bind(reader->file, section_node(reader, section->name), section->name, section->fields, section->field_count,
                       NULL, (char *)config + section->offset, config->memory, reader->error))
            return false;
    }
    for (size_t i = 0; i < COUNT(text_checks); i++) {
        const struct text_check *check = &text_checks[i];
        const char *text = *(char *const *)((const char *)config + check->offset);
        if (!config_check_field(reader, section_node(reader, check->section), check->section, check->field, text, check->judge))
            return false;
    }
    return check_properties(reader) && check_pairs(reader);
}
