#include "cli/completion.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "cli/command_line.h"
#include "cli/output.h"

/** Appends the words that the first argument of a command can be (`apply|diff|list`), with blanks between; nothing when it is
 * free. */
static void append_choices(struct buf *out, const struct command *command)
{
    const char *text = command->arguments;
    const size_t len = strcspn(text, " ");
    if (!memchr(text, '|', len) || !islower((unsigned char)*text))
        return;
    for (size_t i = 0; i < len; i++)
        buf_append(out, text[i] == '|' ? " " : &text[i], 1);
}

/** Whether the value of an option is the name of a file. */
static bool takes_file(const struct command_option *option)
{
    return option->argument && (strcmp(option->argument, "FILE") == 0 || strcmp(option->argument, "DIR") == 0);
}

/** Appends a text for single quotes: what would end them, and what the shell's own syntax of descriptions has, is left out. */
static void append_quoted(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            buf_append_str(out, STR("'\\''"));
        else if (*text == '[' || *text == ']' || *text == ':')
            buf_printf(out, "\\%c", *text);
        else
            buf_append(out, text, 1);
    }
}

/** Appends the long names of options, each with a blank before it. */
static void append_names(struct buf *out, const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(out, " %s", options[i].name);
}

/** Appends the options before a value of a certain kind as a pattern of `case`: `--from|--to`. */
static void append_pattern(struct buf *out, const struct command_option *options, size_t count, bool file, bool *first)
{
    for (size_t i = 0; i < count; i++) {
        if (!options[i].argument || takes_file(&options[i]) != file)
            continue;
        buf_printf(out, "%s%s", *first ? "" : "|", options[i].name);
        *first = false;
    }
}

/** Appends one line of `case "$prev"`: what follows the options of all commands that take a file, or another value. */
static void append_values(struct buf *out, const struct command *const *table, bool file)
{
    size_t common_count;
    bool first = true;
    const struct command_option *common = common_options(&common_count);
    buf_append_str(out, STR("    "));
    append_pattern(out, common, common_count, file, &first);
    for (size_t i = 0; table[i]; i++)
        append_pattern(out, table[i]->options, table[i]->option_count, file, &first);
    buf_printf(out, ") %s return ;;\n", file ? "COMPREPLY=($(compgen -f -- \"$word\"));" : "");
}

/** bash */
static void write_bash(struct buf *out, const struct command *const *table)
{
    size_t common_count;
    const struct command_option *common = common_options(&common_count);
    buf_printf(out, "# bash completion of quotebus: eval \"$(quotebus completion bash)\"\n_quotebus() {\n"
                    "    local word=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words= i\n"
                    "    local commands='");
    for (size_t i = 0; table[i]; i++)
        buf_printf(out, "%s%s", i ? " " : "", table[i]->name);
    buf_printf(out, "'\n    case \"$prev\" in\n");
    append_values(out, table, true);
    append_values(out, table, false);
    buf_printf(out, "    esac\n"
                    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                    "        [[ \" $commands \" == *\" ${COMP_WORDS[i]} \"* ]] && { command=${COMP_WORDS[i]}; break; }\n"
                    "    done\n"
                    "    case \"$command\" in\n    '') words=$commands ;;\n");
    for (size_t i = 0; table[i]; i++) {
        buf_printf(out, "    %s) words='", table[i]->name);
        append_choices(out, table[i]);
        append_names(out, table[i]->options, table[i]->option_count);
        buf_printf(out, "' ;;\n");
    }
    buf_printf(out, "    esac\n    words+='");
    append_names(out, common, common_count);
    buf_printf(out, "'\n    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                    "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n}\n"
                    "complete -F _quotebus quotebus\n");
}

/** The options of one command as arguments of zsh's _arguments. */
static void append_zsh_options(struct buf *out, const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, " \\\n            '%s[", options[i].name);
        append_quoted(out, options[i].help);
        buf_append_str(out, STR("]"));
        if (options[i].argument)
            buf_printf(out, ":%s:%s", options[i].argument, takes_file(&options[i]) ? "_files" : " ");
        buf_append_str(out, STR("'"));
    }
}

