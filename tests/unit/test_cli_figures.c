/* Figures that the command line computes: latencies from metrics, lag, books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/prometheus.h"
#include "cli/books.h"
#include "cli/lag.h"

static const char metrics[] = "# HELP process_cpu_seconds_total User and system time spent, seconds.\n"
                              "# TYPE process_cpu_seconds_total counter\n"
                              "process_cpu_seconds_total 12.5\n"
                              "process_cpu_seconds_total_more 99\n"
                              "calls_total{provider=\"a b\",x=\"le=\\\"1\\\"\"} 3\n"
                              "calls_total{provider=\"c\"} 4\n"
                              "latency_seconds_bucket{topic=\"x\",le=\"0.1\"} 10\n"
                              "latency_seconds_bucket{topic=\"x\",le=\"0.2\"} 30\n"
                              "latency_seconds_bucket{topic=\"x\",le=\"+Inf\"} 40\n"
                              "latency_seconds_sum{topic=\"x\"} 6\n"
                              "latency_seconds_count{topic=\"x\"} 40\n"
                              "latency_seconds_bucket{topic=\"y\",le=\"0.1\"} 10\n"
                              "latency_seconds_bucket{topic=\"y\",le=\"0.2\"} 50\n"
                              "latency_seconds_bucket{topic=\"y\",le=\"+Inf\"} 60\n"
                              "empty_seconds_bucket{le=\"+Inf\"} 0\n";

static void samples_of_a_metric_are_summed_over_their_labels(void **state)
{
    (void)state;
    double value;
    assert_true(prometheus_sum(metrics, "process_cpu_seconds_total", &value));
    assert_float_equal(value, 12.5, 1e-9);
    assert_true(prometheus_sum(metrics, "calls_total", &value));
    assert_float_equal(value, 7, 1e-9);
    assert_false(prometheus_sum(metrics, "nothing", &value));
    assert_false(prometheus_sum("", "nothing", &value));
}

static void quantile_lies_within_its_bucket(void **state)
{
    (void)state;
    double value;
    /* 100 observations: 20 up to 0.1, 80 up to 0.2. The 50th is the 30th of the 60 in the second bucket. */
    assert_true(prometheus_quantile(metrics, "latency_seconds", 0.5, &value));
    assert_float_equal(value, 0.15, 1e-9);
    assert_true(prometheus_quantile(metrics, "latency_seconds", 0.1, &value));
    assert_float_equal(value, 0.05, 1e-9);
}

static void quantile_above_all_bounds_is_the_largest_bound(void **state)
{
    (void)state;
    double value;
    assert_true(prometheus_quantile(metrics, "latency_seconds", 0.99, &value));
    assert_float_equal(value, 0.2, 1e-9);
}

static void nothing_observed_has_no_quantile(void **state)
{
    (void)state;
    double value;
    assert_false(prometheus_quantile(metrics, "empty_seconds", 0.5, &value));
    assert_false(prometheus_quantile(metrics, "missing_seconds", 0.5, &value));
}

static void lag_is_counted_from_the_committed_offset(void **state)
{
    (void)state;
    const struct partition_span span = {.topic = "t", .begin = 10, .end = 30};
    assert_int_equal(partition_lag(&span, 25, false), 5);
    assert_int_equal(partition_lag(&span, 30, false), 0);
    assert_int_equal(partition_lag(&span, -1, false), 20);
    assert_int_equal(partition_lag(&span, 3, false), 20); /* what retention removed is no lag */
    assert_int_equal(partition_lag(&span, 31, false), 0);
}

static void commit_marker_at_the_end_is_no_lag(void **state)
{
    (void)state;
    const struct partition_span span = {.topic = "t", .begin = 0, .end = 30};
    assert_int_equal(partition_lag(&span, 29, true), 0);
    assert_int_equal(partition_lag(&span, 28, true), 1);
    assert_int_equal(partition_lag(&span, 30, true), 0);
}

static void lag_of_a_stage_is_known_only_when_all_parts_are(void **state)
{
    (void)state;
    struct grid grid;
    int64_t total;
    grid_init(&grid, lag_columns, lag_column_count);
    static const char *const stages[] = {"validate", "persist", "persist"};
    for (size_t i = 0; i < 3; i++) {
        grid_text(&grid, stages[i]);
        grid_text(&grid, "t");
        grid_optional(&grid, i < 2, 5);
        grid_number(&grid, 100);
    }
    assert_true(lag_total(&grid, "validate", &total));
    assert_int_equal(total, 5);
    assert_false(lag_total(&grid, "persist", &total));
    assert_false(lag_total(&grid, NULL, &total));
    assert_false(lag_total(&grid, "ingest", &total));
    grid_clear(&grid);
}

static void books_balance_when_dead_letters_make_up_the_difference(void **state)
{
    (void)state;
    struct book books[BOOK_COUNT];
    books_init(books);
    assert_true(books_balance(books));
    books[0].came = 10;
    books[0].arrived = 9;
    assert_false(books_balance(books));
    books[0].letters = 1;
    assert_true(books_balance(books));
    books[0].arrived = 10; /* one too many is as wrong as one too few */
    assert_false(books_balance(books));
}

static void unbalanced_book_is_named_with_its_figures(void **state)
{
    (void)state;
    struct book books[BOOK_COUNT];
    struct buf text = {0};
    books_init(books);
    books[1].came = 7;
    books[1].arrived = 5;
    books_complain(&text, books);
    buf_append(&text, "", 1);
    assert_string_equal((const char *)text.data,
                        "quotes.clean does not balance: 7 records, but 5 in table quote and 0 dead letters\n");
    buf_clear(&text);
}

static void topic_whose_oldest_records_are_gone_is_not_compared(void **state)
{
    (void)state;
    struct book books[BOOK_COUNT];
    struct buf text = {0};
    books_init(books);
    books[1] = (struct book){.from = "quotes.clean", .to = "quote", .came = 3, .arrived = 900, .incomplete = true};
    assert_true(books_balance(books));
    books_json(&text, books);
    buf_append(&text, "", 1);
    assert_non_null(strstr((const char *)text.data, "\"arrived\":900,\"balanced\":null"));
    buf_reset(&text);
    books_complain(&text, books);
    buf_append(&text, "", 1);
    assert_non_null(strstr((const char *)text.data, "retention"));
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_of_a_metric_are_summed_over_their_labels),
        cmocka_unit_test(quantile_lies_within_its_bucket),
        cmocka_unit_test(quantile_above_all_bounds_is_the_largest_bound),
        cmocka_unit_test(nothing_observed_has_no_quantile),
        cmocka_unit_test(lag_is_counted_from_the_committed_offset),
        cmocka_unit_test(commit_marker_at_the_end_is_no_lag),
        cmocka_unit_test(lag_of_a_stage_is_known_only_when_all_parts_are),
        cmocka_unit_test(books_balance_when_dead_letters_make_up_the_difference),
        cmocka_unit_test(unbalanced_book_is_named_with_its_figures),
        cmocka_unit_test(topic_whose_oldest_records_are_gone_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
