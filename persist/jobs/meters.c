#include "persist/jobs/meters.h"

#include "base/clock.h"
#include "base/metrics.h"

/** Room for the two labels of any job. */
#define LABELS_MAX 128

/** Counts an attempt. */
static void count(const char *job, const char *outcome)
{
    char labels[LABELS_MAX];
    const char *const pairs[] = {"task", job, "outcome", outcome};
    metric_labels(labels, sizeof(labels), 2, pairs);
    metric_add(metric_counter("quotebus_persist_job_runs_total", "Slots of jobs that were worked off, and attempts that failed.",
                              labels),
               1);
}

void job_meter_done(const char *job, int64_t slot_us, int64_t duration_ms)
{
    char labels[LABELS_MAX];
    const char *const pairs[] = {"task", job};
    metric_labels(labels, sizeof(labels), 1, pairs);
    count(job, "done");
    metric_observe(metric_histogram("quotebus_persist_job_duration_seconds", "Time to work off a slot of a job.", labels,
                                    metric_latency_bounds, metric_latency_bound_count),
                   (double)duration_ms / 1000.0);
    metric_set(metric_gauge("quotebus_persist_job_last_slot_timestamp_seconds",
                            "Newest slot of a job that was worked off, since the epoch.", labels),
               (double)slot_us / (double)US_PER_S);
}

void job_meter_failed(const char *job)
{
    count(job, "failed");
}
