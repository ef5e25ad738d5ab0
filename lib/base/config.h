/*
 * The configuration: one YAML file, every scalar overridable by environment and flag.
 *
 * Precedence: `--set path=value` > environment QUOTEBUS_PATH (dots and dashes become `_`, upper case: QUOTEBUS_KAFKA_BROKERS,
 * QUOTEBUS_PROVIDERS_YAHOO_BASE_URL) > file > default. Fields are rows of tables in config.c: name, type, bounds, default. An
 * error names file, line and field: `quotebus.yaml:12: jobs.stocks.every_s: 'x' is not a whole number`. Unknown and duplicate
 * keys, wrong types and values out of bounds are errors, as are an asset or job that names an unknown provider.
 *
 * Ownership: config_load makes one object; everything in it lives until config_free. Read-only afterwards.
 */
#ifndef QUOTEBUS_BASE_CONFIG_H
#define QUOTEBUS_BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/service.h"

struct string_list {
    char **items;
    size_t count;
};

struct kafka_settings {
    char *brokers;                 /**< host:port[,host:port...] */
    char *topic_prefix;            /**< put in front of every topic and group name; may be empty */
    char *topics_file;             /**< schemas/topics.yaml; relative to the configuration file */
    struct string_list properties; /**< extra librdkafka settings, `name=value` */
};

struct registry_settings {
    char *url;          /**< Confluent-compatible base, e.g. http://127.0.0.1:8081/apis/ccompat/v7 */
    int64_t timeout_ms; /**< per request */
};

struct postgres_settings {
    char *conninfo; /**< libpq connection string or URI; the password belongs into PGPASSFILE */
};

struct log_settings {
    char *format;                  /**< logfmt or json */
    char *level;                   /**< debug, info, warn, error, off */
    struct string_list components; /**< `component=level` */
};

struct ingest_settings {
    struct http_settings http;
    char *instance;                 /**< part of transactional.id; two live instances must differ */
    char *group;                    /**< consumer group (before the prefix) */
    int64_t session_timeout_ms;     /**< an owner that is silent for so long loses its providers */
    int64_t transaction_timeout_ms; /**< the broker aborts a transaction of the ledger that is older */
    char *user_agent;               /**< how requests name this program; `contact` is put behind it */
    char *contact;                  /**< mail or URL of who runs it, told to the providers; may be empty */
    char *ca_file;          /**< trusted authorities instead of the system's; relative to the configuration file; may be empty */
    char *record;           /**< folder that responses are captured into; may be empty */
    int64_t max_body_bytes; /**< of one response, after decompression */
    int64_t request_timeout_ms;   /**< whole request */
    int64_t retry_base_ms;        /**< first backoff; doubles, with full jitter */
    int64_t retry_max_ms;         /**< longest backoff */
    int64_t retry_attempts;       /**< calls per slot, the first included */
    struct string_list usd_rates; /**< assets that say what a currency is worth in USD; see ingest/rates.h */
    int64_t history_d;            /**< days of history that a newly added asset gets by itself; 0: none */
    int64_t backfill_chunk_d;     /**< most days of history that one call asks for */
    bool market_hours;            /**< jobs of assets whose market is closed run less often; see ingest/hours.h */
    int64_t breaker_failures;     /**< failed calls in a row that open a provider's circuit breaker; 0: it never opens */
    int64_t breaker_open_s;       /**< first time it stays open; doubles each time the probe fails */
    int64_t breaker_open_max_s;   /**< longest time */
    double throttle_floor;        /**< least share of a provider's rate after answers "too many" */
    double throttle_step;         /**< what the share grows by each minute of good answers */
    int64_t seed;                 /**< of jitter; 0: from the clock */
};

struct validate_settings {
    struct http_settings http;
    char *instance;      /**< part of transactional.id; two live instances must differ */
    char *group;         /**< consumer group (before the prefix) */
    char *output_prefix; /**< put in front of every topic written, after topic_prefix: a shadow run beside the live one */
    char *rules_file;    /**< rules.yaml; relative to the configuration file */
    int64_t transaction_max_records; /**< a transaction commits with that many raw records at the latest */
    int64_t transaction_interval_ms; /**< a transaction commits after that long at the latest */
    int64_t transaction_timeout_ms;  /**< the broker aborts one that is older */
    int64_t session_timeout_ms;      /**< an instance that is silent for so long loses its partitions */
};

struct persist_settings {
    struct http_settings http;
    char *instance;             /**< part of its clients' names; two live instances should differ */
    char *group;                /**< consumer group (before the prefix) */
    char *mode;                 /**< append, upsert or auto: see persist/writer.h */
    int64_t batch_max_rows;     /**< a batch is committed with that many rows at the latest */
    int64_t batch_interval_ms;  /**< a batch is committed after that long at the latest */
    int64_t session_timeout_ms; /**< an instance that is silent for so long loses its partitions */
    int64_t aggregate_every_s;  /**< window and interval of the market aggregates */
    int64_t retention_d;        /**< days that rows are kept */
    int64_t bar_retention_d;    /**< days that daily bars are kept, by their trading day; 0: for ever */
    int64_t partitions_ahead_d; /**< days after today that have their partitions */
};

