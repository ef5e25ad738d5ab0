#include "cli/command_line.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/yaml.h"

/** Most words among which the nearest is looked for. */
#define WORDS_MAX 64

enum common { COMMON_CONFIG, COMMON_SET, COMMON_JSON, COMMON_VERBOSE, COMMON_HELP, COMMON_VERSION };

static const struct command_option common_table[] = {
    [COMMON_CONFIG] = {"--config", 0, "FILE",
                       "configuration ($QUOTEBUS_CONFIG, config/quotebus.yaml, /etc/quotebus/quotebus.yaml)"},
    [COMMON_SET] = {"--set", 0, "PATH=VALUE", "sets one value of the configuration, e.g. kafka.brokers=host:9092; repeatable"},
    [COMMON_JSON] = {"--json", 0, NULL, "for machines: one JSON object per line"},
    [COMMON_VERBOSE] = {"--verbose", 'v', NULL, "the clients' log goes to stderr, as log.level says"},
    [COMMON_HELP] = {"--help", 'h', NULL, "shows this help"},
    [COMMON_VERSION] = {"--version", 'V', NULL, "shows the versions of quotebus and its libraries"},
};
#define COMMON_COUNT (sizeof(common_table) / sizeof(common_table[0]))

/** What is left to read. */
struct parse {
    const struct command *const *table;
    int argc;
    int at; /* next word */
    char **argv;
    bool options_ended; /* behind `--` */
};

const struct command_option *common_options(size_t *count)
{
    *count = COMMON_COUNT;
    return common_table;
}

const char *invocation_option(const struct invocation *call, const char *name)
{
    for (size_t i = 0; i < call->command->option_count; i++) {
        if (strcmp(call->command->options[i].name, name) == 0)
            return call->values[i];
    }
    assert(!"a command asks for an option that is not in its table");
    return NULL;
}

/** An option of a table by its long name or letter: its row, or -1. */
static int find_option(const struct command_option *options, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        const bool is_letter = name.len == 2 && options[i].letter && name.ptr[1] == options[i].letter;
        if (is_letter || str_is(name, options[i].name))
            return (int)i;
    }
    return -1;
}

/** Fails on a command that does not exist. */
static bool unknown_command(const struct command *const *table, const char *word, struct error *error)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    for (; count < WORDS_MAX && table[count]; count++)
        words[count] = table[count]->name;
    const char *nearest = nearest_word(word, words, count);
    if (nearest)
        return error_set(error, ERROR_USAGE, "there is no command '%.60s': did you mean '%s'?", word, nearest);
    return error_set(error, ERROR_USAGE, "there is no command '%.60s': quotebus --help lists them", word);
}

/** Fails on an option that neither the command nor all commands have. */
static bool unknown_option(const struct command *command, struct str name, struct error *error)
{
    const char *words[WORDS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < COMMON_COUNT; i++)
        words[count++] = common_table[i].name;
    for (size_t i = 0; command && i < command->option_count; i++)
        words[count++] = command->options[i].name;
    char word[64];
    const size_t len = name.len < sizeof(word) - 1 ? name.len : sizeof(word) - 1;
    memcpy(word, name.ptr, len);
    word[len] = '\0';
    const char *nearest = nearest_word(word, words, count);
    const char *of = command ? command->name : "";
    if (nearest)
        return error_set(error, ERROR_USAGE, "there is no option '%s': did you mean '%s'?", word, nearest);
    return error_set(error, ERROR_USAGE, "there is no option '%s': quotebus %s%s--help lists them", word, of, *of ? " " : "");
}

/** Keeps the value of a common option. */
static bool keep_common(struct command_line *line, enum common which, const char *value, struct error *error)
{
    switch (which) {
    case COMMON_CONFIG:
        line->config_path = value;
        return true;
    case COMMON_SET:
        if (line->setting_count == SETTINGS_MAX)
            return error_set(error, ERROR_USAGE, "--set is given more than %d times: write a configuration file instead",
                             SETTINGS_MAX);
        line->settings[line->setting_count++] = value;
        return true;
    case COMMON_JSON:
        line->call.json = true;
        return true;
    case COMMON_VERBOSE:
        line->verbose = true;
        return true;
    case COMMON_HELP:
        line->help = true;
        return true;
    case COMMON_VERSION:
        line->version = true;
        return true;
    }
    return false;
}

