#include "bus/registry.h"

#include <curl/curl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Out of memory ends the process, as everywhere (base/bytes.h). */
#define uthash_fatal(message) abort()
#include <uthash.h>

#define ANSWER_MAX_BYTES (4U << 20)
#define CACHE_MAX 10000
#define UNKNOWN_MAX 256
#define UNKNOWN_RETRY_MS 10000
#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

struct cached_schema {
    int32_t id;
    char *json;
    UT_hash_handle hh;
};

/** An id that the registry did not know, so that a flood of bad records does not become a flood of requests. */
struct unknown_id {
    int32_t id;
    int64_t retry_ms; /* when to ask again; 0: a free place */
};

struct registry {
    CURL *curl;
    struct curl_slist *headers;
    char *url;   /* without a slash at the end */
    char *shown; /* the same without user and password, for messages */
    struct buf answer;
    bool too_large;
    struct cached_schema *schemas; /* uthash, by id */
    struct unknown_id unknown[UNKNOWN_MAX];
    size_t next_unknown; /* the place that is overwritten next */
};

/** One request and what it is for. */
struct request {
    const char *method; /* GET, POST, PUT */
    struct buf path;    /* behind the base URL */
    const char *body;   /* JSON, or NULL */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

/** curl's global state; safe to ask for from any thread. */
static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/** curl's write callback: collects the answer up to its bound (CURLOPT_MAXFILESIZE does not see answers of unknown length). */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct registry *registry = ctx;
    const size_t len = size * count;
    registry->too_large = registry->answer.len + len > ANSWER_MAX_BYTES;
    if (registry->too_large)
        return 0;
    buf_append(&registry->answer, data, len);
    return len;
}

/** A copy without slashes at the end. */
static char *without_slash(const char *text)
{
    char *copy = xstrdup(text);
    for (size_t len = strlen(copy); len && copy[len - 1] == '/'; len--)
        copy[len - 1] = '\0';
    return copy;
}

/** Checks the URL and keeps it with and without its password. */
static bool take_url(struct registry *registry, const char *text, struct error *error)
{
    CURLU *url = curl_url();
    char *scheme = NULL;
    char *shown = NULL;
    bool ok = url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
              curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (!ok) {
        error_set(error, ERROR_USAGE,
                  "registry.url must be an http or https address, e.g. http://127.0.0.1:8081/apis/ccompat/v7");
        goto out;
    }
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    ok = curl_url_get(url, CURLUPART_URL, &shown, 0) == CURLUE_OK;
    registry->url = without_slash(text);
    registry->shown = without_slash(ok ? shown : "the registry");
    ok = true;
out:
    curl_free(scheme);
    curl_free(shown);
    curl_url_cleanup(url);
    return ok;
}

/** The options that all requests share. */
static void set_options(struct registry *registry, int64_t timeout_ms)
{
    CURL *curl = registry->curl;
    registry->headers = curl_slist_append(registry->headers, "Content-Type: " MEDIA_TYPE);
    registry->headers = curl_slist_append(registry->headers, "Accept: " MEDIA_TYPE ", application/json");
    registry->headers = curl_slist_append(registry->headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, registry->headers);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "quotebus/" QUOTEBUS_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, registry);
}

struct registry *registry_new(const struct registry_settings *settings, struct error *error)
{
    pthread_once(&curl_once, init_curl);
    struct registry *registry = xcalloc(1, sizeof(*registry));
    if (!take_url(registry, settings->url, error))
        goto fail;
    registry->curl = curl_easy_init();
    if (!registry->curl) {
        error_set(error, ERROR_FATAL, "libcurl cannot start");
        goto fail;
    }
    set_options(registry, settings->timeout_ms);
    return registry;
fail:
    registry_free(registry);
    return NULL;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    struct cached_schema *schema = registry->schemas;
    HASH_CLEAR(hh, registry->schemas);
    while (schema) {
        struct cached_schema *next = schema->hh.next;
        free(schema->json);
        free(schema);
        schema = next;
    }
    if (registry->curl)
        curl_easy_cleanup(registry->curl);
    curl_slist_free_all(registry->headers);
    buf_clear(&registry->answer);
    free(registry->url);
    free(registry->shown);
    free(registry);
}