struct board_settings {
    struct http_settings http;
    int64_t clients_max;      /**< pages that may follow the events at once */
    int64_t db_connections;   /**< queries at once */
    int64_t query_timeout_ms; /**< the server ends a query that takes longer */
};

/** One provider; the five settings of the call planner beside it. */
struct provider_settings {
    char *name;                   /**< key of the mapping; the name of a provider of ingest/providers */
    bool enabled;                 /**< false: its jobs rest, and it counts as no source */
    char *base_url;               /**< scheme://host[:port][/prefix]; https unless the host is loopback */
    int64_t max_calls;            /**< per reset_period_seconds; 0: no such limit */
    int64_t max_calls_per_month;  /**< per calendar month, UTC; 0: no such limit */
    int64_t calls_per_window;     /**< per window_seconds */
    int64_t window_seconds;       /**< length of the window of calls_per_window; it slides */
    int64_t reset_period_seconds; /**< length of the period of max_calls; it slides */
    double batch_delay_seconds;   /**< least pause between two calls */
    int64_t max_in_flight;        /**< calls under way at once */
    char *session_url;            /**< where the cookie of a session comes from; empty: base_url */
    int64_t shards;               /**< lanes that share its assets and limits, so that several instances can poll it */
    char *api_key_env;            /**< name of the environment variable that holds the key; empty: none */
};

struct asset_symbol {
    char *provider;
    char *symbol;
};

struct asset_settings {
    char *id;          /**< class:CODE, e.g. equity:AAPL; the Kafka key */
    char *asset_class; /**< the part before the colon */
    char *sector;      /**< may be empty */
    char *calendar;    /**< always, weekdays, fx, XNYS, XLON or XETR; empty: by its id */
    struct asset_symbol *symbols;
    size_t symbol_count;
};

/** What a job says to its endpoint beyond the assets, e.g. time_period = 20. */
struct job_param {
    char *name;
    char *value;
};

/** A recurring fetch: every `every_s` seconds, one endpoint of one provider for all assets of some classes. */
struct job_settings {
    char *name;                 /**< key of the mapping */
    char *provider;             /**< whom it asks */
    char *endpoint;             /**< what it asks for, a name of the provider's code: docs/providers.md */
    char *fallback;             /**< endpoint that is asked when the other one stays refused; empty: none */
    int64_t every_s;            /**< one slot in so many seconds */
    int64_t offset_s;           /**< of its slots from the multiples of every_s; what exceeds every_s is taken off */
    int64_t closed_every_s;     /**< one slot in so long for assets whose market is closed; 0: none */
    int64_t settle_s;           /**< how long after the close the source's prices may still change */
    int64_t priority;           /**< 1 to 100, the higher the sooner; 0: as its endpoint is */
    int64_t ttl_s;              /**< answers count as fresh for so long: no call is made meanwhile; 0: as the provider says */
    bool rotate;                /**< each slot is one call, for the assets whose turn it is */
    char *calendar;             /**< instead of the assets' own; empty: theirs */
    struct string_list classes; /**< asset classes; empty: all */
    struct string_list assets;  /**< asset ids; empty: all of the classes */
    struct job_param *params;   /**< for the endpoint, which says what it takes */
    size_t param_count;
    int line; /**< in the file, for errors found later */
};

struct config {
    char *path;
    struct kafka_settings kafka;
    struct registry_settings registry;
    struct postgres_settings postgres;
    struct log_settings log;
    struct ingest_settings ingest;
    struct validate_settings validate;
    struct persist_settings persist;
    struct board_settings board;
    struct provider_settings *providers;
    size_t provider_count;
    struct asset_settings *assets;
    size_t asset_count;
    struct job_settings *jobs;
    size_t job_count;
    struct arena *memory; /**< owns all of the above */
};

/** Told about each field while the configuration is read; see struct yaml_value in base/yaml.h. */
struct yaml_value;
typedef void (*config_watch_fn)(void *ctx, const struct yaml_value *value);

/** What the command line says about the configuration. */
struct config_options {
    const char *path;            /**< NULL: $QUOTEBUS_CONFIG, then config/quotebus.yaml, then /etc/quotebus/quotebus.yaml */
    const char *const *settings; /**< `path=value` texts of --set */
    size_t setting_count;
    config_watch_fn watch; /**< NULL: nobody is told */
    void *watch_ctx;
};

/** Reads, overrides and checks. The result is freed with config_free; NULL on failure (ERROR_USAGE or ERROR_NOT_FOUND). */
struct config *config_load(const struct config_options *options, struct error *error) MUST_CHECK;
void config_free(struct config *config);

/** The symbol of an asset at a provider, or NULL. */
const char *asset_symbol_at(const struct asset_settings *asset, const char *provider);
/** Whether a job is about an asset: it must be of one of its classes and one of its assets, where the job names any. */
bool job_covers(const struct job_settings *job, const struct asset_settings *asset);
/** The settings of a provider by name, or NULL. */
const struct provider_settings *config_provider(const struct config *config, const char *name);
/** `prefix` + `name`, allocated in the configuration's memory. */
char *config_topic(const struct config *config, const char *name);

#endif
