#include "base/startup.h"

#include <getopt.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/log.h"
#include "base/yaml.h"

#define SWITCHES_MAX 16
#define EXIT_USAGE 2

enum flag { FLAG_CONFIG, FLAG_SET, FLAG_HELP, FLAG_VERSION, COMMON_FLAGS };

static const struct option common_flags[COMMON_FLAGS] = {
    [FLAG_CONFIG] = {"config", required_argument, NULL, 0},
    [FLAG_SET] = {"set", required_argument, NULL, 0},
    [FLAG_HELP] = {"help", no_argument, NULL, 0},
    [FLAG_VERSION] = {"version", no_argument, NULL, 0},
};

static const char common_help[] =
    "  --config FILE     the configuration; else $QUOTEBUS_CONFIG, config/quotebus.yaml or /etc/quotebus/quotebus.yaml\n"
    "  --set PATH=VALUE  sets one value, e.g. --set log.level=debug; may be given again. The same by environment:\n"
    "                    QUOTEBUS_LOG_LEVEL=debug (dots and dashes become _)\n"
    "  --help            this text\n"
    "  --version         version of the program and of libraries\n";

/** What the command line says. */
struct command_line {
    struct option flags[COMMON_FLAGS + SWITCHES_MAX + 1]; /* common ones, the stage's switches, a zeroed end */
    struct config_options options;
    const char **settings; /* room for all that argv could give */
    bool help;
    bool version;
};

/** Writes the help to stdout. */
static void print_help(const struct startup_spec *spec)
{
    printf("%s\nquotebus-%s: %s\n\nusage: quotebus-%s [flags]\n\n", spec->examples, spec->stage, spec->summary, spec->stage);
    for (size_t i = 0; i < spec->switch_count; i++)
        printf("  %-16s  %s\n", spec->switches[i].name, spec->switches[i].help);
    fputs(common_help, stdout);
}

/** Writes the version to stdout. */
static void print_version(const struct startup_spec *spec)
{
    printf("quotebus-%s %s\nlibmicrohttpd %s, libyaml %s\n", spec->stage, QUOTEBUS_VERSION, MHD_get_version(),
           yaml_get_version_string());
}

/** Writes one line to stderr, and where help is. Returns false. */
static bool PRINTF_LIKE(2, 3) usage_error(const struct startup_spec *spec, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "quotebus-%s: ", spec->stage);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nquotebus-%s --help shows the flags\n", spec->stage);
    va_end(args);
    return false;
}

/** A flag that is none: names the nearest one. */
static bool unknown_flag(const struct startup_spec *spec, const struct command_line *line, const char *text)
{
    const char *names[COMMON_FLAGS + SWITCHES_MAX];
    char word[64];
    size_t count = 0;
    for (const struct option *flag = line->flags; flag->name; flag++)
        names[count++] = flag->name;
    const char *name = text + strspn(text, "-");
    snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "="), name);
    const char *nearest = nearest_word(word, names, count);
    return usage_error(spec, "%.100s: unknown flag%s%s%s", text, nearest ? "; did you mean --" : "", nearest ? nearest : "",
                       nearest ? "?" : "");
}

/** Takes over one of the stage's own flags. */
static void take_switch(const struct startup_switch *given)
{
    if (given->text)
        *given->text = optarg;
    else
        *given->value = true;
}

/** Takes over one flag that getopt has recognised. */
static void take_flag(const struct startup_spec *spec, struct command_line *line, int index)
{
    switch (index) {
    case FLAG_CONFIG:
        line->options.path = optarg;
        break;
    case FLAG_SET:
        line->settings[line->options.setting_count++] = optarg;
        break;
    case FLAG_HELP:
        line->help = true;
        break;
    case FLAG_VERSION:
        line->version = true;
        break;
    default:
        take_switch(&spec->switches[index - COMMON_FLAGS]);
    }
}

/** Reads argv. False after a wrong flag, which is reported. */
static bool parse_flags(const struct startup_spec *spec, int argc, char **argv, struct command_line *line)
{
    memcpy(line->flags, common_flags, sizeof(common_flags));
    for (size_t i = 0; i < spec->switch_count; i++)
        line->flags[COMMON_FLAGS + i] = (struct option){.name = spec->switches[i].name + 2,
                                                        .has_arg = spec->switches[i].text ? required_argument : no_argument};
    optind = 0;
    for (;;) {
        int index = 0;
        /* The colon keeps getopt silent and tells a missing value from an unknown flag; the plus keeps argv in order, so that the
         * word at fault is the one before optind. */
        const int got = getopt_long(argc, argv, "+:h", line->flags, &index);
        if (got == -1)
            break;
        if (got == ':')
            return usage_error(spec, "%.100s needs a value", argv[optind - 1]);
        if (got == '?')
            return unknown_flag(spec, line, argv[optind - 1]);
        take_flag(spec, line, got == 'h' ? FLAG_HELP : index);
    }
    return optind >= argc || usage_error(spec, "%.100s: only flags are taken", argv[optind]);
}

/** Sets up the log from the configuration. */
static bool configure_log(const struct config *config, struct error *error)
{
    const struct log_settings *log = &config->log;
    const enum log_format format = strcmp(log->format, "json") == 0 ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
    return log_configure(format, log->level, (const char *const *)log->components.items, log->components.count, error) ||
           error_prefix(error, "%s", config->path);
}

/** Loads the configuration and sets up the log. NULL after an error, which is reported. */
static struct config *load(const struct startup_spec *spec, const struct config_options *options)
{
    struct error error = {0};
    struct config *config = config_load(options, &error);
    if (config && configure_log(config, &error))
        return config;
    config_free(config);
    fprintf(stderr, "quotebus-%s: %s\n", spec->stage, error.message);
    return NULL;
}

struct config *startup(const struct startup_spec *spec, int argc, char **argv, int *exit_status)
{
    struct config *config = NULL;
    struct command_line line = {.settings = xcalloc((size_t)argc + 1, sizeof(*line.settings))};
    line.options.settings = line.settings;
    *exit_status = EXIT_USAGE;
    log_set_stage(spec->stage);
    if (!parse_flags(spec, argc, argv, &line))
        goto out;
    if (line.help || line.version) {
        *exit_status = EXIT_SUCCESS;
        if (line.help)
            print_help(spec);
        else
            print_version(spec);
        goto out;
    }
    config = load(spec, &line.options);
    if (config)
        *exit_status = EXIT_SUCCESS;
out:
    free(line.settings);
    return config;
}

struct config *startup_again(const struct startup_spec *spec, int argc, char **argv, struct error *error)
{
    struct command_line line = {.settings = xcalloc((size_t)argc + 1, sizeof(*line.settings))};
    line.options.settings = line.settings;
    const bool same = parse_flags(spec, argc, argv, &line);
    struct config *config = same ? config_load(&line.options, error) : NULL;
    free(line.settings);
    return config;
}
