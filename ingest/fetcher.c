#include "ingest/fetcher.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ingest/http_date.h"

/** Connections kept open. */
#define CONNECTIONS_MAX 64L
/** A body buffer larger than that is freed after use. */
#define BODY_KEEP_BYTES 1048576

/** One request under way, or in the pool of those that are not. */
struct transfer {
    struct transfer *next; /* in the pool, or among those under way */
    struct fetcher *fetcher;
    CURL *easy;
    struct curl_slist *headers;
    void *ctx;
    struct buf body;
    struct buf content_type;
    struct buf cookies; /* as a Cookie header has them */
    struct buf location;
    size_t header_lines;
    size_t header_bytes;
    struct opt_long date_us;
    struct opt_long retry_after_s;
    const char *beyond; /* the bound that was passed, or NULL */
};

struct fetcher {
    CURLM *multi;
    char *user_agent;
    size_t max_body_bytes;
    int64_t request_timeout_ms;
    struct transfer *pool;
    struct transfer *under_way;
    size_t in_flight;
};

/** curl's own set-up, once per process. */
static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct fetcher *fetcher_new(const struct fetcher_options *options, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        error_set(error, ERROR_FATAL, "cannot set up the HTTP client");
        return NULL;
    }
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
    struct fetcher *fetcher = xcalloc(1, sizeof *fetcher);
    fetcher->multi = multi;
    fetcher->user_agent = xstrdup(options->user_agent);
    fetcher->max_body_bytes = (size_t)options->max_body_bytes;
    fetcher->request_timeout_ms = options->request_timeout_ms;
    return fetcher;
}

/** Frees one transfer that curl no longer works on. */
static void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    buf_clear(&transfer->body);
    buf_clear(&transfer->content_type);
    buf_clear(&transfer->cookies);
    buf_clear(&transfer->location);
    free(transfer);
}

/** Forgets what one request left, and puts the handle into the pool. */
static void recycle(struct transfer *transfer)
{
    struct fetcher *fetcher = transfer->fetcher;
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    if (transfer->body.cap > BODY_KEEP_BYTES) {
        buf_clear(&transfer->body);
    }
    transfer->next = fetcher->pool;
    fetcher->pool = transfer;
}

/** Takes a transfer out of curl's hands and off the list. */
static void detach(struct transfer *transfer)
{
    struct fetcher *fetcher = transfer->fetcher;
    struct transfer **link = &fetcher->under_way;
    while (*link != transfer) {
        link = &(*link)->next;
    }
    *link = transfer->next;
    fetcher->in_flight--;
    curl_multi_remove_handle(fetcher->multi, transfer->easy);
}

bool fetcher_cancel(struct fetcher *fetcher, const void *ctx)
{
    struct transfer *transfer = fetcher->under_way;
    while (transfer != NULL && transfer->ctx != ctx) {
        transfer = transfer->next;
    }
    if (transfer != NULL) {
        detach(transfer);
        recycle(transfer);
    }
    return transfer != NULL;
}

void fetcher_free(struct fetcher *fetcher)
{
    if (fetcher == NULL) {
        return;
    }
    while (fetcher->under_way != NULL) {
        fetcher_cancel(fetcher, fetcher->under_way->ctx);
    }
    while (fetcher->pool != NULL) {
        struct transfer *transfer = fetcher->pool;
        fetcher->pool = transfer->next;
        transfer_free(transfer);
    }
    curl_multi_cleanup(fetcher->multi);
    free(fetcher->user_agent);
    free(fetcher);
}

