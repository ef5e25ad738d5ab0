#include "base/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/** One time series. */
struct metric {
    struct metric *next;  /* of the same family */
    char *labels;         /* text between the braces, may be empty */
    _Atomic double value; /* of a histogram: the sum */
    const double *bounds;
    size_t bound_count;
    _Atomic uint64_t *buckets; /* bound_count + 1, each counted once, not cumulated */
};

/** All series of a name. */
struct family {
    struct family *next;
    const char *name;
    const char *help;
    enum metric_kind kind;
    struct metric *metrics;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct family *families;

/* Renard's R10 series: ten steps of about 26% in each decade. */
/* clang-format off */
const double metric_latency_bounds[] = {
    0.001, 0.00125, 0.0016, 0.002, 0.0025, 0.00315, 0.004, 0.005, 0.0063, 0.008,
    0.01,  0.0125,  0.016,  0.02,  0.025,  0.0315,  0.04,  0.05,  0.063,  0.08,
    0.1,   0.125,   0.16,   0.2,   0.25,   0.315,   0.4,   0.5,   0.63,   0.8,
    1,     1.25,    1.6,    2,     2.5,    3.15,    4,     5,     6.3,    8,
    10,    12.5,    16,     20,    25,     31.5,    40,    50,    63,     80,
    100,   125,     160,    200,   250,    300,
};
/* clang-format on */
const size_t metric_latency_bound_count = sizeof(metric_latency_bounds) / sizeof(metric_latency_bounds[0]);

/** Finds the family of a name or puts a new one at the end, so that the output keeps the order of first use. */
static struct family *family_get(const char *name, const char *help, enum metric_kind kind)
{
    struct family **link = &families;
    while (*link && strcmp((*link)->name, name) != 0)
        link = &(*link)->next;
    if (!*link) {
        struct family *family = xcalloc(1, sizeof(*family));
        *family = (struct family){.name = name, .help = help, .kind = kind};
        *link = family;
    }
    assert((*link)->kind == kind && "one name, one kind");
    return *link;
}

/** Finds or makes a series. */
static struct metric *metric_get(const char *name, const char *help, const char *labels, enum metric_kind kind,
                                 const double *bounds, size_t bound_count)
{
    if (!labels)
        labels = "";
    pthread_mutex_lock(&lock);
    struct metric **link = &family_get(name, help, kind)->metrics;
    while (*link && strcmp((*link)->labels, labels) != 0)
        link = &(*link)->next;
    if (!*link) {
        struct metric *metric = xcalloc(1, sizeof(*metric));
        metric->labels = xstrdup(labels);
        metric->bounds = bounds;
        metric->bound_count = bound_count;
        if (kind == METRIC_HISTOGRAM)
            metric->buckets = xcalloc(bound_count + 1, sizeof(*metric->buckets));
        *link = metric;
    }
    struct metric *found = *link;
    pthread_mutex_unlock(&lock);
    return found;
}

struct metric *metric_counter(const char *name, const char *help, const char *labels)
{
    return metric_get(name, help, labels, METRIC_COUNTER, NULL, 0);
}

struct metric *metric_gauge(const char *name, const char *help, const char *labels)
{
    return metric_get(name, help, labels, METRIC_GAUGE, NULL, 0);
}

struct metric *metric_histogram(const char *name, const char *help, const char *labels, const double *bounds, size_t bound_count)
{
    return metric_get(name, help, labels, METRIC_HISTOGRAM, bounds, bound_count);
}

void metric_add(struct metric *metric, double delta)
{
    double seen = atomic_load_explicit(&metric->value, memory_order_relaxed);
    while (
        !atomic_compare_exchange_weak_explicit(&metric->value, &seen, seen + delta, memory_order_relaxed, memory_order_relaxed))
        ;
}

void metric_set(struct metric *metric, double value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

double metric_value(const struct metric *metric)
{
    return atomic_load_explicit(&metric->value, memory_order_relaxed);
}

void metric_observe(struct metric *metric, double value)
{
    size_t low = 0, high = metric->bound_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (value <= metric->bounds[middle])
            high = middle;
        else
            low = middle + 1;
    }
    atomic_fetch_add_explicit(&metric->buckets[low], 1, memory_order_relaxed);
    metric_add(metric, value);
}

/** Appends a label value with Prometheus' escapes. */
static void append_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            buf_append(out, "\\", 1);
        if (*text == '\n')
            buf_append_str(out, STR("\\n"));
        else
            buf_append(out, text, 1);
    }
}

char *metric_labels(char *out, size_t size, size_t count, const char *const names_and_values[])
{
    struct buf text = {0};
    size_t whole = 0; /* a pair that does not fit is left out, since half a pair would break the line */
    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s=\"", i ? "," : "", names_and_values[2 * i]);
        append_escaped(&text, names_and_values[2 * i + 1]);
        buf_append(&text, "\"", 1);
        if (text.len >= size)
            break;
        whole = text.len;
    }
    if (whole)
        memcpy(out, text.data, whole);
    if (size)
        out[whole] = '\0';
    buf_clear(&text);
    return out;
}

/** Appends a sample value; whole numbers without exponent, so that counters stay exact. */
static void append_value(struct buf *out, double value)
{
    if (isnan(value))
        buf_append_str(out, STR("NaN"));
    else if (isinf(value))
        buf_append_str(out, value > 0 ? STR("+Inf") : STR("-Inf"));
    else if (value == floor(value) && fabs(value) < 9007199254740992.0)
        buf_printf(out, "%.0f", value);
    else
        buf_printf(out, "%.17g", value);
}

/** Appends `name suffix {labels} value`. */
static void append_sample(struct buf *out, const char *name, const char *suffix, const char *labels, double value)
{
    const bool bare = *labels == '\0';
    buf_printf(out, "%s%s%s%s%s ", name, suffix, bare ? "" : "{", labels, bare ? "" : "}");
    append_value(out, value);
    buf_append(out, "\n", 1);
}

/** Appends the cumulated buckets, sum and count of a histogram. */
static void append_histogram(struct buf *out, const char *name, const struct metric *metric)
{
    const char *comma = *metric->labels ? "," : "";
    uint64_t total = 0;
    for (size_t i = 0; i <= metric->bound_count; i++) {
        total += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        if (i < metric->bound_count)
            buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, metric->labels, comma, metric->bounds[i], total);
        else
            buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, metric->labels, comma, total);
    }
    append_sample(out, name, "_sum", metric->labels, metric_value(metric));
    append_sample(out, name, "_count", metric->labels, (double)total);
}

void metrics_write(struct buf *out)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram"};
    pthread_mutex_lock(&lock);
    for (const struct family *family = families; family; family = family->next) {
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, kinds[family->kind]);
        for (const struct metric *metric = family->metrics; metric; metric = metric->next) {
            if (family->kind == METRIC_HISTOGRAM)
                append_histogram(out, family->name, metric);
            else
                append_sample(out, family->name, "", metric->labels, metric_value(metric));
        }
    }
    pthread_mutex_unlock(&lock);
}
