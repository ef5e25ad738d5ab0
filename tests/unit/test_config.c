#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/config.h"

static void default_configuration_loads(void **state)
{
    (void)state;
    struct error error = {0};
    const struct config_options options = {.path = SOURCE_DIR "/config/quotebus.yaml"};
    struct config *config = config_load(&options, &error);
    assert_string_equal(error.message, "");
    assert_non_null(config);
    assert_int_equal(config->provider_count, 3);
    assert_string_equal(config->ingest.http.listen, "127.0.0.1:9701");
    config_free(config);
}

static void recordings_configuration_loads(void **state)
{
    (void)state;
    struct error error = {0};
    const struct config_options options = {.path = SOURCE_DIR "/compose/recordings.yaml"};
    struct config *config = config_load(&options, &error);
    assert_string_equal(error.message, "");
    assert_non_null(config);
    assert_string_equal(config->kafka.topics_file, SOURCE_DIR "/compose/../schemas/topics.yaml");
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_configuration_loads),
        cmocka_unit_test(recordings_configuration_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