/** Appends a path segment, percent-encoded: subjects hold any character. */
static void append_segment(struct buf *path, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        const bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || strchr("-._~", *p);
        buf_printf(path, plain ? "%c" : "%%%02X", *p);
    }
}

/** What an HTTP status and Confluent's error_code mean. A 404 without such a code is a wrong URL, not a missing schema. */
static enum registry_status status_of(long http_status, json_int_t error_code)
{
    if (http_status == 200)
        return REGISTRY_OK;
    if (http_status == 404 && error_code >= 40400 && error_code <= 40499)
        return REGISTRY_UNKNOWN;
    if (http_status == 409 || http_status == 422)
        return REGISTRY_REFUSED;
    return REGISTRY_UNAVAILABLE;
}

/** Puts an answer other than 200 into words. */
static enum registry_status explain(const struct registry *registry, const struct request *request, long http_status,
                                    const json_t *answer, struct error *error)
{
    static const enum error_code codes[] = {
        [REGISTRY_OK] = ERROR_NONE,
        [REGISTRY_UNKNOWN] = ERROR_NOT_FOUND,
        [REGISTRY_UNAVAILABLE] = ERROR_UNREACHABLE,
        [REGISTRY_REFUSED] = ERROR_INVALID,
    };
    const enum registry_status status = status_of(http_status, json_integer_value(json_object_get(answer, "error_code")));
    const char *said = json_string_value(json_object_get(answer, "message"));
    const char *hint = "";
    if (http_status == 404 && status == REGISTRY_UNAVAILABLE)
        hint = " (is registry.url right? It ends in the path of the Confluent-compatible API)";
    else if (http_status >= 300 && http_status < 400)
        hint = " (redirects are not followed: set registry.url to the final address)";
    error_set(error, codes[status], "registry: %s %.120s%.100s: HTTP %ld%s%.200s%s", request->method, registry->shown,
              (const char *)request->path.data, http_status, said ? ": " : "", said ? said : "", hint);
    return status;
}

/** Sends a request; the answer's body is in registry->answer afterwards. */
static bool perform(struct registry *registry, const struct request *request, long *http_status, struct error *error)
{
    struct buf url = {0};
    CURL *curl = registry->curl;
    buf_printf(&url, "%s%s", registry->url, (const char *)request->path.data);
    curl_easy_setopt(curl, CURLOPT_URL, (const char *)url.data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    if (!request->body)
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    buf_reset(&registry->answer);
    registry->too_large = false;
    const CURLcode result = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, http_status);
    buf_clear(&url);
    return result == CURLE_OK || error_set(error, ERROR_UNREACHABLE, "registry: %s %.120s%.100s: %s", request->method,
                                           registry->shown, (const char *)request->path.data,
                                           registry->too_large ? "the answer is larger than 4 MiB" : curl_easy_strerror(result));
}

/** Sends a request and parses the answer: an object owned by the caller with REGISTRY_OK, else NULL. */
static enum registry_status call(struct registry *registry, const struct request *request, json_t **answer, struct error *error)
{
    long http_status = 0;
    json_error_t problem;
    enum registry_status status = REGISTRY_OK;
    *answer = NULL;
    if (!perform(registry, request, &http_status, error))
        return REGISTRY_UNAVAILABLE;
    json_t *object = json_loadb((const char *)registry->answer.data, registry->answer.len, JSON_REJECT_DUPLICATES, &problem);
    if (http_status != 200) {
        status = explain(registry, request, http_status, object, error);
    } else if (!json_is_object(object)) {
        error_set(error, ERROR_UNREACHABLE, "registry: %s %.120s%.100s: the answer is not a JSON object", request->method,
                  registry->shown, (const char *)request->path.data);
        status = REGISTRY_UNAVAILABLE;
    }
    if (status == REGISTRY_OK)
        *answer = object;
    else
        json_decref(object);
    return status;
}

