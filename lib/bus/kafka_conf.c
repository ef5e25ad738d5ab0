#include "bus/kafka_conf.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/clock.h"
#include "base/log.h"
#include "bus/kafka_stats.h"

#define COMPONENT "kafka"

/** What all clients share. Reconnects are quick, since all is on one machine or in one network. */
static const struct kafka_property common[] = {
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"socket.timeout.ms", "10000"},
    {"reconnect.backoff.ms", "100"},
    {"reconnect.backoff.max.ms", "1000"},
    /* A topic that is made later is noticed within this time. */
    {"topic.metadata.refresh.interval.ms", "5000"},
    {"statistics.interval.ms", KAFKA_STATS_INTERVAL},
    {"log.connection.close", "false"},
    {"log.thread.name", "false"},
    {NULL, NULL},
};

bool kafka_log_due(_Atomic int64_t *next_ms)
{
    const int64_t now_ms = clock_mono_ms();
    int64_t next = atomic_load(next_ms);
    return now_ms >= next && atomic_compare_exchange_strong(next_ms, &next, now_ms + KAFKA_QUIET_MS);
}

/** Kinds of log lines that repeat what the error callback gets: they are for debugging only. */
static const char *const repeated[] = {"FAIL", "ERROR", "FATAL", "TXNERR"};

/** How much of our log a line of librdkafka is worth. */
static enum log_level level_of(int syslog_level, const char *facility)
{
    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++) {
        if (strcmp(facility, repeated[i]) == 0)
            return LOG_LEVEL_DEBUG;
    }
    if (syslog_level <= LOG_ERR)
        return LOG_LEVEL_ERROR;
    return syslog_level <= LOG_WARNING ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
}

/** librdkafka's log lines. */
static void on_log(const rd_kafka_t *rk, int syslog_level, const char *facility, const char *text)
{
    LOG_AT(level_of(syslog_level, facility), COMPONENT, text, F_STR("facility", facility),
           F_STR("client", rk ? rd_kafka_name(rk) : ""));
}

/* Nearly always a broker is away. The calls that suffer from it say so themselves. */
void kafka_log_client_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    static _Atomic int64_t next_ms;
    (void)opaque;
    if (err == RD_KAFKA_RESP_ERR__FATAL) {
        char text[256];
        const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(rk, text, sizeof(text));
        log_warn(COMPONENT, "the client has failed for good; a new one will be made", F_STR("cause", rd_kafka_err2name(cause)),
                 F_STR("reason", text), F_STR("client", rd_kafka_name(rk)));
    } else if (kafka_log_due(&next_ms)) {
        log_warn(COMPONENT, "trouble with the broker", F_STR("cause", rd_kafka_err2name(err)), F_STR("reason", reason),
                 F_STR("client", rd_kafka_name(rk)));
    }
}

/** Sets one property. */
static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *error)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK)
        return true;
    return error_set(error, ERROR_USAGE, "Kafka setting %.80s: %s", name, text);
}

/** Sets a list that ends with a NULL name. */
static bool set_all(rd_kafka_conf_t *conf, const struct kafka_property *properties, struct error *error)
{
    for (; properties->name; properties++) {
        if (!set(conf, properties->name, properties->value, error))
            return false;
    }
    return true;
}

/** Sets one `name=value` of the configuration file. */
static bool set_user_property(rd_kafka_conf_t *conf, const char *property, struct error *error)
{
    char name[128];
    const char *equals = strchr(property, '=');
    const size_t len = equals ? (size_t)(equals - property) : 0;
    if (len == 0 || len >= sizeof(name))
        return error_set(error, ERROR_USAGE, "kafka.properties: '%.80s': write name=value", property);
    memcpy(name, property, len);
    name[len] = '\0';
    return set(conf, name, equals + 1, error) || error_prefix(error, "kafka.properties");
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings, const char *client_id,
                                const struct kafka_property *properties, struct error *error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    bool ok = set(conf, "bootstrap.servers", settings->brokers, error) && set(conf, "client.id", client_id, error) &&
              set_all(conf, common, error) && set_all(conf, properties, error);
    for (size_t i = 0; ok && i < settings->properties.count; i++)
        ok = set_user_property(conf, settings->properties.items[i], error);
    if (!ok) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, kafka_log_client_error);
    rd_kafka_conf_set_stats_cb(conf, kafka_stats_take);
    return conf;
}

rd_kafka_t *kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    char text[256];
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!rk) {
        rd_kafka_conf_destroy(conf);
        error_set(error, ERROR_USAGE, "Kafka client: %s", text);
    }
    return rk;
}

/** What the errors mean to us that are not just a reason to try again. */
static const struct {
    rd_kafka_resp_err_t err;
    enum error_code code;
} meanings[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, ERROR_NONE},
    {RD_KAFKA_RESP_ERR__FENCED, ERROR_FENCED},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, ERROR_FENCED},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, ERROR_FENCED},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, ERROR_FENCED},
    {RD_KAFKA_RESP_ERR__TRANSPORT, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__RESOLVE, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__SSL, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, ERROR_UNREACHABLE},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, ERROR_NOT_FOUND},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ERROR_NOT_FOUND},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, ERROR_NOT_FOUND},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, ERROR_INVALID},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, ERROR_INVALID},
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, ERROR_INVALID},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, ERROR_INVALID},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, ERROR_LIMIT},
    {RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, ERROR_LIMIT},
    {RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, ERROR_FATAL},
};

enum error_code kafka_error_code(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].err == err)
            return meanings[i].code;
    }
    return ERROR_RETRY;
}

bool kafka_error_set(struct error *error, rd_kafka_resp_err_t err, const char *what_fmt, ...)
{
    char what[256];
    va_list args;
    va_start(args, what_fmt);
    vsnprintf(what, sizeof(what), what_fmt, args);
    va_end(args);
    return error_cause(error, kafka_error_code(err), rd_kafka_err2name(err), "%s: %s", what, rd_kafka_err2str(err));
}
