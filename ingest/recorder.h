/*
 * Captures responses in the form that quotebus-sim replays (`--recordings DIR`): DIR/PROVIDER/NUMBER-ENDPOINT.json with the body
 * as it came (decompressed), and a line per response in DIR/index.tsv.
 *
 * The URL in the index is the provider's own: what stands behind base_url, with the host of base_url before it. Keys, tokens and
 * crumbs in it are masked. A body is there under its name only when it is whole. A folder that has recordings is gone on with.
 * Bounded in files and bytes; when a bound is reached, or a file cannot be written, it says so once and captures no more.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_INGEST_RECORDER_H
#define QUOTEBUS_INGEST_RECORDER_H

#include "ingest/provider.h"
#include "ingest/response_head.h"

/** Most responses in a folder: quotebus-sim reads no more. */
#define RECORDER_FILES_MAX 4000
/** Most bytes of bodies that one run adds. */
#define RECORDER_BYTES_MAX (INT64_C(1) << 30)

struct recorder;

/** One response. All borrowed. */
struct recorded {
    const char *provider;
    const char *endpoint;
    const char *base_url; /**< that `url` begins with; another beginning is kept as it is */
    const char *url;
    const char *secret; /**< key of the provider; NULL: none */
    const struct http_response *response;
    const struct response_head *head;
};

/** Makes the folder where there is none. NULL on failure (ERROR_USAGE). */
struct recorder *recorder_new(const char *folder, struct error *error) MUST_CHECK;
/** NULL is fine. */
void recorder_free(struct recorder *recorder);
/** Captures a response; 304, which has no body, is left out. False when it was not captured. */
bool recorder_take(struct recorder *recorder, const struct recorded *recorded);
/** Appends the URL for the index: masked, with the host but without the path of base_url. */
void recorder_url(const struct recorded *recorded, struct buf *out);

#endif
