#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/startup.h"

#define ARGS_MAX 8
#define CONFIG SOURCE_DIR "/config/quotebus.yaml"

static bool migrate;
static const struct startup_switch switches[] = {{"--migrate", "applies the migrations and ends", &migrate, NULL}};
static const struct startup_spec spec = {.stage = "persist",
                                         .summary = "stores clean records in PostgreSQL",
                                         .examples = "  quotebus-persist --migrate   # first\n",
                                         .switches = switches,
                                         .switch_count = 1};

/** What one run of startup gave. */
struct outcome {
    struct config *config;
    int status;
    char out[4096];
    char err[4096];
};

/** Points a descriptor at an empty file; returns the old one. */
static int redirect(int fd, FILE *file)
{
    const int saved = dup(fd);
    dup2(fileno(file), fd);
    return saved;
}

/** Puts a descriptor back and reads what went into the file. */
static void restore(int fd, int saved, FILE *file, char *text, size_t size)
{
    dup2(saved, fd);
    close(saved);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/** Runs startup with up to six arguments and catches its output. */
static struct outcome run(const char *const *arguments)
{
    struct outcome outcome = {0};
    char *argv[ARGS_MAX] = {(char[]){"quotebus-persist"}};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    migrate = false;
    FILE *out = tmpfile(), *err = tmpfile();
    fflush(stdout);
    const int saved_out = redirect(STDOUT_FILENO, out), saved_err = redirect(STDERR_FILENO, err);
    outcome.config = startup(&spec, argc, argv, &outcome.status);
    fflush(stdout);
    fflush(stderr);
    restore(STDOUT_FILENO, saved_out, out, outcome.out, sizeof(outcome.out));
    restore(STDERR_FILENO, saved_err, err, outcome.err, sizeof(outcome.err));
    for (int i = 1; i < argc; i++)
        free(argv[i]);
    return outcome;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

/** A wrong command line: status 2, nothing on stdout, and these words on stderr. */
static void assert_refused(struct outcome outcome, const char *words)
{
    assert_null(outcome.config);
    assert_int_equal(outcome.status, 2);
    assert_string_equal(outcome.out, "");
    if (!strstr(outcome.err, words))
        fail_msg("'%s' is not in: %s", words, outcome.err);
}

static void help_begins_with_examples_and_lists_every_flag(void **state)
{
    (void)state;
    const struct outcome outcome = RUN("--help");
    assert_null(outcome.config);
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_ptr_equal(strstr(outcome.out, spec.examples), outcome.out);
    static const char *const words[] = {"--migrate", "--config", "--set", "--help", "--version", "persist: stores"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_non_null(strstr(outcome.out, words[i]));
    assert_string_equal(RUN("-h").out, outcome.out);
}

static void version_names_the_program_and_needs_no_configuration(void **state)
{
    (void)state;
    const struct outcome outcome = RUN("--config", "/does/not/exist.yaml", "--version");
    assert_null(outcome.config);
    assert_int_equal(outcome.status, 0);
    assert_ptr_equal(strstr(outcome.out, "quotebus-persist " QUOTEBUS_VERSION "\n"), outcome.out);
}

static void unknown_flag_names_the_nearest_one(void **state)
{
    (void)state;
    assert_refused(RUN("--migarte"), "--migarte: unknown flag; did you mean --migrate?");
    assert_refused(RUN("--confg=x"), "did you mean --config?");
    assert_refused(RUN("--no-such-flag"), "--no-such-flag: unknown flag\n");
    assert_refused(RUN("-x"), "unknown flag");
}

static void missing_value_and_stray_word_are_refused(void **state)
{
    (void)state;
    assert_refused(RUN("--set"), "--set needs a value");
    assert_refused(RUN("start"), "start: only flags are taken");
    assert_refused(RUN("--migrate", "now", "--help"), "now: only flags are taken");
}

static void wrong_setting_is_refused(void **state)
{
    (void)state;
    assert_refused(RUN("--config", CONFIG, "--set", "nonsense"), "--set nonsense: write --set path=value");
    assert_refused(RUN("--config", CONFIG, "--set", "kafka.no_such_key=1"), "kafka.no_such_key: there is no such setting");
    assert_refused(RUN("--config", "/does/not/exist.yaml"), "/does/not/exist.yaml");
    assert_refused(RUN("--config", CONFIG, "--set", "log.components=x"), CONFIG ": log component 'x'");
}

static void configuration_is_loaded_and_the_log_is_set_up(void **state)
{
    (void)state;
    struct outcome outcome =
        RUN("--config", CONFIG, "--migrate", "--set", "log.level=warn", "--set=log.components=ingest.fetch=debug");
    assert_non_null(outcome.config);
    assert_int_equal(outcome.status, 0);
    assert_true(migrate);
    config_free(outcome.config);
    /* The levels outlive the configuration, since a reload frees it. */
    assert_false(log_enabled(LOG_LEVEL_INFO, "ingest"));
    assert_true(log_enabled(LOG_LEVEL_DEBUG, "ingest.fetch"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_begins_with_examples_and_lists_every_flag),
        cmocka_unit_test(version_names_the_program_and_needs_no_configuration),
        cmocka_unit_test(unknown_flag_names_the_nearest_one),
        cmocka_unit_test(missing_value_and_stray_word_are_refused),
        cmocka_unit_test(wrong_setting_is_refused),
        cmocka_unit_test(configuration_is_loaded_and_the_log_is_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