/** Sends a request, with `content` (taken over; NULL with GET) as its body, and frees its path. */
static enum registry_status exchange(struct registry *registry, struct request *request, json_t *content, json_t **answer,
                                     struct error *error)
{
    char *body = content ? json_dumps(content, JSON_COMPACT) : NULL;
    enum registry_status status = REGISTRY_REFUSED;
    request->body = body;
    *answer = NULL;
    if (!body && strcmp(request->method, "GET") != 0)
        error_set(error, ERROR_INVALID, "registry: the schema is not UTF-8"); /* jansson makes no value of it */
    else
        status = call(registry, request, answer, error);
    free(body);
    json_decref(content);
    buf_clear(&request->path);
    return status;
}

/** A request to `before`SUBJECT`after`. */
static struct request subject_request(const char *method, const char *before, const char *subject, const char *after)
{
    struct request request = {.method = method};
    buf_printf(&request.path, "%s", before);
    append_segment(&request.path, subject);
    buf_printf(&request.path, "%s", after);
    return request;
}

/** An answer that lacks what was asked for. */
static enum registry_status senseless(const struct registry *registry, const char *field, struct error *error)
{
    error_set(error, ERROR_UNREACHABLE, "registry: the answer of %.200s lacks '%s'", registry->shown, field);
    return REGISTRY_UNAVAILABLE;
}

/** Fetches a schema by id: *json is owned by the caller. */
static enum registry_status fetch_schema(struct registry *registry, int32_t id, char **json, struct error *error)
{
    json_t *answer;
    struct request request = {.method = "GET"};
    buf_printf(&request.path, "/schemas/ids/%d", id);
    enum registry_status status = exchange(registry, &request, NULL, &answer, error);
    if (status != REGISTRY_OK)
        return status;
    const char *schema = json_string_value(json_object_get(answer, "schema"));
    const char *type = json_string_value(json_object_get(answer, "schemaType"));
    if ((type && strcmp(type, "AVRO") != 0) || json_array_size(json_object_get(answer, "references")) > 0) {
        error_set(error, ERROR_NOT_FOUND, "registry: schema %d is not an Avro schema that stands alone", id);
        status = REGISTRY_UNKNOWN;
    } else if (!schema) {
        status = senseless(registry, "schema", error);
    } else {
        *json = xstrdup(schema);
    }
    json_decref(answer);
    return status;
}

/** Whether the registry was asked for an id a moment ago and did not know it. */
static bool is_unknown(const struct registry *registry, int32_t id)
{
    const int64_t now_ms = clock_mono_ms();
    for (size_t i = 0; i < UNKNOWN_MAX; i++) {
        if (registry->unknown[i].id == id && now_ms < registry->unknown[i].retry_ms)
            return true;
    }
    return false;
}

/** Asks the registry for an id and remembers its answer. */
static enum registry_status learn(struct registry *registry, int32_t id, const char **schema_json, struct error *error)
{
    char *json = NULL;
    if (HASH_COUNT(registry->schemas) >= CACHE_MAX) {
        error_set(error, ERROR_LIMIT, "registry: more than %d schemas are in use", CACHE_MAX);
        return REGISTRY_UNAVAILABLE;
    }
    const enum registry_status status = fetch_schema(registry, id, &json, error);
    if (status == REGISTRY_OK) {
        struct cached_schema *schema = xcalloc(1, sizeof(*schema));
        *schema = (struct cached_schema){.id = id, .json = json};
        HASH_ADD_INT(registry->schemas, id, schema);
        *schema_json = json;
    } else if (status == REGISTRY_UNKNOWN) {
        registry->unknown[registry->next_unknown] = (struct unknown_id){.id = id, .retry_ms = clock_mono_ms() + UNKNOWN_RETRY_MS};
        registry->next_unknown = (registry->next_unknown + 1) % UNKNOWN_MAX;
    }
    return status;
}

