/*
 * A configuration from a text, for unit tests: written to a temporary file, loaded, and removed again.
 */
#ifndef QUOTEBUS_TESTS_TEMP_CONFIG_H
#define QUOTEBUS_TESTS_TEMP_CONFIG_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"

/** Loads `yaml`; fails the test when it does not load. Freed with config_free. */
static inline struct config *temp_config(const char *yaml)
{
    char path[] = "/tmp/quotebus-test-XXXXXX";
    struct error error = {0};
    const struct config_options options = {.path = path};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_true(fputs(yaml, file) >= 0);
    fclose(file);
    struct config *config = config_load(&options, &error);
    unlink(path);
    if (config == NULL) {
        fail_msg("%s", error.message);
    }
    return config;
}

#endif
