/*
 * Entity tags (RFC 9110, 8.8.3 and 13.1.2). Pure; any thread.
 */
#ifndef QUOTEBUS_BOARD_ETAG_H
#define QUOTEBUS_BOARD_ETAG_H

#include "base/bytes.h"

/** Length of a tag that etag_of writes, with the NUL. */
#define ETAG_MAX 24

/** A weak tag of bytes: what differs has another one but for a chance of 2^-64. Returns `out`. */
char *etag_of(struct str body, char out[ETAG_MAX]);
/** Whether the value of If-None-Match (NULL: none was sent) names `etag`, by weak comparison, or is `*`. */
bool etag_matches(const char *if_none_match, const char *etag);

#endif
