#include "tests/sim/recordings.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/yaml.h"

#define FILES_MAX 4096
#define ITEMS_MAX 300
#define COLUMNS 3
#define LOG "sim.recordings"

struct recording {
    const char *key; /* of the request that it answers */
    int status;
    struct str body;
};

struct recordings {
    struct recording *items;
    size_t count;
    uint64_t *served; /* how often each was an answer */
    struct arena memory;
};

/** Orders slices for qsort. */
static int compare_items(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/** Appends a list in one form: without blanks, sorted. */
static void append_list(struct buf *key, const char *list)
{
    struct str items[ITEMS_MAX];
    size_t count = 0;
    for (struct str item; count < ITEMS_MAX && sim_list_next(&list, &item);)
        items[count++] = sim_trim(item);
    if (count > 1)
        qsort(items, count, sizeof(items[0]), compare_items);
    for (size_t i = 0; i < count; i++) {
        buf_append_str(key, i ? STR(",") : STR(""));
        buf_append_str(key, items[i]);
    }
}

/** What tells requests apart: provider, path and the parameters that matter. */
static void append_key(struct buf *key, const struct sim_provider *provider, const struct sim_request *request)
{
    buf_append_str(key, str_from(provider->name));
    buf_append_str(key, str_from(request->path));
    for (const char *const *name = provider->matter; *name; name++) {
        const char *value = sim_param(request, *name);
        if (!value)
            continue;
        buf_append_str(key, STR("&"));
        buf_append_str(key, str_from(*name));
        buf_append_str(key, STR("="));
        append_list(key, value);
    }
}

/** A text of a body, or NULL. */
static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/** The key of an answer of Alpha Vantage, by what it is about. */
static bool key_of_body(const struct sim_provider *provider, const json_t *body, struct buf *key)
{
    struct sim_request request = {.path = "/query"};
    const char *symbol = text_of(json_object_get(body, "Global Quote"), "01. symbol");
    const json_t *rate = json_object_get(body, "Realtime Currency Exchange Rate");
    const char *from = text_of(rate, "1. From_Currency Code"), *to = text_of(rate, "3. To_Currency Code");
    if (symbol) {
        request.params[0] = (struct sim_param){"function", "GLOBAL_QUOTE"};
        request.params[1] = (struct sim_param){"symbol", symbol};
        request.param_count = 2;
    } else if (from && to) {
        request.params[0] = (struct sim_param){"function", "CURRENCY_EXCHANGE_RATE"};
        request.params[1] = (struct sim_param){"from_currency", from};
        request.params[2] = (struct sim_param){"to_currency", to};
        request.param_count = 3;
    } else {
        return false;
    }
    append_key(key, provider, &request);
    return true;
}

/** Whether a chart is about the symbol of its path; true for everything that is no chart. */
static bool keeps_its_symbol(const json_t *body, const char *path)
{
    const json_t *results = json_object_get(json_object_get(body, "chart"), "result");
    const char *symbol = text_of(json_object_get(json_array_get(results, 0), "meta"), "symbol");
    return !symbol || strcmp(strrchr(path, '/') + 1, symbol) == 0;
}

/** The key of a recorded URL; false when it is none. The host is left out, the provider stands for it. */
static bool key_of_url(struct recordings *all, const struct sim_provider *provider, const char *url, const json_t *body,
                       struct buf *key)
{
    struct sim_request request = {.method = "GET"};
    struct error ignored;
    const char *host = strstr(url, "://");
    /* The first part of what is parsed is the provider in our own URLs and the host here. */
    if (!host || !sim_request_parse(host + strlen("://"), &all->memory, &request, &ignored) || request.path[0] != '/' ||
        !keeps_its_symbol(body, request.path))
        return false;
    append_key(key, provider, &request);
    return true;
}

/** Adds one file of the index; one that no request can be about is left out with a word. */
static bool add_recording(struct recordings *all, const char *folder, char *const column[COLUMNS], struct error *error)
{
    char path[1024], name[64] = "";
    struct buf text = {0}, key = {0};
    const size_t provider_len = strcspn(column[0], "/");
    bool good = true;
    if (provider_len < sizeof(name))
        memcpy(name, column[0], provider_len);
    const struct sim_provider *provider = sim_provider_find(name);
    if (!provider || strstr(column[0], "..") || column[0][0] == '/')
        return true;
    snprintf(path, sizeof(path), "%s/%s", folder, column[0]);
    json_t *body = NULL;
    good = yaml_read(path, &text, error);
    if (good)
        body = json_loadb((const char *)text.data, text.len, 0, NULL);
    if (good && (key_of_url(all, provider, column[1], body, &key) || key_of_body(provider, body, &key))) {
        all->items[all->count++] = (struct recording){.key = arena_strdup(&all->memory, buf_str(&key)),
                                                      .status = (int)strtol(column[2], NULL, 10),
                                                      .body = arena_str(&all->memory, buf_str(&text))};
    } else if (good) {
        log_info(LOG, "left out, it is not known what it answers", F_STR("file", column[0]));
    }
    json_decref(body);
    buf_clear(&key);
    buf_clear(&text);
    return good;
}

/** Splits a line into its first columns; false when there are fewer. Changes the line. */
static bool split(char *line, char *column[COLUMNS])
{
    char *at = line;
    for (size_t i = 0; i < COLUMNS; i++) {
        column[i] = at;
        at = at ? strchr(at, '\t') : NULL;
        if (at)
            *at++ = '\0';
        else if (i + 1 < COLUMNS)
            return false;
    }
    return true;
}

/** Reads all lines but the header. */
static bool read_index(struct recordings *all, const char *folder, char *text, struct error *error)
{
    char *column[COLUMNS], *rest = NULL;
    char *line = strtok_r(text, "\n", &rest);
    if (!line || strncmp(line, "file\turl\tstatus", strlen("file\turl\tstatus")) != 0)
        return error_set(error, ERROR_INVALID, "%.200s/index.tsv: the first line must name file, url and status", folder);
    for (size_t number = 2; (line = strtok_r(NULL, "\n", &rest)); number++) {
        if (all->count == FILES_MAX)
            return error_set(error, ERROR_LIMIT, "%.200s/index.tsv: more than %d files", folder, FILES_MAX);
        if (!split(line, column) || strtol(column[2], NULL, 10) < 200 || strtol(column[2], NULL, 10) > 599)
            return error_set(error, ERROR_INVALID, "%.200s/index.tsv:%zu: must be file, url and status, with tabs", folder,
                             number);
        if (!add_recording(all, folder, column, error))
            return false;
    }
    return true;
}

struct recordings *recordings_load(const char *folder, struct error *error)
{
    char path[1024];
    struct buf index = {0};
    struct recordings *all = xcalloc(1, sizeof(*all));
    all->items = xcalloc(FILES_MAX, sizeof(*all->items));
    all->served = xcalloc(FILES_MAX, sizeof(*all->served));
    snprintf(path, sizeof(path), "%s/index.tsv", folder);
    bool good = yaml_read(path, &index, error);
    buf_append(&index, "", 1);
    good = good && read_index(all, folder, (char *)index.data, error);
    if (good && all->count == 0)
        good = error_set(error, ERROR_INVALID, "%.300s has no recording that can be served", path);
    buf_clear(&index);
    if (!good) {
        recordings_free(all);
        return NULL;
    }
    return all;
}

void recordings_free(struct recordings *recordings)
{
    if (!recordings)
        return;
    free(recordings->items);
    free(recordings->served);
    arena_clear(&recordings->memory);
    free(recordings);
}

size_t recordings_count(const struct recordings *recordings)
{
    return recordings->count;
}

/** The recording of a key that was served least, the first of several such; NULL without any. */
static const struct recording *next_of(struct recordings *recordings, const char *key)
{
    size_t best = recordings->count;
    for (size_t i = 0; i < recordings->count; i++) {
        if (strcmp(recordings->items[i].key, key) == 0 &&
            (best == recordings->count || recordings->served[i] < recordings->served[best]))
            best = i;
    }
    if (best == recordings->count)
        return NULL;
    recordings->served[best]++;
    return &recordings->items[best];
}

bool recordings_answer(struct recordings *recordings, const struct sim_provider *provider, const struct sim_request *request,
                       struct sim_answer *answer)
{
    struct buf key = {0};
    append_key(&key, provider, request);
    buf_append(&key, "", 1);
    const struct recording *recording = next_of(recordings, (const char *)key.data);
    buf_clear(&key);
    if (!recording)
        return false;
    answer->status = recording->status;
    answer->content_type = SIM_JSON;
    buf_append_str(&answer->body, recording->body);
    return true;
}