/** zsh */
static void write_zsh(struct buf *out, const struct command *const *table)
{
    size_t common_count;
    const struct command_option *common = common_options(&common_count);
    buf_printf(out, "#compdef quotebus\n# zsh completion of quotebus: source <(quotebus completion zsh)\n_quotebus() {\n"
                    "    local -a commands\n    local command=${words[(r)[a-z]*,2]}\n    commands=(\n");
    for (size_t i = 0; table[i]; i++) {
        buf_printf(out, "        '%s:", table[i]->name);
        append_quoted(out, table[i]->summary);
        buf_printf(out, "'\n");
    }
    buf_printf(out, "    )\n    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n"
                    "    case ${words[2]} in\n");
    for (size_t i = 0; table[i]; i++) {
        buf_printf(out, "    %s)\n        _arguments", table[i]->name);
        append_zsh_options(out, table[i]->options, table[i]->option_count);
        append_zsh_options(out, common, common_count);
        struct buf choices = {0};
        append_choices(&choices, table[i]);
        if (choices.len)
            buf_printf(out, " \\\n            '2:what:(%.*s)'", STR_ARG(buf_str(&choices)));
        buf_printf(out, " \\\n            '*:file:_files' ;;\n");
        buf_clear(&choices);
    }
    buf_printf(
        out, "    esac\n}\nif [ \"${funcstack[1]}\" = _quotebus ]; then _quotebus \"$@\"; else compdef _quotebus quotebus; fi\n");
}

/** Appends the options of fish, shown when `condition` holds. */
static void append_fish_options(struct buf *out, const char *condition, const struct command_option *options, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "complete -c quotebus%s -l %s", condition, options[i].name + 2);
        if (options[i].letter)
            buf_printf(out, " -s %c", options[i].letter);
        buf_printf(out, "%s -d '", !options[i].argument ? "" : takes_file(&options[i]) ? " -r -F" : " -x");
        for (const char *text = options[i].help; *text; text++)
            buf_printf(out, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
        buf_printf(out, "'\n");
    }
}

/** fish */
static void write_fish(struct buf *out, const struct command *const *table)
{
    size_t common_count;
    const struct command_option *common = common_options(&common_count);
    buf_printf(out, "# fish completion of quotebus: quotebus completion fish | source\n");
    for (size_t i = 0; table[i]; i++) {
        char condition[128];
        buf_printf(out, "complete -c quotebus -n __fish_use_subcommand -f -a %s -d '%s'\n", table[i]->name, table[i]->summary);
        snprintf(condition, sizeof(condition), " -n '__fish_seen_subcommand_from %s'", table[i]->name);
        struct buf choices = {0};
        append_choices(&choices, table[i]);
        if (choices.len)
            buf_printf(out, "complete -c quotebus%s -f -a '%.*s'\n", condition, STR_ARG(buf_str(&choices)));
        buf_clear(&choices);
        append_fish_options(out, condition, table[i]->options, table[i]->option_count);
    }
    append_fish_options(out, "", common, common_count);
}

bool completion_write(struct buf *out, const struct command *const *table, const char *shell, struct error *error)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    static void (*const writers[])(struct buf *, const struct command *const *) = {write_bash, write_zsh, write_fish};
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i], shell) == 0) {
            writers[i](out, table);
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "there is no completion for '%.40s': bash, zsh or fish", shell);
}

/** Runs the command. */
static int run_completion(const struct invocation *call)
{
    struct buf text = {0};
    struct error error = {0};
    const bool ok = completion_write(&text, commands, call->arguments[0], &error);
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error.message);
    output_write(buf_str(&text));
    buf_clear(&text);
    return ok ? EXIT_SUCCESS : EXIT_USAGE;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "prints what a shell needs to complete commands and options",
    .arguments = "bash|zsh|fish",
    .examples = "  eval \"$(quotebus completion bash)\"           for this shell; for all: the same line in ~/.bashrc\n"
                "  source <(quotebus completion zsh)\n"
                "  quotebus completion fish | source\n",
    .argument_min = 1,
    .argument_max = 1,
    .offline = true,
    .run = run_completion,
};