/** Takes body bytes, decompressed; less than all of them ends the transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    size_t len = size * count;
    if (len > transfer->fetcher->max_body_bytes - transfer->body.len) {
        transfer->beyond = "the body is larger than ingest.max_body_bytes";
        return 0;
    }
    buf_append(&transfer->body, data, len);
    return len;
}

/** The value of a header line when its name is `name`. */
static bool header_value(struct str line, const char *name, struct str *value)
{
    size_t len = strlen(name);
    if (line.len <= len || line.ptr[len] != ':' || strncasecmp(line.ptr, name, len) != 0) {
        return false;
    }
    *value = (struct str){.ptr = line.ptr + len + 1, .len = line.len - len - 1};
    while (value->len > 0 && strchr(" \t", value->ptr[0]) != NULL) {
        value->ptr++;
        value->len--;
    }
    while (value->len > 0 && strchr(" \t\r\n", value->ptr[value->len - 1]) != NULL) {
        value->len--;
    }
    return true;
}

/** Forgets the headers of an interim response (100, 103) when those of the next begin. */
static void begin_headers(struct transfer *transfer)
{
    buf_reset(&transfer->content_type);
    buf_reset(&transfer->cookies);
    buf_reset(&transfer->location);
    transfer->date_us = (struct opt_long){0};
    transfer->retry_after_s = (struct opt_long){0};
}

/** Keeps name and value of a Set-Cookie header; one that is too long or no plain text is as good as none. */
static void take_cookie(struct buf *cookies, struct str value)
{
    const char *end = memchr(value.ptr, ';', value.len);
    value.len = end != NULL ? (size_t)(end - value.ptr) : value.len;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < ' ' || value.ptr[i] > '~') {
            return;
        }
    }
    if (value.len > 0 && cookies->len + value.len + 2 <= FETCH_COOKIES_BYTES_MAX) {
        buf_append_str(cookies, cookies->len > 0 ? STR("; ") : STR(""));
        buf_append_str(cookies, value);
    }
}

/** Keeps what parsers and planner want of a header line. */
static void read_header(struct transfer *transfer, struct str line)
{
    struct str value;
    int64_t number;
    if (line.len >= 5 && strncmp(line.ptr, "HTTP/", 5) == 0) {
        begin_headers(transfer);
    } else if (header_value(line, "content-type", &value)) {
        buf_reset(&transfer->content_type);
        buf_append_str(&transfer->content_type, value);
    } else if (header_value(line, "set-cookie", &value)) {
        take_cookie(&transfer->cookies, value);
    } else if (header_value(line, "location", &value)) {
        buf_reset(&transfer->location);
        buf_append_str(&transfer->location, value);
    } else if (header_value(line, "date", &value) && http_date_parse(value, &number)) {
        transfer->date_us = SOME_LONG(number);
    } else if (header_value(line, "retry-after", &value) && retry_after_parse(value, clock_wall_us(), &number)) {
        transfer->retry_after_s = SOME_LONG(number);
    }
}

/** Takes one header line; less than all of it ends the transfer. */
static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct str line = {.ptr = data, .len = size * count};
    transfer->header_lines++;
    transfer->header_bytes += line.len;
    if (transfer->header_lines > FETCH_HEADER_LINES_MAX || transfer->header_bytes > FETCH_HEADER_BYTES_MAX) {
        transfer->beyond = "the response has too many or too long headers";
        return 0;
    }
    read_header(transfer, line);
    return line.len;
}

/** Which hosts and protocols a request may speak to. */
static void set_reach(CURL *easy, const char *url)
{
    bool secure = strncasecmp(url, "https://", 8) == 0;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (!secure) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

/** How long a request may take, and how slow it may be. */
static void set_bounds(CURL *easy, int64_t timeout_ms)
{
    int64_t connect_ms = timeout_ms < FETCH_CONNECT_TIMEOUT_MS ? timeout_ms : FETCH_CONNECT_TIMEOUT_MS;
    int64_t slow_s = timeout_ms * 2 / 3 / 1000;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)FETCH_LOW_SPEED_BYTES_PER_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)(slow_s > 0 ? slow_s : 1));
}

/** Sets all options of a request; an easy handle keeps none from the one before. */
static void set_options(struct transfer *transfer, const char *url)
{
    CURL *easy = transfer->easy;
    curl_easy_reset(easy);
    set_reach(easy, url);
    set_bounds(easy, transfer->fetcher->request_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->fetcher->user_agent);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
}

