/*
 * A resource of the API: a path, the parameters it takes, and one SQL statement that gives the whole answer as one JSON text (the
 * first column of its only row). PostgreSQL writes the JSON, so a resource is data: one file in board/resources and one row in
 * board/resources/table.c. The OpenAPI document (board/openapi.yaml) describes what it answers.
 *
 * Statements are bounded: a LIMIT, ranges of time as constants (so that only the partitions of those days are planned), and the
 * time that the connection gives a statement.
 */
#ifndef QUOTEBUS_BOARD_RESOURCE_H
#define QUOTEBUS_BOARD_RESOURCE_H

#include "board/param.h"

struct resource {
    const char *path; /**< `/api/assets/{asset}`; segments in braces are PARAM_PATH rows in their order */
    struct param params[PARAMS_MAX];
    size_t param_count;
    const char *sql;     /**< $1... are the parameters; no row, or a null: 404 */
    const char *missing; /**< detail of that 404; NULL: it cannot happen */
};

/** All resources, ended by NULL. */
extern const struct resource *const resources[];

/**
 * The resource of a path, and the texts of its braces in `path_values` (TARGET_SEGMENTS_MAX), or NULL. Pure.
 */
const struct resource *resource_find(const struct resource *const *table, const struct target *target, struct str *path_values);

#endif
