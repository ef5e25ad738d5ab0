/* What the command line says about configuration, health and the machine: secrets, limits, completion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/checkup.h"
#include "cli/completion.h"
#include "cli/config_list.h"
#include "cli/health.h"
#include "tests/unit/temp_config.h"

/** A buffer as text; freed by the caller. */
static char *text_of(struct buf *buf)
{
    buf_append(buf, "", 1);
    return (char *)buf->data;
}

/** Asserts how a field is shown. */
static void assert_shown(const char *path, const char *value, const char *shown)
{
    struct buf out = {0};
    config_masked(&out, path, value);
    assert_string_equal(text_of(&out), shown);
    buf_clear(&out);
}

static void passwords_are_masked_and_the_rest_is_shown(void **state)
{
    (void)state;
    assert_shown("postgres.conninfo", "host=db password=geheim user=q", "user=q password=******** host=db");
    assert_shown("postgres.conninfo", "postgresql://q:geheim@db/quotes", "user=q password=******** dbname=quotes host=db");
    assert_shown("postgres.conninfo", "not a connection string", "********");
    assert_shown("kafka.properties", "sasl.username=u, ssl.key.password=p,linger.ms=5",
                 "sasl.username=u, ssl.key.password=********,linger.ms=5");
    assert_shown("providers.yahoo.api_key_env", "YAHOO_KEY", "YAHOO_KEY");
}

static const char yaml[] = "kafka: { brokers: 'b:1', properties: [a=1, b=2] }\n"
                           "providers:\n  yahoo: { base_url: https://x }\n"
                           "assets:\n  crypto:BTC: { symbols: { yahoo: BTC-USD } }\n";

/** Writes the configuration of these tests and lists a part of it. */
static bool list_fields(const char *prefix, const char *const *settings, size_t setting_count, struct grid *grid,
                        struct error *error)
{
    char path[] = "/tmp/quotebus-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
    close(fd);
    grid_init(grid, config_list_columns, config_list_column_count);
    const struct config_options source = {.path = path, .settings = settings, .setting_count = setting_count};
    const bool ok = config_list_gather(&source, prefix, grid, error);
    unlink(path);
    return ok;
}

static void each_value_says_where_it_comes_from(void **state)
{
    (void)state;
    struct grid grid;
    struct error error = {0};
    const char *settings[] = {"kafka.topic_prefix=x."};
    assert_true(list_fields("kafka", settings, 1, &grid, &error));
    assert_int_equal(grid_rows(&grid), 4);
    assert_string_equal(grid_cell_text(&grid, 0, 0), "kafka.brokers");
    assert_string_equal(grid_cell_text(&grid, 0, 1), "b:1");
    assert_string_equal(grid_cell_text(&grid, 0, 2), "line 1");
    assert_string_equal(grid_cell_text(&grid, 1, 2), "--set");
    assert_string_equal(grid_cell_text(&grid, 2, 2), "default");
    assert_string_equal(grid_cell_text(&grid, 3, 1), "a=1, b=2");
    grid_clear(&grid);
}

static void a_field_that_is_not_there_names_the_nearest(void **state)
{
    (void)state;
    struct grid grid;
    struct error error = {0};
    assert_false(list_fields("kafka.brokres", NULL, 0, &grid, &error));
    assert_non_null(strstr(error.message, "kafka.brokers"));
    grid_clear(&grid);
}

/** Data of a pipeline where all is fine. */
static void fine_data(struct status_data *data)
{
    status_data_init(data);
    grid_text(&data->stages, "validate");
    grid_text(&data->stages, "ready");
    for (size_t i = 2; i < data->stages.column_count; i++)
        grid_text(&data->stages, NULL);
    grid_text(&data->lag, "validate");
    grid_text(&data->lag, "quotes.raw");
    grid_number(&data->lag, 5);
    grid_number(&data->lag, 100);
    grid_text(&data->prices, "crypto:BTC");
    for (size_t i = 1; i < data->prices.column_count; i++)
        grid_number(&data->prices, 7);
}

static const struct health_limits limits = {.lag_warning = 10,
                                            .lag_critical = 100,
                                            .age_warning_s = 60,
                                            .age_critical_s = 600,
                                            .letters_warning = 1,
                                            .letters_critical = 1000};

