/*
 * Parameters of an API call: what a resource takes, checked and turned into the text parameters of its query.
 *
 * Each row of the table is one of $1, $2, ... in that order; what is left out gets its default, or null without one. Unknown,
 * repeated and ill-formed parameters are ERROR_INVALID with a message that names the parameter and what it takes.
 *
 * Pure; any thread.
 */
#ifndef QUOTEBUS_BOARD_PARAM_H
#define QUOTEBUS_BOARD_PARAM_H

#include "board/target.h"

enum param_kind {
    PARAM_PATH, /**< a text in the path, where the resource's path has `{name}` */
    PARAM_TEXT, /**< 1 to 200 bytes */
    PARAM_INT,  /**< a whole number, min to max */
    PARAM_WORD, /**< one of `words` */
    PARAM_TIME, /**< as time_parse_us reads it; given to the query as RFC 3339 */
};

struct param {
    const char *name;
    enum param_kind kind;
    int64_t min, max;         /**< of PARAM_INT, inclusive */
    const char *fallback;     /**< as text; of PARAM_TIME `now` or `-24h`; NULL: null */
    const char *const *words; /**< of PARAM_WORD, ended by NULL */
};

/** Most parameters of a resource. */
#define PARAMS_MAX 8

/**
 * Fills values[0..count): NUL-terminated texts in the arena, or NULL. `path_values` are the texts of PARAM_PATH rows in their
 * order.
 */
bool params_bind(const struct param *params, size_t count, const struct str *path_values, const struct target *target,
                 int64_t now_us, struct arena *arena, const char **values, struct error *error) MUST_CHECK;

#endif
