#include "tests/sim/request.h"

#include <stdlib.h>
#include <string.h>

/** The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** Decodes escapes; NULL when there is a NUL among them. */
static const char *decode(struct str text, bool query, struct arena *memory)
{
    char *out = arena_alloc(memory, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const bool escape = text.ptr[i] == '%' && i + 2 < text.len;
        const int high = escape ? hex_digit(text.ptr[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
        if (low >= 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = query && text.ptr[i] == '+' ? ' ' : text.ptr[i];
        }
        if (out[len - 1] == '\0')
            return NULL;
    }
    out[len] = '\0';
    return out;
}

/** Reads one `name=value`. */
static bool parse_param(struct str pair, struct arena *memory, struct sim_request *request, struct error *error)
{
    const char *equals = memchr(pair.ptr, '=', pair.len);
    const size_t name_len = equals ? (size_t)(equals - pair.ptr) : pair.len;
    const struct str value = equals ? (struct str){equals + 1, pair.len - name_len - 1} : STR("");
    if (request->param_count == SIM_PARAMS_MAX)
        return error_set(error, ERROR_INVALID, "more than %d parameters", SIM_PARAMS_MAX);
    struct sim_param *param = &request->params[request->param_count++];
    param->name = decode((struct str){pair.ptr, name_len}, true, memory);
    param->value = decode(value, true, memory);
    return (param->name && param->value) || error_set(error, ERROR_INVALID, "a NUL in the query");
}

/** Reads the parameters behind the question mark. */
static bool parse_query(const char *query, struct arena *memory, struct sim_request *request, struct error *error)
{
    while (*query) {
        const size_t len = strcspn(query, "&");
        if (len && !parse_param((struct str){query, len}, memory, request, error))
            return false;
        query += len + (query[len] == '&');
    }
    return true;
}

bool sim_request_parse(const char *uri, struct arena *memory, struct sim_request *request, struct error *error)
{
    const char *method = request->method;
    *request = (struct sim_request){.method = method, .provider = "", .path = "", .rest = ""};
    if (strnlen(uri, SIM_URI_MAX + 1) > SIM_URI_MAX)
        return error_set(error, ERROR_LIMIT, "the URI is longer than %d bytes", SIM_URI_MAX);
    const size_t path_len = strcspn(uri, "?");
    const char *first = uri + (*uri == '/');
    const size_t provider_len = strcspn(first, "/?");
    const char *path = first + provider_len;
    request->provider = decode((struct str){first, provider_len}, false, memory);
    request->path = decode((struct str){path, (size_t)(uri + path_len - path)}, false, memory);
    if (!request->provider || !request->path)
        return error_set(error, ERROR_INVALID, "a NUL in the path");
    return parse_query(uri[path_len] == '?' ? uri + path_len + 1 : "", memory, request, error);
}

const char *sim_param(const struct sim_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0)
            return request->params[i].value;
    }
    return NULL;
}

bool sim_param_true(const struct sim_request *request, const char *name)
{
    const char *value = sim_param(request, name);
    return value && strcmp(value, "true") == 0;
}

int64_t sim_param_int(const struct sim_request *request, const char *name, int64_t fallback, int64_t min, int64_t max)
{
    const char *text = sim_param(request, name);
    char *end = NULL;
    const long long value = text ? strtoll(text, &end, 10) : 0;
    return end && end != text && *end == '\0' && value >= min && value <= max ? value : fallback;
}

bool sim_list_next(const char **at, struct str *item)
{
    if (!*at || !**at)
        return false;
    const size_t len = strcspn(*at, ",");
    *item = (struct str){*at, len};
    *at += len + ((*at)[len] == ',');
    return true;
}

size_t sim_list_count(const char *list)
{
    size_t count = 0;
    for (struct str item; sim_list_next(&list, &item);)
        count++;
    return count;
}

struct str sim_trim(struct str item)
{
    while (item.len && item.ptr[0] == ' ')
        item = (struct str){item.ptr + 1, item.len - 1};
    while (item.len && item.ptr[item.len - 1] == ' ')
        item.len--;
    return item;
}
