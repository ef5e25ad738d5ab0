#include "validate/counters.h"

#include <stdio.h>

#include "base/metrics.h"
#include "validate/engine.h"

/** A counter with one label. */
static struct metric *labelled(const char *name, const char *help, const char *label, const char *value)
{
    char labels[128];
    const char *const pairs[] = {label, value};
    return metric_counter(name, help, metric_labels(labels, sizeof(labels), 1, pairs));
}

/** The counter of a flag. */
static struct metric *flag_counter(const char *flag)
{
    return labelled("quotebus_validate_flags_total", "Flags by rule", "rule", flag);
}

void counters_init(struct counters *counters)
{
    counters->records = metric_counter("quotebus_validate_records_total", "Raw records that were read", NULL);
    counters->restored = metric_counter("quotebus_validate_restored_assets_total", "Assets whose state was restored", NULL);
    counters->restoring = metric_counter("quotebus_validate_restore_seconds_total", "Time that restoring state took", NULL);
    for (int i = 0; i < VERDICT_COUNT; i++)
        counters->verdicts[i] =
            labelled("quotebus_validate_verdicts_total", "Judged quotes by verdict", "verdict", verdict_name((enum verdict)i));
    for (size_t i = 0; rules[i]; i++)
        counters->flags[i] = flag_counter(rules[i]->name);
    counters->uncorroborated = flag_counter(FLAG_UNCORROBORATED);
    counters->rules_info = NULL;
    counters->reload_failures =
        metric_counter("quotebus_validate_reload_failures_total", "Changed rule files that were refused", NULL);
}

void counters_record(struct counters *counters)
{
    metric_add(counters->records, 1);
}

void counters_judged(struct counters *counters, const struct clean_quote *clean)
{
    metric_add(counters->verdicts[clean->verdict], 1);
    for (size_t i = 0; i < clean->flags_count; i++) {
        size_t rule = 0;
        while (rules[rule] && rules[rule]->name != clean->flags[i].ptr)
            rule++;
        metric_add(rules[rule] ? counters->flags[rule] : counters->uncorroborated, 1);
    }
}

void counters_dead_letter(const char *cause)
{
    metric_add(labelled("quotebus_validate_dead_letters_total", "Records that became dead letters by cause", "cause",
                        cause ? cause : "unknown"),
               1);
}

void counters_rules(struct counters *counters, struct str version)
{
    char labels[128], text[64];
    snprintf(text, sizeof(text), "%.*s", STR_ARG(version));
    const char *const pairs[] = {"version", text};
    if (counters->rules_info)
        metric_set(counters->rules_info, 0);
    counters->rules_info = metric_gauge("quotebus_validate_rules_info", "1 for the version of the rule file that judges now",
                                        metric_labels(labels, sizeof(labels), 1, pairs));
    metric_set(counters->rules_info, 1);
}

void counters_reload_failed(struct counters *counters)
{
    metric_add(counters->reload_failures, 1);
}

void counters_restored(struct counters *counters, size_t assets, int64_t took_ms)
{
    metric_add(counters->restoring, (double)took_ms / 1000);
    metric_add(counters->restored, (double)assets);
}
