#include "base/service_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/listen.h"
#include "base/metrics.h"

#define CONNECTIONS_MAX 16
#define REQUEST_TIMEOUT_S 10
#define REASON_MAX 200

/** One path and what answers it: appends the body, returns the status. */
struct endpoint {
    const char *path;
    const char *content_type;
    unsigned (*answer)(struct buf *body);
};

static struct MHD_Daemon *server;
static uint16_t server_port;

/** Brings the metrics of the process itself up to date. */
static void measure_process(void)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    const double cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                       ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) / 1e6;
    metric_set(metric_counter("process_cpu_seconds_total", "User and system time spent, seconds.", NULL), cpu);

    FILE *statm = fopen("/proc/self/statm", "re");
    char line[128] = "";
    if (statm) {
        const bool read = fgets(line, sizeof(line), statm) != NULL;
        fclose(statm);
        const char *second = read ? strchr(line, ' ') : NULL;
        if (second)
            metric_set(metric_gauge("process_resident_memory_bytes", "Resident memory, bytes.", NULL),
                       strtod(second, NULL) * (double)sysconf(_SC_PAGESIZE));
    }
}

/** Brings up to date what is known of the file system that the process works on; a stage's log and state lie there mostly. */
static void measure_disk(void)
{
    struct statvfs fs;
    if (statvfs(".", &fs) != 0)
        return;
    metric_set(
        metric_gauge("quotebus_filesystem_avail_bytes", "Free space of the file system of the working folder, bytes.", NULL),
        (double)fs.f_bavail * (double)fs.f_frsize);
    metric_set(metric_gauge("quotebus_filesystem_size_bytes", "Size of the file system of the working folder, bytes.", NULL),
               (double)fs.f_blocks * (double)fs.f_frsize);
}

/** /metrics */
static unsigned answer_metrics(struct buf *body)
{
    char reason[REASON_MAX];
    (void)service_ready(reason, sizeof(reason)); /* updates its metric */
    measure_process();
    measure_disk();
    metrics_write(body);
    return MHD_HTTP_OK;
}

/** /healthz: the process itself, nothing it talks to. */
static unsigned answer_health(struct buf *body)
{
    char reason[REASON_MAX];
    const bool alive = service_alive(reason, sizeof(reason));
    buf_printf(body, "%s\n", reason);
    return alive ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

/** /readyz */
static unsigned answer_ready(struct buf *body)
{
    char reason[REASON_MAX];
    const bool ready = service_ready(reason, sizeof(reason));
    buf_printf(body, "%s: %s\n", ready ? "ready" : "not ready", reason);
    return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static const struct endpoint endpoints[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", answer_metrics},
    {"/healthz", "text/plain; charset=utf-8", answer_health},
    {"/readyz", "text/plain; charset=utf-8", answer_ready},
};

bool service_http_answer(const char *url, struct buf *body, unsigned *status, const char **content_type)
{
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (strcmp(url, endpoints[i].path) == 0) {
            *status = endpoints[i].answer(body);
            *content_type = endpoints[i].content_type;
            return true;
        }
    }
    return false;
}

/** Sends a body that the response takes over. */
static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *content_type, const struct buf *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/** Answers one request (a callback of libmicrohttpd). */
static enum MHD_Result handle(void *unused, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request)
{
    (void)unused, (void)version, (void)upload, (void)upload_size, (void)request;
    struct buf body = {0};
    unsigned status = MHD_HTTP_NOT_FOUND;
    const char *content_type = "text/plain; charset=utf-8";
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        status = MHD_HTTP_METHOD_NOT_ALLOWED;
        buf_printf(&body, "only GET is answered\n");
    } else {
        if (!service_http_answer(url, &body, &status, &content_type))
            buf_printf(&body, "there are /metrics, /healthz and /readyz\n");
    }
    const enum MHD_Result result = reply(connection, status, content_type, &body);
    buf_clear(&body);
    return result;
}

bool service_http_start(const char *listen, struct error *error)
{
    union listen_address address;
    if (!listen || !*listen)
        return true;
    if (!listen_parse(listen, &address, error))
        return false;
    const unsigned flags =
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | (address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    errno = 0;
    server =
        MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address.any, MHD_OPTION_CONNECTION_LIMIT,
                         (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)REQUEST_TIMEOUT_S, MHD_OPTION_END);
    if (!server)
        return error_set(error, ERROR_USAGE, "listening on %.100s: %s; choose another port with listen, or empty for none",
                         listen, errno ? strerror(errno) : "cannot");
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT);
    server_port = info ? info->port : 0;
    return true;
}

void service_http_stop(void)
{
    if (server)
        MHD_stop_daemon(server);
    server = NULL;
    server_port = 0;
}

uint16_t service_http_port(void)
{
    return server_port;
}
