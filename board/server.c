#include "board/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/service_http.h"
#include "board/problem.h"
#include "board/reply.h"
#include "board/request.h"

#define COMPONENT "board.server"
/** A connection that neither sends nor takes anything for that long is closed, unless it sleeps. */
#define IDLE_TIMEOUT_S 30
#define CONNECTION_MEMORY_BYTES ((size_t)16384)
/** Connections beside those that follow events: each page makes a few for the API, and somebody asks for /metrics. */
#define OTHER_CONNECTIONS 128
/** Bytes that the kernel holds for one who follows: more would only hide that he is slow. */
#define EVENT_SEND_BUFFER_BYTES 65536
#define EVENT_BLOCK_BYTES ((size_t)4096)

struct server {
    struct MHD_Daemon *daemon;
    const struct config *config;
    struct hub *hub;
    struct pool *pool;
    const struct memory *memory;
};

static void suspend(void *connection)
{
    MHD_suspend_connection(connection);
}

static void resume(void *connection)
{
    MHD_resume_connection(connection);
}

const struct hub_transport server_transport = {.sleep = suspend, .wake = resume};

/** Whether the first segments of a path are those words. */
static bool begins_with(const struct target *target, const char *first, const char *second)
{
    return target->segment_count > 0 && str_is(target->segments[0], first) &&
           (!second || (target->segment_count == 2 && str_is(target->segments[1], second)));
}

/** A file of the page by its path, or NULL. */
static const struct static_file *find_file(struct str path)
{
    for (size_t i = 0; i < static_file_count; i++) {
        if (str_is(path, static_files[i].path))
            return &static_files[i];
    }
    return NULL;
}

/** Sends a file, or the page itself for the addresses that it draws; for any other too, with 404, so that it can say so. */
static enum MHD_Result answer_page(struct request *request)
{
    static const char *const views[] = {"asset", "providers", "pipeline", "anomalies", "rankings", "markets"};
    const char *query = memchr(request->raw.ptr, '?', request->raw.len);
    const struct str path = {.ptr = request->raw.ptr, .len = query ? (size_t)(query - request->raw.ptr) : request->raw.len};
    const struct static_file *file = find_file(path);
    if (file)
        return reply_file(request->connection, MHD_HTTP_OK, file);
    bool known = request->target.segment_count == 0;
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        known = known || begins_with(&request->target, views[i], NULL);
    return reply_file(request->connection, known ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, find_file(STR("/index.html")));
}

/** Gives a follower's connection what it has to send (a callback of libmicrohttpd). */
static ssize_t read_events(void *follower, uint64_t at, char *out, size_t max)
{
    (void)at;
    const ssize_t len = hub_read(follower, out, max);
    return len == HUB_END ? MHD_CONTENT_READER_END_OF_STREAM : len;
}

/** The end of a follower's response (a callback of libmicrohttpd). */
static void end_events(void *follower)
{
    hub_leave(follower);
}

/** The number in Last-Event-ID, or -1. */
static int64_t last_event_id(struct MHD_Connection *connection)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Last-Event-ID");
    const size_t len = text ? strlen(text) : 0;
    return len > 0 && len < 19 && strspn(text, "0123456789") == len ? strtoll(text, NULL, 10) : -1;
}

/** Keeps the kernel from hiding how slow the other end is. */
static void bound_send_buffer(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int bytes = EVENT_SEND_BUFFER_BYTES;
    if (info && setsockopt(info->connect_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)))
        log_debug(COMPONENT, "the send buffer stays as it is", F_STR("error", strerror(errno)));
}

/** /api/events */
static enum MHD_Result answer_events(const struct server *server, struct request *request)
{
    if (request->target.pair_count > 0)
        return reply_problem(request->connection, true, 400, "there are no parameters");
    struct follower *follower = hub_join(server->hub, request->connection, last_event_id(request->connection));
    if (!follower)
        return reply_problem(request->connection, true, 503,
                             "as many pages follow already as board.clients_max allows: close one, or raise it");
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_BLOCK_BYTES, read_events, follower, end_events);
    if (!response) {
        hub_leave(follower);
        return MHD_NO;
    }
    bound_send_buffer(request->connection);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* a proxy in between must not collect */
    reply_add_security(response);
    const enum MHD_Result result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

/** The pool has answered (called in one of its threads). */
static void resume_answered(void *ctx)
{
    const struct request *request = ctx;
    MHD_resume_connection(request->connection);
}

