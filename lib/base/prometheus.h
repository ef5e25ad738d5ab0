/*
 * Figures out of a stage's /metrics text. Pure.
 */
#ifndef QUOTEBUS_BASE_PROMETHEUS_H
#define QUOTEBUS_BASE_PROMETHEUS_H

#include <stdbool.h>

/** Sum of all samples of a metric, whatever their labels. False when there is none. */
bool prometheus_sum(const char *text, const char *name, double *sum);
/**
 * The `quantile` (0 to 1) of a histogram, all label sets together, interpolated within its bucket as Prometheus'
 * histogram_quantile does; the largest finite bound for what lies above it. False when nothing was observed.
 */
bool prometheus_quantile(const char *text, const char *name, double quantile, double *value);

#endif
