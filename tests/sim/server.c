#include "tests/sim/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/listen.h"

#define CONNECTIONS_MAX 64
#define CONNECTION_MEMORY ((size_t)32 * 1024)
#define IDLE_TIMEOUT_S 30
#define UPLOAD_MAX ((size_t)64 * 1024)
/** Pieces of a slow body. */
#define PIECES 20
#define PIECE_MAX ((size_t)64 * 1024)

struct sim_server {
    struct MHD_Daemon *daemon;
    struct sim_world *world;
    int64_t fixed_clock_us;
    bool validators;
    pthread_mutex_t lock; /* of the world */
};

/** One request and, later, its answer. */
struct exchange {
    char *uri;          /* as it came */
    const char *cookie; /* of the connection; NULL: none */
    bool begun;
    struct buf upload;
    struct sim_answer answer;
    char etag[24]; /* empty: none */
    int socket;
    size_t sent; /* of a slow body */
};

/** Waits until the client is gone or the time is over; true when it is still there. */
static bool client_waits(int socket, double seconds)
{
    struct pollfd watched = {.fd = socket, .events = POLLRDHUP};
    return poll(&watched, 1, (int)(seconds * 1000)) == 0;
}

/** Keeps the raw URI: libmicrohttpd's own decoding would hide a NUL. */
static void *on_uri(void *unused, const char *uri, struct MHD_Connection *connection)
{
    (void)unused, (void)connection;
    struct exchange *exchange = xcalloc(1, sizeof(*exchange));
    exchange->uri = xstrdup(uri);
    return exchange;
}

/** The request is over. */
static void on_completed(void *unused, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    (void)unused, (void)connection, (void)code;
    struct exchange *exchange = *state;
    if (!exchange)
        return;
    buf_clear(&exchange->upload);
    buf_clear(&exchange->answer.body);
    free(exchange->uri);
    free(exchange);
    *state = NULL;
}

/** The next piece of a slow body, after a pause. */
static ssize_t slow_piece(void *state, uint64_t position, char *out, size_t max)
{
    struct exchange *exchange = state;
    const struct buf *body = &exchange->answer.body;
    size_t piece = body->len / PIECES + 1;
    (void)position;
    if (exchange->sent == body->len)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (!client_waits(exchange->socket, exchange->answer.seconds / PIECES))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    piece = piece < max ? piece : max;
    piece = piece < body->len - exchange->sent ? piece : body->len - exchange->sent;
    memcpy(out, body->data + exchange->sent, piece);
    exchange->sent += piece;
    return (ssize_t)piece;
}

/** Sends the answer of the exchange. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct exchange *exchange)
{
    const struct sim_answer *answer = &exchange->answer;
    struct MHD_Response *response =
        answer->delivery == SIM_SLOWLY
            ? MHD_create_response_from_callback(answer->body.len, PIECE_MAX, slow_piece, exchange, NULL)
            : MHD_create_response_from_buffer(answer->body.len, answer->body.data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    if (exchange->etag[0])
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, exchange->etag);
    if (answer->retry_after_s >= 0) {
        char seconds[24];
        snprintf(seconds, sizeof(seconds), "%lld", (long long)answer->retry_after_s);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    if (answer->set_cookie)
        MHD_add_response_header(response, MHD_HTTP_HEADER_SET_COOKIE, answer->set_cookie);
    if (answer->location)
        MHD_add_response_header(response, MHD_HTTP_HEADER_LOCATION, answer->location);
    const enum MHD_Result result = MHD_queue_response(connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/** Gives a good answer its ETag; who has it already is told so in place of the body. */
static void validate(struct sim_server *server, struct MHD_Connection *connection, struct exchange *exchange)
{
    struct sim_answer *answer = &exchange->answer;
    uint64_t hash = 0;
    if (!server->validators || answer->status != MHD_HTTP_OK)
        return;
    for (size_t i = 0; i < answer->body.len; i++)
        hash = sim_hash(hash, answer->body.data[i]);
    snprintf(exchange->etag, sizeof(exchange->etag), "\"%016llx\"", (unsigned long long)hash);
    const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (known && strcmp(known, exchange->etag) == 0) {
        answer->status = MHD_HTTP_NOT_MODIFIED;
        buf_reset(&answer->body);
        server->world->witness.not_modified++;
    }
}

/** Counts connections. */
static void on_connection(void *state, struct MHD_Connection *connection, void **unused, enum MHD_ConnectionNotificationCode code)
{
    struct sim_server *server = state;
    (void)connection, (void)unused;
    pthread_mutex_lock(&server->lock);
    server->world->witness.connections += code == MHD_CONNECTION_NOTIFY_STARTED;
    pthread_mutex_unlock(&server->lock);
}

/** Asks the world. */
static void make_answer(struct sim_server *server, struct MHD_Connection *connection, const char *method,
                        struct exchange *exchange)
{
    buf_clear(&exchange->answer.body);
    pthread_mutex_lock(&server->lock);
    const int64_t now_us = server->fixed_clock_us ? server->fixed_clock_us : clock_wall_us();
    const struct sim_incoming incoming = {
        .method = method, .uri = exchange->uri, .body = buf_str(&exchange->upload), .cookie = exchange->cookie};
    world_answer(server->world, &incoming, now_us, &exchange->answer);
    validate(server, connection, exchange);
    pthread_mutex_unlock(&server->lock);
}

/** Takes one request, in several calls when it has a body (a callback of libmicrohttpd). */
static enum MHD_Result on_request(void *state, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size, void **request)
{
    struct sim_server *server = state;
    struct exchange *exchange = *request;
    (void)url, (void)version;
    if (!exchange->begun) {
        exchange->begun = true;
        return MHD_YES;
    }
    if (*upload_size) {
        if (exchange->upload.len + *upload_size > UPLOAD_MAX)
            return MHD_NO;
        buf_append(&exchange->upload, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    exchange->socket = info ? info->connect_fd : -1;
    exchange->cookie = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_COOKIE);
    make_answer(server, connection, method, exchange);
    if (exchange->answer.delivery == SIM_NEVER) {
        (void)client_waits(exchange->socket, exchange->answer.seconds);
        return MHD_NO;
    }
    return send_answer(connection, exchange);
}

struct sim_server *sim_server_start(const struct sim_server_settings *settings, struct sim_world *world, struct error *error)
{
    union listen_address address;
    if (!listen_parse(settings->listen, &address, error))
        return NULL;
    if (!listen_is_loopback(&address)) {
        error_set(error, ERROR_USAGE, "listen '%.100s': the simulator takes loopback addresses only, e.g. 127.0.0.1:9700",
                  settings->listen);
        return NULL;
    }
    struct sim_server *server = xcalloc(1, sizeof(*server));
    *server = (struct sim_server){.world = world, .fixed_clock_us = settings->fixed_clock_us, .validators = settings->validators};
    pthread_mutex_init(&server->lock, NULL);
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                           (address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    errno = 0;
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address.any,
                                      MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                      CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
                                      MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                                      MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    if (!server->daemon) {
        error_set(error, ERROR_USAGE, "listening on %.100s: %s; choose another port with --listen", settings->listen,
                  errno ? strerror(errno) : "cannot");
        sim_server_stop(server);
        return NULL;
    }
    return server;
}

uint16_t sim_server_port(const struct sim_server *server)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void sim_server_stop(struct sim_server *server)
{
    if (!server)
        return;
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
