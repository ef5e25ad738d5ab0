#include "board/param.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define TEXT_MAX 200

/** Lists the words of a parameter for a message. */
static const char *list_words(const char *const *words, struct arena *arena)
{
    const char *list = "";
    for (; *words; words++)
        list = arena_printf(arena, "%s%s%s", list, *list ? ", " : "", *words);
    return list;
}

/** A whole number within the bounds of the parameter. */
static bool check_int(const struct param *param, const char *text, struct error *error)
{
    const size_t len = strlen(text);
    const size_t digits = strspn(text, "0123456789");
    if (len > 0 && len < 16 && digits == len) {
        const int64_t number = strtoll(text, NULL, 10);
        if (number >= param->min && number <= param->max)
            return true;
    }
    return error_set(error, ERROR_INVALID, "%s is not a whole number from %lld to %lld", param->name, (long long)param->min,
                     (long long)param->max);
}

/** One of the words. */
static bool check_word(const struct param *param, const char *text, struct arena *arena, struct error *error)
{
    for (const char *const *word = param->words; *word; word++) {
        if (strcmp(*word, text) == 0)
            return true;
    }
    return error_set(error, ERROR_INVALID, "%s is not one of %s", param->name, list_words(param->words, arena));
}

/** A time, rewritten as RFC 3339. */
static bool read_time(const struct param *param, int64_t now_us, struct arena *arena, const char **text, struct error *error)
{
    int64_t us;
    char formatted[TIME_TEXT_MAX];
    if (!time_parse_us(*text, now_us, &us, error)) {
        if (error)
            error->code = ERROR_INVALID;
        return error_prefix(error, "%s", param->name);
    }
    *text = arena_printf(arena, "%s", time_format_us(us, formatted));
    return true;
}

/** Checks and rewrites one given value. */
static bool read_value(const struct param *param, int64_t now_us, struct arena *arena, const char **text, struct error *error)
{
    switch (param->kind) {
    case PARAM_INT:
        return check_int(param, *text, error);
    case PARAM_WORD:
        return check_word(param, *text, arena, error);
    case PARAM_TIME:
        return read_time(param, now_us, arena, text, error);
    case PARAM_PATH:
    case PARAM_TEXT:
        break;
    }
    const size_t len = strlen(*text);
    return (len >= 1 && len <= TEXT_MAX) ||
           error_set(error, ERROR_INVALID, "%s has %zu bytes; from 1 to %d are taken", param->name, len, TEXT_MAX);
}

/** The row of a name that may stand in a query. */
static const struct param *find_param(const struct param *params, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (params[i].kind != PARAM_PATH && str_is(name, params[i].name))
            return &params[i];
    }
    return NULL;
}

/** Puts the pairs of the query where they belong. */
static bool take_query(const struct param *params, size_t count, const struct target *target, struct arena *arena,
                       const char **values, struct error *error)
{
    for (size_t i = 0; i < target->pair_count; i++) {
        const struct target_pair *pair = &target->pairs[i];
        const struct param *param = find_param(params, count, pair->name);
        if (!param)
            return error_set(error, ERROR_INVALID, "there is no parameter '%.*s'",
                             (int)(pair->name.len < 60 ? pair->name.len : 60), pair->name.ptr);
        if (values[param - params])
            return error_set(error, ERROR_INVALID, "%s is given twice", param->name);
        values[param - params] = arena_strdup(arena, pair->value);
    }
    return true;
}

bool params_bind(const struct param *params, size_t count, const struct str *path_values, const struct target *target,
                 int64_t now_us, struct arena *arena, const char **values, struct error *error)
{
    memset(values, 0, count * sizeof(values[0]));
    if (!take_query(params, count, target, arena, values, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (params[i].kind == PARAM_PATH)
            values[i] = arena_strdup(arena, *path_values++);
        else if (!values[i])
            values[i] = params[i].fallback;
        if (values[i] && !read_value(&params[i], now_us, arena, &values[i], error))
            return false;
    }
    return true;
}