/** Hands a call to the pool and lets its connection sleep. */
static enum MHD_Result submit(const struct server *server, struct request *request, const struct resource *resource,
                              const struct str *path_values)
{
    struct error error = {0};
    struct pool_job *job = &request->job;
    *job = (struct pool_job){.resource = resource, .answer = &request->answer, .done = resume_answered, .ctx = request};
    if (!params_bind(resource->params, resource->param_count, path_values, &request->target, clock_wall_us(), &request->arena,
                     job->values, &error))
        return reply_problem(request->connection, true, problem_status(&error), error.message);
    request->waits = true;
    MHD_suspend_connection(request->connection);
    if (pool_submit(server->pool, job))
        return MHD_YES;
    request->answer = (struct answer){.status = 503, .content_type = PROBLEM_TYPE};
    problem_write(&request->answer.body, 503, "too many calls wait for the database: try again in some seconds");
    MHD_resume_connection(request->connection);
    return MHD_YES;
}

/** Everything under /api. */
static enum MHD_Result answer_api(const struct server *server, struct request *request)
{
    struct str path_values[TARGET_SEGMENTS_MAX];
    if (begins_with(&request->target, "api", "events"))
        return answer_events(server, request);
    const struct resource *resource = resource_find(resources, &request->target, path_values);
    if (resource)
        return submit(server, request, resource, path_values);
    const struct static_file *file = find_file(request->raw);
    if (file)
        return reply_file(request->connection, MHD_HTTP_OK, file);
    struct answer *answer = &request->answer;
    if (!memory_answer(server->memory, &request->target, &answer->body))
        return reply_problem(request->connection, true, 404, "there is no such resource: /api/openapi.yaml lists them");
    if (request->target.pair_count > 0)
        return reply_problem(request->connection, true, 400, "there are no parameters");
    answer->status = MHD_HTTP_OK;
    answer->content_type = "application/json";
    return reply_answer(request->connection, answer);
}

/** Reads the target and chooses who answers. */
static enum MHD_Result route(const struct server *server, struct request *request, const char *url, const char *method)
{
    struct error error = {0};
    struct answer *answer = &request->answer;
    const bool api = strcmp(url, "/api") == 0 || strncmp(url, "/api/", strlen("/api/")) == 0;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply_problem(request->connection, api, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are answered");
    if (!target_parse(request->raw, &request->arena, &request->target, &error))
        return reply_problem(request->connection, api, problem_status(&error), error.message);
    if (api)
        return answer_api(server, request);
    if (service_http_answer(url, &answer->body, &answer->status, &answer->content_type))
        return reply_answer(request->connection, answer);
    return answer_page(request);
}

/** Makes the request as soon as its first line is there (a callback of libmicrohttpd). */
static void *begin_request(void *unused, const char *uri, struct MHD_Connection *connection)
{
    (void)unused;
    struct request *request = xcalloc(1, sizeof(*request));
    request->connection = connection;
    request->raw = arena_str(&request->arena, str_from(uri));
    return request;
}

/** Answers a request; called again when the pool has answered (a callback of libmicrohttpd). */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload, (void)upload_size;
    struct request *request = *state;
    if (!request)
        return MHD_NO;
    return request->waits ? reply_answer(connection, &request->answer) : route(ctx, request, url, method);
}

/** The end of a request, good or bad (a callback of libmicrohttpd). */
static void end_request(void *unused, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    (void)unused, (void)connection, (void)code;
    struct request *request = *state;
    if (!request)
        return;
    buf_clear(&request->answer.body);
    arena_clear(&request->arena);
    free(request);
    *state = NULL;
}

/** Makes the daemon listen. */
static struct MHD_Daemon *listen_on(struct server *server, const union listen_address *address)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (address->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    const unsigned connections = (unsigned)server->config->board.clients_max + OTHER_CONNECTIONS;
    errno = 0;
    return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR, &address->any,
                            MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES, MHD_OPTION_URI_LOG_CALLBACK,
                            begin_request, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_END);
}

struct server *server_start(const struct config *config, struct hub *hub, struct pool *pool, const struct memory *memory,
                            struct error *error)
{
    union listen_address address;
    const char *listen = config->board.http.listen;
    if (!listen_parse(listen, &address, error))
        return NULL;
    if (!listen_is_loopback(&address))
        log_warn(COMPONENT, "anybody who reaches this address sees the board: it asks for no password", F_STR("listen", listen));
    struct server *server = xcalloc(1, sizeof(*server));
    *server = (struct server){.config = config, .hub = hub, .pool = pool, .memory = memory};
    server->daemon = listen_on(server, &address);
    if (!server->daemon) {
        error_set(error, ERROR_USAGE, "listening on %.100s: %s; choose another address with board.listen", listen,
                  errno ? strerror(errno) : "cannot");
        free(server);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    log_info(COMPONENT, "listening", F_STR("listen", listen), F_INT("port", info ? info->port : 0));
    return server;
}

void server_quiesce(struct server *server)
{
    const MHD_socket socket = server ? MHD_quiesce_daemon(server->daemon) : MHD_INVALID_SOCKET;
    if (socket != MHD_INVALID_SOCKET)
        close(socket);
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}