/** A list for curl from `Name: value` lines. */
static struct curl_slist *header_list(struct str lines)
{
    struct curl_slist *list = NULL;
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.ptr) : lines.len;
        struct buf line = {0};
        buf_append(&line, lines.ptr, len);
        buf_append(&line, "", 1);
        list = curl_slist_append(list, (const char *)line.data);
        buf_clear(&line);
        size_t used = end != NULL ? len + 1 : len;
        lines.ptr += used;
        lines.len -= used;
    }
    return list;
}

/** A transfer from the pool, or a new one. NULL when curl makes none. */
static struct transfer *obtain(struct fetcher *fetcher)
{
    struct transfer *transfer = fetcher->pool;
    if (transfer != NULL) {
        fetcher->pool = transfer->next;
        return transfer;
    }
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
        return NULL;
    }
    transfer = xcalloc(1, sizeof *transfer);
    transfer->fetcher = fetcher;
    transfer->easy = easy;
    return transfer;
}

bool fetcher_start(struct fetcher *fetcher, const struct fetch_request *request, struct error *error)
{
    struct transfer *transfer = obtain(fetcher);
    if (transfer == NULL) {
        return error_set(error, ERROR_RETRY, "cannot make another HTTP handle");
    }
    buf_reset(&transfer->body);
    begin_headers(transfer);
    transfer->header_lines = 0;
    transfer->header_bytes = 0;
    transfer->beyond = NULL;
    transfer->ctx = request->ctx;
    transfer->headers = header_list(request->headers);
    set_options(transfer, request->url);
    CURLMcode code = curl_multi_add_handle(fetcher->multi, transfer->easy);
    if (code != CURLM_OK) {
        recycle(transfer);
        return error_set(error, ERROR_RETRY, "cannot start the HTTP request: %s", curl_multi_strerror(code));
    }
    transfer->next = fetcher->under_way;
    fetcher->under_way = transfer;
    fetcher->in_flight++;
    return true;
}

/** What a transfer that curl ended without a whole response came to. */
static void set_failure(const struct transfer *transfer, CURLcode code, struct fetch_result *result)
{
    const char *words = transfer->beyond != NULL ? transfer->beyond : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        result->failure = OUTCOME_TIMEOUT;
        words = "no whole response in time";
        break;
    case CURLE_WRITE_ERROR:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
        result->failure = OUTCOME_MALFORMED;
        break;
    default:
        result->failure = OUTCOME_UNREACHABLE;
        break;
    }
    snprintf(result->message, sizeof result->message, "%s", words);
}

/** Hands a finished transfer to the callback. */
static void finish(struct transfer *transfer, CURLcode code, fetch_done_fn done, void *ctx)
{
    curl_off_t total_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    struct fetch_result result = {.ctx = transfer->ctx, .complete = code == CURLE_OK, .latency_ms = (double)total_us / 1000};
    if (result.complete) {
        long status = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        result.response = (struct http_response){
            .status = (int)status,
            .content_type = buf_str(&transfer->content_type),
            .body = buf_str(&transfer->body),
            .date_us = transfer->date_us,
            .retry_after_s = transfer->retry_after_s,
            .cookies = buf_str(&transfer->cookies),
            .location = buf_str(&transfer->location),
        };
    } else {
        set_failure(transfer, code, &result);
    }
    detach(transfer);
    done(ctx, &result);
    recycle(transfer);
}

void fetcher_run(struct fetcher *fetcher, int64_t timeout_ms, fetch_done_fn done, void *ctx)
{
    int running = 0;
    int messages = 0;
    CURLMsg *message;
    curl_multi_poll(fetcher->multi, NULL, 0, (int)timeout_ms, NULL);
    curl_multi_perform(fetcher->multi, &running);
    while ((message = curl_multi_info_read(fetcher->multi, &messages)) != NULL) {
        struct transfer *transfer = NULL;
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            finish(transfer, code, done, ctx);
        }
    }
}

size_t fetcher_in_flight(const struct fetcher *fetcher)
{
    return fetcher->in_flight;
}