/** Judges, checks that the line has a text, and clears. */
static enum health judged(struct status_data *data, const struct health_limits *by, const char *part)
{
    struct buf line = {0};
    const enum health health = health_judge(data, by, &line);
    const char *text = text_of(&line);
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
    buf_clear(&line);
    status_data_clear(data);
    return health;
}

static void health_is_ok_with_figures_when_nothing_is_wrong(void **state)
{
    (void)state;
    struct status_data data;
    fine_data(&data);
    assert_int_equal(judged(&data, &limits, "| lag=5;10;100;0 dead_letters=0;1;1000;0 newest_price_age=7s;60;600;0 assets=1"),
                     HEALTH_OK);
}

static void health_is_as_bad_as_its_worst_part(void **state)
{
    (void)state;
    struct status_data data;
    struct health_limits tight = limits;
    fine_data(&data);
    tight.lag_warning = 5;
    assert_int_equal(judged(&data, &tight, "WARNING - lag: 5"), HEALTH_WARNING);
    fine_data(&data);
    tight.age_critical_s = 7;
    assert_int_equal(judged(&data, &tight, "lag: 5; newest_price_age: 7s"), HEALTH_CRITICAL);
}

static void what_does_not_answer_is_critical_and_its_figures_are_not_told(void **state)
{
    (void)state;
    struct status_data data;
    fine_data(&data);
    data.components[COMPONENT_KAFKA].code = ERROR_UNREACHABLE;
    assert_int_equal(judged(&data, &limits, "CRITICAL - kafka: does not answer | newest_price_age"), HEALTH_CRITICAL);
    fine_data(&data);
    grid_reset(&data.prices);
    assert_int_equal(judged(&data, &limits, "prices: there is none yet"), HEALTH_CRITICAL);
}

static void clocks_and_disks_are_judged_on_both_sides_of_their_limits(void **state)
{
    (void)state;
    assert_int_equal(clock_difference_state(-0.99), CHECK_OK);
    assert_int_equal(clock_difference_state(-1.0), CHECK_WARNING);
    assert_int_equal(clock_difference_state(5.0), CHECK_FAILED);
    assert_int_equal(disk_state(10, 100), CHECK_OK);
    assert_int_equal(disk_state(9.9, 100), CHECK_WARNING);
    assert_int_equal(disk_state(2.9, 100), CHECK_FAILED);
    assert_int_equal(disk_state(0, 0), CHECK_FAILED);
}

static void scram_on_an_old_client_gets_a_hint(void **state)
{
    (void)state;
    char *items[] = {(char[]){"sasl.mechanism=SCRAM-SHA-512"}};
    const struct string_list scram = {.items = items, .count = 1};
    assert_non_null(client_version_hint(0x020002ff, &scram));
    assert_null(client_version_hint(0x020601ff, &scram));
    assert_null(client_version_hint(0x020002ff, &(struct string_list){0}));
}

static void every_shell_completes_every_command(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    struct error error = {0};
    for (size_t i = 0; i < 3; i++) {
        struct buf out = {0};
        assert_true(completion_write(&out, commands, shells[i], &error));
        const char *text = text_of(&out);
        for (size_t j = 0; commands[j]; j++)
            assert_non_null(strstr(text, commands[j]->name));
        assert_non_null(strstr(text, "apply"));
        buf_clear(&out);
    }
    struct buf out = {0};
    assert_false(completion_write(&out, commands, "tcsh", &error));
    assert_int_equal(error.code, ERROR_USAGE);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_are_masked_and_the_rest_is_shown),
        cmocka_unit_test(each_value_says_where_it_comes_from),
        cmocka_unit_test(a_field_that_is_not_there_names_the_nearest),
        cmocka_unit_test(health_is_ok_with_figures_when_nothing_is_wrong),
        cmocka_unit_test(health_is_as_bad_as_its_worst_part),
        cmocka_unit_test(what_does_not_answer_is_critical_and_its_figures_are_not_told),
        cmocka_unit_test(clocks_and_disks_are_judged_on_both_sides_of_their_limits),
        cmocka_unit_test(scram_on_an_old_client_gets_a_hint),
        cmocka_unit_test(every_shell_completes_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
