#include "ingest/fetcher.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "ingest/address.h"

/** Connections kept open. */
#define CONNECTIONS_MAX 64L
/** An idle connection is used again up to that age: jobs of five minutes find theirs. */
#define CONNECTION_IDLE_MAX_S 330L
/** An idle connection is probed that often, so that a dead one is found before it is used. */
#define KEEPALIVE_S 60L
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
    struct response_head head;
    bool any_address;   /* the URL names its address, or a proxy does the rest */
    bool refused;       /* an address was not gone to */
    const char *beyond; /* the bound that was passed, or NULL */
};

struct fetcher {
    CURLM *multi;
    char *user_agent;
    char *ca_file; /* NULL: the system's */
    bool proxied;  /* a proxy for https is set in the environment */
    size_t max_body_bytes;
    int64_t request_timeout_ms;
    uint64_t connections; /* made so far */
    struct transfer *pool;
    struct transfer *under_way;
    size_t in_flight;
};

/** curl's own set-up, once per process. */
static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/** Whether the environment names a proxy for https, by the variables that curl reads. */
static bool has_proxy(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return true;
        }
    }
    return false;
}

/** Who asks: the user agent, and whom to write to as a comment behind it. */
static char *full_user_agent(const struct fetcher_options *options)
{
    struct buf text = {0};
    buf_append_str(&text, str_from(options->user_agent));
    if (options->contact != NULL && options->contact[0] != '\0') {
        buf_printf(&text, " (+%s)", options->contact);
    }
    buf_append(&text, "", 1);
    return (char *)text.data;
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
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    struct fetcher *fetcher = xcalloc(1, sizeof *fetcher);
    fetcher->multi = multi;
    fetcher->user_agent = full_user_agent(options);
    fetcher->ca_file = options->ca_file != NULL && options->ca_file[0] != '\0' ? xstrdup(options->ca_file) : NULL;
    fetcher->proxied = has_proxy();
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
    response_head_clear(&transfer->head);
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
    free(fetcher->ca_file);
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

/** Takes one header line; less than all of it ends the transfer. */
static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *transfer = ctx;
    struct str line = {.ptr = data, .len = size * count};
    if (!response_head_line(&transfer->head, line, clock_wall_us())) {
        transfer->beyond = "the response has too many or too long headers";
        return 0;
    }
    return line.len;
}

/** Opens a socket for curl, unless the address is none that the request may go to. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = ctx;
    (void)purpose;
    if (!transfer->any_address && !address_is_public(&address->addr)) {
        transfer->refused = true;
        return CURL_SOCKET_BAD;
    }
    transfer->fetcher->connections++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/** Which hosts and protocols a request may speak to. */
static void set_reach(struct transfer *transfer, const char *url)
{
    CURL *easy = transfer->easy;
    bool secure = strncasecmp(url, "https://", 8) == 0;
    transfer->any_address = url_names_address(url) || (secure && transfer->fetcher->proxied);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    if (transfer->fetcher->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, transfer->fetcher->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (!secure) {
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    } else {
        curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L); /* rather share a connection that is being made than make another */
    }
}

/** How connections are used, and what bodies may come packed in. */
static void set_transport(CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_S / 4);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, ""); /* all that curl unpacks */
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
    set_reach(transfer, url);
    set_transport(easy);
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
    response_head_reset(&transfer->head);
    transfer->beyond = NULL;
    transfer->refused = false;
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

/** Whether a request got past looking up the name of its host. */
static bool was_looked_up(const struct transfer *transfer)
{
    curl_off_t lookup_us = 0;
    curl_off_t ready_us = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &lookup_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
    return lookup_us > 0 || ready_us > 0;
}

/** Why a transfer ended without a whole response, in our words where curl's say too little. */
static const char *failure_words(const struct transfer *transfer, CURLcode code)
{
    if (transfer->beyond != NULL) {
        return transfer->beyond;
    }
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return was_looked_up(transfer) ? "no whole response in time" : "the name of the host is not looked up in time (DNS)";
    case CURLE_COULDNT_RESOLVE_HOST:
        return "the name of the host cannot be looked up (DNS)";
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the name of the proxy cannot be looked up (DNS)";
    case CURLE_COULDNT_CONNECT:
        return transfer->refused ? "the name of the host leads to an address that is not public" : "no connection to the host";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "the TLS certificate of the host is not trusted";
    default:
        return curl_easy_strerror(code);
    }
}

/** What a transfer that curl ended without a whole response came to. */
static void set_failure(const struct transfer *transfer, CURLcode code, struct fetch_result *result)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        result->failure = OUTCOME_TIMEOUT;
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
    snprintf(result->message, sizeof result->message, "%s", failure_words(transfer, code));
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
            .content_type = buf_str(&transfer->head.content_type),
            .body = buf_str(&transfer->body),
            .date_us = transfer->head.date_us,
            .retry_after_s = transfer->head.retry_after_s,
            .cookies = buf_str(&transfer->head.cookies),
            .location = buf_str(&transfer->head.location),
        };
        result.head = &transfer->head;
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

uint64_t fetcher_connections(const struct fetcher *fetcher)
{
    return fetcher->connections;
}
