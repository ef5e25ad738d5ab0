#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/planner.h"
#include "temp_config.h"

/** A job of Yahoo's chart with `more` at its end. */
#define CHART_JOB(more)                                                                                                          \
    "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1' }\n"                                                                  \
    "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n"                                                                     \
    "jobs:\n  prices: { provider: yahoo, endpoint: chart, every_s: 60" more " }\n"

/** Checks that the jobs of `yaml` are refused at their binding, with `words` in the message. */
static void assert_refused(const char *yaml, const char *words)
{
    struct error error = {0};
    struct config *config = temp_config(yaml);
    struct planner *planner = planner_new(config, 1, &error);
    assert_null(planner);
    assert_int_equal(error.code, ERROR_USAGE);
    if (strstr(error.message, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, error.message);
    }
    config_free(config);
}

static void parameters_of_a_job_are_read_in_their_order(void **state)
{
    (void)state;
    struct config *config = temp_config(CHART_JOB(", params: { function: SMA, time_period: 20 }"));
    const struct job_settings *job = &config->jobs[0];
    assert_int_equal(job->param_count, 2);
    assert_string_equal(job->params[0].name, "function");
    assert_string_equal(job->params[0].value, "SMA");
    assert_string_equal(job->params[1].name, "time_period");
    assert_string_equal(job->params[1].value, "20");
    const struct request_spec spec = {.params = job->params, .param_count = job->param_count};
    assert_string_equal(request_param(&spec, "time_period", "10"), "20");
    assert_string_equal(request_param(&spec, "series_type", "close"), "close");
    config_free(config);
}

static void parameter_that_the_endpoint_does_not_take_is_refused(void **state)
{
    (void)state;
    assert_refused(CHART_JOB(", params: { page: 2 }"), "jobs.prices.params: chart takes no parameter 'page'");
}

#define SPARK_JOB(fallback)                                                                                                      \
    "providers:\n  yahoo: { base_url: 'http://127.0.0.1:1' }\n"                                                                  \
    "assets:\n  equity:AAPL: { symbols: { yahoo: AAPL } }\n"                                                                     \
    "jobs:\n  prices: { provider: yahoo, endpoint: spark, every_s: 60, fallback: " fallback " }\n"

static void fallback_must_be_another_endpoint_that_takes_as_many_assets(void **state)
{
    (void)state;
    assert_refused(SPARK_JOB("quot"), ":6: jobs.prices.fallback: yahoo has no endpoint 'quot'; did you mean quote?");
    assert_refused(SPARK_JOB("spark"), "jobs.prices.fallback: 'spark' cannot stand in for 'spark'");
    assert_refused(SPARK_JOB("chart"), "jobs.prices.fallback: 'chart' cannot stand in for 'spark'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_of_a_job_are_read_in_their_order),
        cmocka_unit_test(parameter_that_the_endpoint_does_not_take_is_refused),
        cmocka_unit_test(fallback_must_be_another_endpoint_that_takes_as_many_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