enum registry_status registry_schema(struct registry *registry, int32_t id, const char **schema_json, struct error *error)
{
    struct cached_schema *known;
    HASH_FIND_INT(registry->schemas, &id, known);
    if (known) {
        *schema_json = known->json;
        return REGISTRY_OK;
    }
    if (is_unknown(registry, id)) {
        error_set(error, ERROR_NOT_FOUND, "registry: schema %d is unknown at %.200s", id, registry->shown);
        return REGISTRY_UNKNOWN;
    }
    return learn(registry, id, schema_json, error);
}

/** POSTs a schema somewhere and reads the id of the answer. */
static enum registry_status post_schema(struct registry *registry, struct request request, const char *schema_json, int32_t *id,
                                        struct error *error)
{
    json_t *answer;
    enum registry_status status = exchange(registry, &request, json_pack("{s:s}", "schema", schema_json), &answer, error);
    if (status != REGISTRY_OK)
        return status;
    const json_t *found = json_object_get(answer, "id");
    if (json_is_integer(found) && json_integer_value(found) >= 0 && json_integer_value(found) <= INT32_MAX)
        *id = (int32_t)json_integer_value(found);
    else
        status = senseless(registry, "id", error);
    json_decref(answer);
    return status;
}

enum registry_status registry_lookup(struct registry *registry, const char *subject, const char *schema_json, int32_t *id,
                                     struct error *error)
{
    return post_schema(registry, subject_request("POST", "/subjects/", subject, ""), schema_json, id, error);
}

enum registry_status registry_register(struct registry *registry, const char *subject, const char *schema_json, int32_t *id,
                                       struct error *error)
{
    return post_schema(registry, subject_request("POST", "/subjects/", subject, "/versions"), schema_json, id, error);
}

enum registry_status registry_compatibility(struct registry *registry, const char *subject, char level[32], struct error *error)
{
    json_t *answer;
    struct request request = subject_request("GET", "/config/", subject, "");
    enum registry_status status = exchange(registry, &request, NULL, &answer, error);
    if (status != REGISTRY_OK)
        return status;
    const char *found = json_string_value(json_object_get(answer, "compatibilityLevel"));
    if (found && strlen(found) < 32)
        memcpy(level, found, strlen(found) + 1);
    else
        status = senseless(registry, "compatibilityLevel", error);
    json_decref(answer);
    return status;
}

enum registry_status registry_set_compatibility(struct registry *registry, const char *subject, const char *level,
                                                struct error *error)
{
    json_t *answer;
    struct request request = subject_request("PUT", "/config/", subject, "");
    const enum registry_status status = exchange(registry, &request, json_pack("{s:s}", "compatibility", level), &answer, error);
    json_decref(answer);
    return status;
}

/** Copies the registry's reasons, one per line. */
static void copy_reasons(const json_t *messages, struct buf *reasons)
{
    size_t i;
    json_t *message;
    json_array_foreach(messages, i, message)
    {
        if (json_is_string(message))
            buf_printf(reasons, "%s\n", json_string_value(message));
    }
}

enum registry_status registry_compatible(struct registry *registry, const char *subject, const char *schema_json,
                                         bool *compatible, struct buf *reasons, struct error *error)
{
    json_t *answer;
    struct request request = subject_request("POST", "/compatibility/subjects/", subject, "/versions?verbose=true");
    enum registry_status status = exchange(registry, &request, json_pack("{s:s}", "schema", schema_json), &answer, error);
    if (status != REGISTRY_OK)
        return status;
    const json_t *said = json_object_get(answer, "is_compatible");
    if (!json_is_boolean(said))
        status = senseless(registry, "is_compatible", error);
    *compatible = json_is_true(said);
    if (reasons && status == REGISTRY_OK)
        copy_reasons(json_object_get(answer, "messages"), reasons);
    json_decref(answer);
    return status;
}
