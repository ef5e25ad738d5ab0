#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/command_line.h"
#include "cli/usage.h"

static const struct command_option look_options[] = {
    {"--from", 0, "WHERE", "where it begins"}, {"--max", 'n', "N", "how many"}, {"--follow", 'f', NULL, "goes on"}};
static const struct command look = {.name = "look",
                                    .summary = "looks at a topic",
                                    .arguments = "TOPIC",
                                    .examples = "  quotebus look quotes.raw\n",
                                    .options = look_options,
                                    .option_count = 3,
                                    .argument_min = 1,
                                    .argument_max = 1};
static const struct command count = {.name = "count", .summary = "counts", .arguments = "", .examples = "  quotebus count\n"};
static const struct command *const table[] = {&look, &count, NULL};

static struct command_line line;
static struct error error;

/** Parses words, ended by NULL. */
static bool parse(const char *const *words)
{
    char *argv[16] = {(char *)"quotebus"};
    int argc = 1;
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    error = (struct error){0};
    return command_line_parse(table, argc, argv, &line, &error);
}
#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void options_are_taken_in_each_form_and_at_each_place(void **state)
{
    (void)state;
    assert_true(PARSE("--json", "look", "--from", "-10", "quotes.raw", "-n5", "--set", "a=b", "--set=c=d", "-f"));
    assert_ptr_equal(line.call.command, &look);
    assert_true(line.call.json);
    assert_string_equal(invocation_option(&line.call, "--from"), "-10");
    assert_string_equal(invocation_option(&line.call, "--max"), "5");
    assert_non_null(invocation_option(&line.call, "--follow"));
    assert_int_equal(line.setting_count, 2);
    assert_string_equal(line.settings[1], "c=d");
    assert_string_equal(line.call.arguments[0], "quotes.raw");
}

static void option_that_is_not_given_has_no_value(void **state)
{
    (void)state;
    assert_true(PARSE("look", "t", "--from=x"));
    assert_null(invocation_option(&line.call, "--follow"));
    assert_string_equal(invocation_option(&line.call, "--from"), "x");
}

static void word_behind_two_dashes_is_no_option(void **state)
{
    (void)state;
    assert_true(PARSE("look", "--", "--from"));
    assert_string_equal(line.call.arguments[0], "--from");
}

static void unknown_command_names_the_nearest(void **state)
{
    (void)state;
    assert_false(PARSE("lok", "quotes.raw"));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "'lok'"));
    assert_non_null(strstr(error.message, "did you mean 'look'"));
}

static void unknown_option_names_the_nearest(void **state)
{
    (void)state;
    assert_false(PARSE("look", "quotes.raw", "--folow"));
    assert_non_null(strstr(error.message, "did you mean '--follow'"));
    assert_false(PARSE("count", "--jsno"));
    assert_non_null(strstr(error.message, "did you mean '--json'"));
}

static void option_of_another_command_is_refused(void **state)
{
    (void)state;
    assert_false(PARSE("count", "--from", "x"));
    assert_non_null(strstr(error.message, "'--from'"));
}

static void missing_and_superfluous_words_are_refused(void **state)
{
    (void)state;
    assert_false(PARSE("look"));
    assert_non_null(strstr(error.message, "TOPIC"));
    assert_false(PARSE("look", "a", "b"));
    assert_non_null(strstr(error.message, "'b'"));
    assert_false(PARSE("look", "a", "--from"));
    assert_non_null(strstr(error.message, "--from needs a value"));
    assert_false(PARSE("look", "a", "--follow=yes"));
    assert_non_null(strstr(error.message, "takes no value"));
    assert_false(PARSE("--json"));
    assert_non_null(strstr(error.message, "which command"));
}

static void help_needs_nothing_else_to_be_right(void **state)
{
    (void)state;
    assert_true(PARSE("look", "--help"));
    assert_true(line.help);
    assert_ptr_equal(line.call.command, &look);
    assert_true(PARSE("help", "count"));
    assert_true(line.help);
    assert_ptr_equal(line.call.command, &count);
    assert_true(PARSE("--version"));
    assert_true(line.version);
}

static void too_many_settings_are_refused(void **state)
{
    (void)state;
    char *argv[2 * (SETTINGS_MAX + 1) + 1];
    argv[0] = (char *)"quotebus";
    for (size_t i = 0; i <= SETTINGS_MAX; i++) {
        argv[2 * i + 1] = (char *)"--set";
        argv[2 * i + 2] = (char *)"a=b";
    }
    assert_false(command_line_parse(table, 2 * (SETTINGS_MAX + 1) + 1, argv, &line, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

static void help_begins_with_examples_and_lists_everything(void **state)
{
    (void)state;
    struct buf text = {0};
    usage_write(&text, table, &look);
    buf_append(&text, "", 1);
    const char *help = (const char *)text.data;
    assert_int_equal(strncmp(help, "examples:\n  quotebus look quotes.raw\n", 36), 0);
    assert_non_null(strstr(help, "usage: quotebus look TOPIC [options]"));
    assert_non_null(strstr(help, "-n, --max N"));
    assert_non_null(strstr(help, "--set PATH=VALUE"));
    buf_reset(&text);
    usage_write(&text, table, NULL);
    buf_append(&text, "", 1);
    assert_non_null(strstr((const char *)text.data, "  count "));
    buf_clear(&text);
}

static void every_command_has_what_the_help_needs(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        assert_non_null(command->run);
        assert_non_null(strstr(command->examples, command->name));
        assert_true(command->option_count <= COMMAND_OPTIONS_MAX);
        assert_true(command->argument_max <= COMMAND_ARGUMENTS_MAX);
        for (size_t k = 0; k < command->option_count; k++)
            assert_int_equal(strncmp(command->options[k].name, "--", 2), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken_in_each_form_and_at_each_place),
        cmocka_unit_test(option_that_is_not_given_has_no_value),
        cmocka_unit_test(word_behind_two_dashes_is_no_option),
        cmocka_unit_test(unknown_command_names_the_nearest),
        cmocka_unit_test(unknown_option_names_the_nearest),
        cmocka_unit_test(option_of_another_command_is_refused),
        cmocka_unit_test(missing_and_superfluous_words_are_refused),
        cmocka_unit_test(help_needs_nothing_else_to_be_right),
        cmocka_unit_test(too_many_settings_are_refused),
        cmocka_unit_test(help_begins_with_examples_and_lists_everything),
        cmocka_unit_test(every_command_has_what_the_help_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
