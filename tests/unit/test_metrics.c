#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/metrics.h"

#define THREADS 4
#define ROUNDS 20000

/** The whole output, NUL-terminated. Freed by the caller. */
static char *written(void)
{
    struct buf out = {0};
    metrics_write(&out);
    buf_append(&out, "", 1);
    return (char *)out.data;
}

/** Whether a line is in the output as a whole. */
static bool has_line(const char *line)
{
    char *text = written();
    char wanted[512];
    snprintf(wanted, sizeof(wanted), "%s\n", line);
    bool found = false;
    for (const char *at = strstr(text, wanted); at && !found; at = strstr(at + 1, wanted))
        found = at == text || at[-1] == '\n';
    if (!found)
        print_message("not there: %s", wanted);
    free(text);
    return found;
}

static void series_is_made_once_and_found_again(void **state)
{
    (void)state;
    struct metric *one = metric_counter("t_found_total", "Help.", "a=\"1\"");
    assert_ptr_equal(metric_counter("t_found_total", "Help.", "a=\"1\""), one);
    assert_ptr_not_equal(metric_counter("t_found_total", "Help.", "a=\"2\""), one);
    assert_ptr_equal(metric_gauge("t_found", "Help.", NULL), metric_gauge("t_found", "Help.", ""));
}

static void series_of_a_name_stand_together_under_one_help_and_type(void **state)
{
    (void)state;
    metric_add(metric_counter("t_group_total", "Things counted.", "kind=\"a\""), 2);
    metric_set(metric_gauge("t_between", "Between.", NULL), 1);
    metric_add(metric_counter("t_group_total", "Things counted.", "kind=\"b\""), 3);
    char *text = written();
    const char *expected = "# HELP t_group_total Things counted.\n# TYPE t_group_total counter\n"
                           "t_group_total{kind=\"a\"} 2\nt_group_total{kind=\"b\"} 3\n";
    assert_non_null(strstr(text, expected));
    assert_null(strstr(strstr(text, "# TYPE t_group_total") + 1, "# TYPE t_group_total"));
    assert_non_null(strstr(text, "# TYPE t_between gauge\nt_between 1\n"));
    free(text);
}

static void values_are_exact_and_special_ones_have_names(void **state)
{
    (void)state;
    struct metric *metric = metric_gauge("t_value", "Value.", NULL);
    metric_set(metric, 9007199254740991.0);
    assert_true(has_line("t_value 9007199254740991"));
    metric_set(metric, -3);
    assert_true(has_line("t_value -3"));
    metric_set(metric, 0.1);
    assert_true(has_line("t_value 0.10000000000000001"));
    metric_set(metric, NAN);
    assert_true(has_line("t_value NaN"));
    metric_set(metric, INFINITY);
    assert_true(has_line("t_value +Inf"));
    metric_set(metric, -INFINITY);
    assert_true(has_line("t_value -Inf"));
    metric_set(metric, 5);
    metric_add(metric, -0.5);
    assert_true(metric_value(metric) == 4.5);
}

static void label_values_are_escaped(void **state)
{
    (void)state;
    char labels[200];
    const char *const pairs[] = {"source", "a\"b\\c\nd", "asset", "crypto:BTC"};
    metric_labels(labels, sizeof(labels), 2, pairs);
    assert_string_equal(labels, "source=\"a\\\"b\\\\c\\nd\",asset=\"crypto:BTC\"");
    metric_add(metric_counter("t_escaped_total", "Escaped.", labels), 1);
    assert_true(has_line("t_escaped_total{source=\"a\\\"b\\\\c\\nd\",asset=\"crypto:BTC\"} 1"));
}

static void labels_that_do_not_fit_leave_whole_pairs(void **state)
{
    (void)state;
    const char *const pairs[] = {"a", "1", "b", "two"};
    static const char whole[] = "a=\"1\",b=\"two\"";
    for (size_t size = 1; size <= sizeof(whole) + 1; size++) {
        char labels[32];
        memset(labels, '#', sizeof(labels));
        metric_labels(labels, size, 2, pairs);
        assert_string_equal(labels, size >= sizeof(whole) ? whole : size >= 6 ? "a=\"1\"" : "");
        assert_int_equal(labels[size], '#');
    }
    char untouched = '#';
    metric_labels(&untouched, 0, 2, pairs);
    assert_int_equal(untouched, '#');
    char none[4] = "###";
    assert_string_equal(metric_labels(none, sizeof(none), 0, NULL), "");
}

static void histogram_buckets_are_cumulative_and_upper_bounds_inclusive(void **state)
{
    (void)state;
    static const double bounds[] = {0.1, 1, 10};
    struct metric *metric = metric_histogram("t_seconds", "Time.", "job=\"x\"", bounds, 3);
    static const double seen[] = {-1, 0.1, 0.11, 1, 1.5, 10, 10.5, INFINITY};
    for (size_t i = 0; i < 7; i++)
        metric_observe(metric, seen[i]);
    assert_true(has_line("# TYPE t_seconds histogram"));
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"0.1\"} 2"));
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"1\"} 4"));
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"10\"} 6"));
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"+Inf\"} 7"));
    assert_true(has_line("t_seconds_count{job=\"x\"} 7"));
    assert_true(fabs(metric_value(metric) - 22.21) < 1e-9);
    metric_observe(metric, seen[7]);
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"10\"} 6"));
    assert_true(has_line("t_seconds_bucket{job=\"x\",le=\"+Inf\"} 8"));
    metric_observe(metric_histogram("t_bare_seconds", "Time.", NULL, bounds, 3), 0.5);
    assert_true(has_line("t_bare_seconds_bucket{le=\"1\"} 1"));
    assert_true(has_line("t_bare_seconds_sum 0.5"));
    assert_true(has_line("t_bare_seconds_count 1"));
}

static void latency_bounds_ascend_from_a_millisecond_to_five_minutes(void **state)
{
    (void)state;
    assert_true(metric_latency_bounds[0] == 0.001);
    assert_true(metric_latency_bounds[metric_latency_bound_count - 1] == 300);
    for (size_t i = 1; i < metric_latency_bound_count; i++) {
        const double ratio = metric_latency_bounds[i] / metric_latency_bounds[i - 1];
        assert_true(ratio > 1.15 && ratio < 1.35);
    }
}

/** Adds, observes, looks up and writes. */
static void *work(void *unused)
{
    (void)unused;
    static const double bounds[] = {0.5};
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(metric_counter("t_threads_total", "Threads.", "shared=\"yes\""), 1);
        metric_observe(metric_histogram("t_threads_seconds", "Threads.", NULL, bounds, 1), i % 2);
        if (i % 1000 == 0)
            free(written());
    }
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(has_line("t_threads_total{shared=\"yes\"} 80000"));
    assert_true(has_line("t_threads_seconds_bucket{le=\"0.5\"} 40000"));
    assert_true(has_line("t_threads_seconds_count 80000"));
    assert_true(has_line("t_threads_seconds_sum 40000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_is_made_once_and_found_again),
        cmocka_unit_test(series_of_a_name_stand_together_under_one_help_and_type),
        cmocka_unit_test(values_are_exact_and_special_ones_have_names),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(labels_that_do_not_fit_leave_whole_pairs),
        cmocka_unit_test(histogram_buckets_are_cumulative_and_upper_bounds_inclusive),
        cmocka_unit_test(latency_bounds_ascend_from_a_millisecond_to_five_minutes),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
