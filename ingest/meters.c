#include "ingest/meters.h"

#include "base/clock.h"

/** Longest labels. */
#define LABELS_MAX 160

void meters_init(struct meters *meters, const char *provider)
{
    char labels[LABELS_MAX];
    metric_labels(labels, sizeof labels, 1, (const char *[]){"provider", provider});
    *meters = (struct meters){
        .provider = provider,
        .quotes = metric_counter("quotebus_ingest_quotes_total", "Quotes sent to quotes.raw.", labels),
        .duration = metric_histogram("quotebus_ingest_call_duration_seconds", "Time from a call to the end of its response.",
                                     labels, metric_latency_bounds, metric_latency_bound_count),
        .last_success =
            metric_gauge("quotebus_ingest_last_success_timestamp_seconds", "When the provider last gave a quote.", labels),
        .quota_used = metric_gauge("quotebus_ingest_quota_used", "Calls made in the current reset period.", labels),
        .quota_limit = metric_gauge("quotebus_ingest_quota_limit", "Calls allowed in a reset period; 0: no such limit.", labels),
        .queue = metric_gauge("quotebus_ingest_queue_calls", "Calls that wait for their time or for the quota.", labels),
        .month_used = metric_gauge("quotebus_ingest_month_used", "Calls made in the calendar month.", labels),
        .month_limit =
            metric_gauge("quotebus_ingest_month_limit", "Calls allowed in a calendar month; 0: no such limit.", labels),
        .share = metric_gauge("quotebus_ingest_rate_share", "Share of the configured rate that is used, 0 to 1.", labels),
        .breaker = metric_gauge("quotebus_ingest_breaker_open", "Circuit breaker: 0 closed, 1 open, 2 half open.", labels),
        .saving = metric_gauge("quotebus_ingest_saving",
                               "1 while calls wait since jobs of a higher priority need the quota that is left.", labels),
        .unknown = metric_gauge("quotebus_ingest_unknown_symbols",
                                "Assets that are left out for a day since the provider does not know their symbol.", labels),
        .inactive = metric_gauge("quotebus_ingest_inactive_assets", "Assets that were delisted at the provider.", labels),
    };
}

void meters_call(struct meters *meters, const struct call_measure *measure)
{
    char labels[LABELS_MAX];
    metric_labels(
        labels, sizeof labels, 3,
        (const char *[]){"provider", meters->provider, "endpoint", measure->endpoint, "outcome", outcome_name(measure->outcome)});
    metric_add(metric_counter("quotebus_ingest_calls_total", "Calls to a provider by what they came to.", labels), 1);
    metric_observe(meters->duration, measure->duration_s);
    metric_add(meters->quotes, (double)measure->quotes);
    if (measure->quotes > 0) {
        metric_set(meters->last_success, (double)measure->at_us / (double)US_PER_S);
    }
}

void meters_show(struct meters *meters, const struct lane_view *view)
{
    metric_set(meters->quota_used, (double)view->quota_used);
    metric_set(meters->quota_limit, (double)view->settings->max_calls);
    metric_set(meters->queue, (double)view->queued);
    metric_set(meters->month_used, (double)view->month_used);
    metric_set(meters->month_limit, (double)view->settings->max_calls_per_month);
    metric_set(meters->share, view->share);
    metric_set(meters->breaker, (double)view->breaker);
    metric_set(meters->saving, view->saving ? 1 : 0);
    metric_set(meters->unknown, (double)view->unknown);
    metric_set(meters->inactive, (double)view->inactive);
}

void meters_skipped(size_t calls)
{
    metric_add(metric_counter("quotebus_ingest_calls_skipped_total",
                              "Calls of a slot that were left out since those of the slot before were under way.", NULL),
               (double)calls);
}
