#include "cli/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/utf8.h"
#include "base/yaml.h"
#include "builtin_rules.h"
#include "cli/command.h"
#include "cli/output.h"

/** Class of assets that are written without one: no rule file names it, so its defaults judge them. */
#define CLASS_UNKNOWN "unknown"
/** Longest name of a class. */
#define CLASS_MAX 32

/** Appends a text that may have bytes in it that are no UTF-8. */
static void put_text(struct buf *out, struct str text)
{
    struct arena memory = {0};
    if (!utf8_valid(text)) {
        char *line = arena_strdup(&memory, text);
        utf8_to_line(line);
        text = str_from(line);
    }
    json_put_string(out, text);
    arena_clear(&memory);
}

bool check_print(const struct check_line *line, struct buf *text)
{
    buf_reset(text);
    buf_printf(text, "{\"line\":%zu,\"asset\":", line->line);
    put_text(text, line->asset);
    buf_printf(text, ",\"verdict\":\"%s\",\"flags\":[", verdict_name(line->verdict));
    for (size_t i = 0; i < line->flag_count; i++) {
        if (i)
            buf_append_str(text, STR(","));
        json_put_string(text, line->flags[i]);
    }
    buf_append_str(text, STR("],\"reference\":"));
    if (line->reference.set)
        json_put_double(text, line->reference.value);
    else
        buf_append_str(text, STR("null"));
    buf_append_str(text, STR(",\"score\":"));
    json_put_double(text, line->score);
    buf_append_str(text, STR("}\n"));
    return output_write(buf_str(text));
}

struct str check_asset_id(struct str asset, const char *default_class, struct arena *arena)
{
    if (asset.len == 0 || memchr(asset.ptr, ':', asset.len))
        return asset;
    return str_from(arena_printf(arena, "%s:%.*s", default_class, STR_ARG(asset)));
}

bool check_room(size_t count, size_t line, struct error *error)
{
    return count < CHECK_ROWS_MAX ||
           error_set(error, ERROR_USAGE, "line %zu: there are more than %d rows: check the file in parts", line, CHECK_ROWS_MAX);
}

void *check_grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? 2 * *cap : 256;
    return xrealloc(items, *cap * size);
}

/** A choice between two words; false for a third. */
static bool choose(const struct invocation *call, const char *option, const char *first, const char *second, bool *is_second,
                   struct error *error)
{
    const char *word = invocation_option(call, option);
    if (!word)
        return error_set(error, ERROR_USAGE, "check needs %s %s or %s %s", option, first, option, second);
    *is_second = strcmp(word, second) == 0;
    return *is_second || strcmp(word, first) == 0 ||
           error_set(error, ERROR_USAGE, "%s '%.40s': write %s or %s", option, word, first, second);
}

/** The rules: those of --rules, else of the configuration if one was given, else those that were built in. */
static bool find_rules(const struct invocation *call, struct check_input *input, struct buf *text, struct error *error)
{
    const char *path = invocation_option(call, "--rules");
    if (!path && call->config)
        path = call->config->validate.rules_file;
    input->rules_name = path ? path : "built-in rules";
    if (!path) {
        input->rules = (struct str){.ptr = builtin_rules, .len = sizeof(builtin_rules)};
        return true;
    }
    if (!yaml_read(path, text, error)) {
        error->code = ERROR_USAGE;
        return false;
    }
    input->rules = buf_str(text);
    return true;
}

/** Opens the file, or takes stdin. */
static bool open_input(const char *path, struct check_input *input, struct error *error)
{
    input->stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    return input->stream || error_set(error, ERROR_USAGE, "cannot open %s: %s", path, strerror(errno));
}

/** Reads --class. */
static bool read_class(const struct invocation *call, struct check_input *input, struct error *error)
{
    const char *name = invocation_option(call, "--class");
    input->default_class = name ? name : CLASS_UNKNOWN;
    const size_t len = strlen(input->default_class);
    return (len > 0 && len <= CLASS_MAX && !strchr(input->default_class, ':') && utf8_valid(str_from(input->default_class))) ||
           error_set(error, ERROR_USAGE, "--class '%.40s': write the class alone, e.g. equity", name);
}

/** Runs the command. */
static int run_check(const struct invocation *call)
{
    struct check_input input = {0};
    struct buf rules = {0};
    struct error error = {0};
    bool is_bars = false, is_ndjson = false;
    bool ok = choose(call, "--kind", "quotes", "bars", &is_bars, &error) &&
              choose(call, "--format", "csv", "ndjson", &is_ndjson, &error) && read_class(call, &input, &error) &&
              find_rules(call, &input, &rules, &error) && open_input(call->arguments[0], &input, &error);
    if (ok) {
        input.as_streamed = invocation_option(call, "--as-streamed") != NULL;
        input.format = is_ndjson ? ROW_NDJSON : ROW_CSV;
        ok = is_bars ? check_bars(&input, &error) : check_quotes(&input, &error);
        if (!ok)
            error_prefix(&error, "%s", call->arguments[0]);
    }
    if (!ok)
        fprintf(stderr, "quotebus: %s\n", error.message);
    if (input.stream && input.stream != stdin)
        fclose(input.stream);
    buf_clear(&rules);
    return ok ? EXIT_SUCCESS : error_exit_status(error.code);
}

static const struct command_option options[] = {
    {"--kind", 'k', "KIND", "quotes or bars: what the rows are"},
    {"--format", 'f', "FORMAT", "csv or ndjson: how they are written"},
    {"--rules", 0, "FILE", "the rule file (default: the one that was built in, or that of --config)"},
    {"--as-streamed", 0, NULL, "judge quotes by what came before them alone, as the pipeline does"},
    {"--class", 0, "CLASS", "class of assets that are written without one, e.g. equity for AAPL"},
};

const struct command command_check = {
    .name = "check",
    .summary = "judges quotes or daily bars of a file; needs no Kafka",
    .arguments = "FILE|-",
    .examples = "  quotebus check --kind quotes --format csv quotes.csv          one JSON line per row: verdict and flags\n"
                "  quotebus check --kind bars --format ndjson - <bars.ndjson     each bar with its whole series in view\n"
                "  quotebus check --kind quotes --format csv quotes.csv | jq -c 'select(.verdict != \"PASS\")'\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .argument_min = 1,
    .argument_max = 1,
    .offline = true,
    .run = run_check,
};
