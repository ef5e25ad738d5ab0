#include "bus/stage_probe.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

/** Bounds of one request to a neighbour. */
#define CONNECT_TIMEOUT_MS 1000L
#define REQUEST_TIMEOUT_MS 2000L
#define BODY_MAX_BYTES ((size_t)4 * 1024 * 1024)

/** Collects a body (a callback of libcurl). */
static size_t take_body(char *data, size_t size, size_t count, void *into)
{
    struct buf *body = into;
    const size_t len = size * count;
    if (body->len + len > BODY_MAX_BYTES)
        return 0;
    buf_append(body, data, len);
    return len;
}

/** The URL of a path at a stage's listen address; an address that means all of them is asked by loopback. */
static void stage_url(const char *listen, const char *path, char *url, size_t size)
{
    const char *colon = strrchr(listen, ':');
    const char *port = colon ? colon : "";
    const size_t host_len = colon ? (size_t)(colon - listen) : strlen(listen);
    const struct str host = {.ptr = listen, .len = host_len};
    if (host_len == 0 || str_is(host, "0.0.0.0"))
        snprintf(url, size, "http://127.0.0.1%s%s", port, path);
    else if (str_is(host, "[::]"))
        snprintf(url, size, "http://[::1]%s%s", port, path);
    else
        snprintf(url, size, "http://%.*s%s%s", STR_ARG(host), port, path);
}

/** GET: the HTTP status and the body with a NUL, or 0 and a reason in `failure`. */
static long get(const char *url, struct buf *body, char failure[CURL_ERROR_SIZE])
{
    long status = 0;
    CURL *curl = curl_easy_init();
    snprintf(failure, CURL_ERROR_SIZE, "libcurl cannot start");
    if (!curl)
        return 0;
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    const CURLcode result = curl_easy_perform(curl);
    if (result == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    else
        snprintf(failure, CURL_ERROR_SIZE, "%s", curl_easy_strerror(result));
    curl_easy_cleanup(curl);
    buf_append(body, "", 1);
    return status;
}

/** Keeps the first line of what /readyz says, without the state in front of it. */
static void keep_reason(struct stage_report *report, const char *body)
{
    const char *colon = strstr(body, ": ");
    const char *reason = colon ? colon + 2 : body;
    snprintf(report->reason, sizeof(report->reason), "%.*s", (int)strcspn(reason, "\n"), reason);
}

/** Asks one stage. */
static void probe(const char *name, const struct http_settings *http, struct stage_report *report)
{
    char url[300], failure[CURL_ERROR_SIZE];
    struct buf body = {0};
    *report = (struct stage_report){.name = name, .state = "no endpoint"};
    if (!*http->listen)
        return;
    stage_url(http->listen, "/readyz", url, sizeof(url));
    const long status = get(url, &body, failure);
    if (status == 0) {
        report->state = "down";
        snprintf(report->reason, sizeof(report->reason), "%.100s: %.200s", http->listen, failure);
    } else {
        report->state = status == 200 ? "ready" : "not ready";
        keep_reason(report, (const char *)body.data);
        stage_url(http->listen, "/metrics", url, sizeof(url));
        if (get(url, &report->metrics, failure) != 200)
            buf_clear(&report->metrics);
    }
    buf_clear(&body);
}

void stage_probe_all(const struct config *config, struct stage_report reports[STAGE_COUNT])
{
    probe("ingest", &config->ingest.http, &reports[0]);
    probe("validate", &config->validate.http, &reports[1]);
    probe("persist", &config->persist.http, &reports[2]);
}

void stage_reports_clear(struct stage_report reports[STAGE_COUNT])
{
    for (size_t i = 0; i < STAGE_COUNT; i++)
        buf_clear(&reports[i].metrics);
}

const char *stage_metrics(const struct stage_report reports[STAGE_COUNT], const char *name)
{
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        if (strcmp(reports[i].name, name) == 0 && reports[i].metrics.len)
            return (const char *)reports[i].metrics.data;
    }
    return NULL;
}
