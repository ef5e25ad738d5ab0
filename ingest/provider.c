#include "ingest/provider.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/** What is known about each outcome. */
static const struct {
    const char *name;
    bool retryable;
} outcomes[OUTCOME_COUNT] = {
    [OUTCOME_OK] = {"ok", false},
    [OUTCOME_LIMITED] = {"limited", true},
    [OUTCOME_BLOCKED] = {"blocked", false},
    [OUTCOME_BAD_KEY] = {"bad_key", false},
    [OUTCOME_DEMO_ONLY] = {"demo_only", false},
    [OUTCOME_UNKNOWN_SYMBOL] = {"unknown_symbol", false},
    [OUTCOME_DELISTED] = {"delisted", false},
    [OUTCOME_HTML] = {"html", true},
    [OUTCOME_EMPTY] = {"empty", true},
    [OUTCOME_MALFORMED] = {"malformed", true},
    [OUTCOME_TIMEOUT] = {"timeout", true},
    [OUTCOME_UNREACHABLE] = {"unreachable", true},
    [OUTCOME_HTTP_ERROR] = {"http_error", true},
};

const char *outcome_name(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].name;
}

bool outcome_retryable(enum outcome outcome)
{
    assert(outcome < OUTCOME_COUNT);
    return outcomes[outcome].retryable;
}

const char *request_param(const struct request_spec *spec, const char *name, const char *fallback)
{
    for (size_t i = 0; i < spec->param_count; i++) {
        if (strcmp(spec->params[i].name, name) == 0) {
            return spec->params[i].value;
        }
    }
    return fallback;
}

bool request_param_int(const struct request_spec *spec, const char *name, int64_t fallback, int64_t min, int64_t max,
                       int64_t *out, struct error *error)
{
    const char *text = request_param(spec, name, NULL);
    *out = fallback;
    if (text == NULL) {
        return true;
    }
    size_t len = strlen(text);
    bool whole = len > 0 && len <= 9 && strspn(text, "0123456789") == len;
    *out = whole ? strtoll(text, NULL, 10) : min - 1;
    if (*out >= min && *out <= max) {
        return true;
    }
    return error_set(error, ERROR_USAGE, "params.%s: '%.20s' is not a whole number from %lld to %lld", name, text, (long long)min,
                     (long long)max);
}

int64_t endpoint_priority(const struct endpoint *endpoint)
{
    static const int64_t priorities[ENDPOINT_KIND_COUNT] = {
        [ENDPOINT_PRICES] = 80, [ENDPOINT_HEALTH] = 60, [ENDPOINT_LISTS] = 50, [ENDPOINT_DETAILS] = 40, [ENDPOINT_HISTORY] = 20,
    };
    assert(endpoint->kind < ENDPOINT_KIND_COUNT);
    return priorities[endpoint->kind];
}

const struct provider *provider_find(const char *name)
{
    for (size_t i = 0; providers[i] != NULL; i++) {
        if (strcmp(providers[i]->name, name) == 0) {
            return providers[i];
        }
    }
    return NULL;
}

const struct endpoint *provider_endpoint(const struct provider *provider, const char *name)
{
    for (size_t i = 0; i < provider->endpoint_count; i++) {
        if (strcmp(provider->endpoints[i].name, name) == 0) {
            return &provider->endpoints[i];
        }
    }
    return NULL;
}
