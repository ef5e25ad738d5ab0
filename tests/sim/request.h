/*
 * A request as the simulator sees it: method, provider (the first part of the path), path behind it, parameters.
 *
 * Parsing is pure and takes any bytes. Any thread.
 */
#ifndef QUOTEBUS_SIM_REQUEST_H
#define QUOTEBUS_SIM_REQUEST_H

#include "base/bytes.h"

/** Longest URI that is read. */
#define SIM_URI_MAX 8192
/** Most parameters of a request. */
#define SIM_PARAMS_MAX 64

struct sim_param {
    const char *name;
    const char *value;
};

struct sim_request {
    const char *method;   /**< GET, HEAD, POST, DELETE; borrowed */
    const char *provider; /**< yahoo; empty for the path / */
    const char *path;     /**< /v8/finance/chart/AAPL, decoded; empty when there is none */
    const char *rest;     /**< the part of `path` behind an endpoint's prefix (set with the endpoint) */
    struct sim_param params[SIM_PARAMS_MAX];
    size_t param_count;
    struct str body;    /**< of a POST; borrowed */
    const char *cookie; /**< Cookie header; NULL: none; borrowed */
};

/**
 * Reads path and query. Escapes are decoded (`%zz` stays as it is, `+` in the query is a blank). Fails for a URI that is too long
 * (ERROR_LIMIT), has too many parameters or holds an encoded NUL (ERROR_INVALID). Texts are put into `memory`.
 */
bool sim_request_parse(const char *uri, struct arena *memory, struct sim_request *request, struct error *error) MUST_CHECK;

/** Value of the first parameter of that name, or NULL. */
const char *sim_param(const struct sim_request *request, const char *name);
/** True for a parameter with the value `true`. */
bool sim_param_true(const struct sim_request *request, const char *name);
/** A whole number within bounds, `fallback` for anything else. */
int64_t sim_param_int(const struct sim_request *request, const char *name, int64_t fallback, int64_t min, int64_t max);

/** Takes the next item of a list separated by commas and moves *at behind it; false at its end. *at starts as the list. */
bool sim_list_next(const char **at, struct str *item);
/** Number of items of a list; 0 for NULL and for an empty one. */
size_t sim_list_count(const char *list);
/** An item without the blanks around it. */
struct str sim_trim(struct str item);

#endif
