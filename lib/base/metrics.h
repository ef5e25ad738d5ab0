/*
 * Metrics in Prometheus' text format (version 0.0.4).
 *
 * A metric is found or made by name and labels and then kept by the caller: the hot path only adds. Names follow the
 * Prometheus rules (`quotebus_` prefix, base units, `_total` for counters). One process has one registry.
 *
 * Threads: any thread may look up, add, set, observe and write; values are atomics.
 */
#ifndef QUOTEBUS_BASE_METRICS_H
#define QUOTEBUS_BASE_METRICS_H

#include <stddef.h>

#include "base/bytes.h"

struct metric;

/**
 * Finds or makes a counter. `labels` is the text between the braces with values escaped (`source="yahoo"`), or NULL; build it
 * with metric_labels when a value comes from input. `name` and `help` are string literals. Lives as long as the process.
 */
struct metric *metric_counter(const char *name, const char *help, const char *labels);
/** Finds or makes a gauge. */
struct metric *metric_gauge(const char *name, const char *help, const char *labels);
/** Finds or makes a histogram with ascending upper bounds (borrowed for ever). */
struct metric *metric_histogram(const char *name, const char *help, const char *labels, const double *bounds, size_t bound_count);

/** Adds `delta` (>= 0 on a counter). */
void metric_add(struct metric *metric, double delta);
void metric_set(struct metric *metric, double value);
double metric_value(const struct metric *metric);
void metric_observe(struct metric *metric, double value);

/** Writes `name="escaped value"` pairs into `out` from `count` name/value pairs; returns `out`. Truncates at `size`. */
char *metric_labels(char *out, size_t size, size_t count, const char *const names_and_values[]);

/** Bounds in seconds for end-to-end latency, 1 ms to 5 minutes in steps of about 25%. */
extern const double metric_latency_bounds[];
extern const size_t metric_latency_bound_count;

/** Appends all metrics in the text format, grouped by name, HELP and TYPE once each. */
void metrics_write(struct buf *out);

#endif