/** Splits `--name=value` and `-nvalue`; *value is NULL where the value is the next word, if there is to be one. */
static struct str option_name(const char *word, const char **value)
{
    const char *equals = strchr(word, '=');
    *value = NULL;
    if (word[1] != '-') {
        *value = word[2] ? word + 2 : NULL;
        return (struct str){.ptr = word, .len = 2};
    }
    if (!equals)
        return str_from(word);
    *value = equals + 1;
    return (struct str){.ptr = word, .len = (size_t)(equals - word)};
}

/** The value of an option: what stood beside its name, else the next word; "" for a switch. NULL: there is none, or one too many.
 */
static const char *option_value(struct parse *parse, const struct command_option *option, const char *beside, struct error *error)
{
    if (!option->argument) {
        if (beside)
            error_set(error, ERROR_USAGE, "option %s takes no value", option->name);
        return beside ? NULL : "";
    }
    if (beside)
        return beside;
    if (parse->at < parse->argc)
        return parse->argv[parse->at++];
    error_set(error, ERROR_USAGE, "option %s needs a value: %s %s", option->name, option->name, option->argument);
    return NULL;
}

/** Reads one option and its value. */
static bool parse_option(struct parse *parse, const char *word, struct command_line *line, struct error *error)
{
    const char *beside;
    const struct str name = option_name(word, &beside);
    const struct command *command = line->call.command;
    const int own = command ? find_option(command->options, command->option_count, name) : -1;
    const int common = own < 0 ? find_option(common_table, COMMON_COUNT, name) : -1;
    if (own < 0 && common < 0)
        return unknown_option(command, name, error);
    const struct command_option *option = own >= 0 ? &command->options[own] : &common_table[common];
    const char *value = option_value(parse, option, beside, error);
    if (!value)
        return false;
    if (own < 0)
        return keep_common(line, (enum common)common, value, error);
    line->call.values[own] = value;
    return true;
}

/** Takes a word that is no option: the command first, then its arguments. */
static bool parse_word(const struct parse *parse, const char *word, struct command_line *line, struct error *error)
{
    struct invocation *call = &line->call;
    if (!call->command && strcmp(word, "help") == 0) {
        line->help = true;
        return true;
    }
    if (!call->command) {
        for (size_t i = 0; parse->table[i] && !call->command; i++) {
            if (strcmp(parse->table[i]->name, word) == 0)
                call->command = parse->table[i];
        }
        return call->command || unknown_command(parse->table, word, error);
    }
    if (call->argument_count == call->command->argument_max)
        return error_set(error, ERROR_USAGE, "'%.60s' is one word too many for quotebus %s %s", word, call->command->name,
                         call->command->arguments);
    call->arguments[call->argument_count++] = word;
    return true;
}

bool command_line_parse(const struct command *const *table, int argc, char **argv, struct command_line *line, struct error *error)
{
    *line = (struct command_line){0};
    struct parse parse = {.table = table, .argc = argc, .argv = argv, .at = 1};
    while (parse.at < argc) {
        const char *word = argv[parse.at++];
        if (!parse.options_ended && strcmp(word, "--") == 0) {
            parse.options_ended = true;
            continue;
        }
        const bool is_option = !parse.options_ended && word[0] == '-' && word[1] != '\0';
        if (is_option ? !parse_option(&parse, word, line, error) : !parse_word(&parse, word, line, error))
            return false;
    }
    const struct invocation *call = &line->call;
    if (line->help || line->version)
        return true;
    if (!call->command)
        return error_set(error, ERROR_USAGE, "which command? quotebus --help lists them");
    if (call->argument_count < call->command->argument_min)
        return error_set(error, ERROR_USAGE, "quotebus %s needs %s", call->command->name, call->command->arguments);
    return true;
}
