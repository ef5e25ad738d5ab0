#include "board/reply.h"

#include <stdio.h>
#include <string.h>

#include "board/etag.h"
#include "board/problem.h"

#define TEXT_TYPE "text/plain; charset=utf-8"
/** A client may keep what it got, and asks each time whether it is still so. */
#define ASK_AGAIN "no-cache"

void reply_add_security(struct MHD_Response *response)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"},
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

/** The value of a request's header, or NULL. */
static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/** Sends a response with the headers of all, and lets go of it. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    reply_add_security(response);
    const enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/** 304 with the tag of what the client has. */
static enum MHD_Result reply_unchanged(struct MHD_Connection *connection, const char *etag)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    return queue(connection, MHD_HTTP_NOT_MODIFIED, response);
}

/** Whether the client takes gzip: named without a quality of zero. */
static bool takes_gzip(struct MHD_Connection *connection)
{
    const char *accepted = header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    const char *gzip = accepted ? strstr(accepted, "gzip") : NULL;
    return gzip && strncmp(gzip + strlen("gzip"), ";q=0", 4) != 0;
}

enum MHD_Result reply_file(struct MHD_Connection *connection, unsigned status, const struct static_file *file)
{
    if (status == MHD_HTTP_OK && etag_matches(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), file->etag))
        return reply_unchanged(connection, file->etag);
    const bool gzip = file->gzipped.len > 0 && takes_gzip(connection);
    const struct str bytes = gzip ? file->gzipped : file->plain;
    /* The library takes no pointer to constant bytes; it does not change persistent ones. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(bytes.len, (void *)(uintptr_t)bytes.ptr, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, ASK_AGAIN);
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (gzip)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    return queue(connection, status, response);
}

enum MHD_Result reply_answer(struct MHD_Connection *connection, const struct answer *answer)
{
    char etag[ETAG_MAX];
    const struct str body = buf_str(&answer->body);
    const bool tagged = answer->status == MHD_HTTP_OK;
    if (tagged && etag_matches(header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH), etag_of(body, etag)))
        return reply_unchanged(connection, etag);
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, ASK_AGAIN);
    if (tagged)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
    if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    return queue(connection, answer->status, response);
}

enum MHD_Result reply_problem(struct MHD_Connection *connection, bool api, unsigned status, const char *detail)
{
    struct answer answer = {.status = status, .content_type = api ? PROBLEM_TYPE : TEXT_TYPE};
    if (api)
        problem_write(&answer.body, status, detail);
    else
        buf_printf(&answer.body, "%s\n", detail);
    const enum MHD_Result result = reply_answer(connection, &answer);
    buf_clear(&answer.body);
    return result;
}
