#include "board/pipeline.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/prometheus.h"
#include "base/thread.h"
#include "bus/stage_probe.h"

/** Which metrics of a stage tell what, in the order of stage_probe_all; NULL: it has none. */
static const struct {
    const char *lag;
    const char *records;
    const char *latency;
} metrics[STAGE_COUNT] = {
    {NULL, "quotebus_ingest_quotes_total", "quotebus_ingest_call_duration_seconds"},
    {"quotebus_consumer_lag_records", "quotebus_validate_records_total", "quotebus_transaction_seconds"},
    {"quotebus_consumer_lag_records", "quotebus_persist_rows_total", "quotebus_persist_latency_seconds"},
};

/** A counter as it was. */
struct sample {
    bool set;
    double records;
    int64_t at_ms;
};

struct pipeline {
    const struct config *config;
    pthread_t thread;
    pthread_mutex_t lock; /* of the two below */
    pthread_cond_t wake;
    bool stopping;
    struct buf json;
    struct sample before[STAGE_COUNT]; /* of the thread */
};

/** Appends `,"name":number`, or null. */
static void put(struct buf *out, const char *name, bool known, const double *value)
{
    buf_printf(out, ",\"%s\":", name);
    if (known)
        json_put_double(out, *value);
    else
        buf_append_str(out, STR("null"));
}

/** Records per second since the sample before; a counter that went back belongs to a new process. */
static bool rate(struct sample *before, double records, double *per_s)
{
    const struct sample now = {.set = true, .records = records, .at_ms = clock_mono_ms()};
    const bool known = before->set && records >= before->records && now.at_ms > before->at_ms;
    if (known)
        *per_s = (records - before->records) * 1000 / (double)(now.at_ms - before->at_ms);
    *before = now;
    return known;
}

/** Appends what one stage says. */
static void put_stage(struct pipeline *pipeline, size_t i, const struct stage_report *report, struct buf *out)
{
    const char *text = report->metrics.len ? (const char *)report->metrics.data : NULL;
    double lag = 0, records = 0, per_s = 0, p50 = 0, p99 = 0;
    buf_append_str(out, i ? STR(",{\"stage\":") : STR("{\"stage\":"));
    json_put_string(out, str_from(report->name));
    buf_append_str(out, STR(",\"state\":"));
    json_put_string(out, str_from(report->state));
    buf_append_str(out, STR(",\"reason\":"));
    json_put_string(out, str_from(report->reason));
    const bool counted = text && prometheus_sum(text, metrics[i].records, &records);
    put(out, "lag", text && metrics[i].lag && prometheus_sum(text, metrics[i].lag, &lag), &lag);
    put(out, "records_per_s", counted && rate(&pipeline->before[i], records, &per_s), &per_s);
    put(out, "latency_p50_s", text && prometheus_quantile(text, metrics[i].latency, 0.5, &p50), &p50);
    put(out, "latency_p99_s", text && prometheus_quantile(text, metrics[i].latency, 0.99, &p99), &p99);
    buf_append_str(out, STR("}"));
}

/** Asks all stages. */
static void ask(struct pipeline *pipeline, struct buf *out)
{
    struct stage_report reports[STAGE_COUNT];
    stage_probe_all(pipeline->config, reports);
    buf_reset(out);
    buf_append_str(out, STR("["));
    for (size_t i = 0; i < STAGE_COUNT; i++)
        put_stage(pipeline, i, &reports[i], out);
    buf_append_str(out, STR("]"));
    stage_reports_clear(reports);
}

/** The thread. */
static void *work(void *ctx)
{
    struct pipeline *pipeline = ctx;
    struct buf fresh = {0};
    pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->stopping) {
        pthread_mutex_unlock(&pipeline->lock);
        ask(pipeline, &fresh);
        pthread_mutex_lock(&pipeline->lock);
        const struct buf before = pipeline->json;
        pipeline->json = fresh;
        fresh = before;
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += PIPELINE_EVERY_S;
        if (!pipeline->stopping)
            pthread_cond_timedwait(&pipeline->wake, &pipeline->lock, &until);
    }
    pthread_mutex_unlock(&pipeline->lock);
    buf_clear(&fresh);
    return NULL;
}

struct pipeline *pipeline_start(const struct config *config, struct error *error)
{
    struct pipeline *pipeline = xcalloc(1, sizeof(*pipeline));
    pipeline->config = config;
    pthread_mutex_init(&pipeline->lock, NULL);
    pthread_cond_init(&pipeline->wake, NULL);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (thread_start(&pipeline->thread, work, pipeline, "the thread that asks the stages", error))
        return pipeline;
    free(pipeline);
    return NULL;
}

void pipeline_stop(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->stopping = true;
    pthread_cond_signal(&pipeline->wake);
    pthread_mutex_unlock(&pipeline->lock);
    pthread_join(pipeline->thread, NULL);
    pthread_cond_destroy(&pipeline->wake);
    pthread_mutex_destroy(&pipeline->lock);
    buf_clear(&pipeline->json);
    free(pipeline);
}

void pipeline_write(struct pipeline *pipeline, struct buf *out)
{
    pthread_mutex_lock(&pipeline->lock);
    buf_append_str(out, pipeline->json.len ? buf_str(&pipeline->json) : STR("[]"));
    pthread_mutex_unlock(&pipeline->lock);
}
