/*
 * Errors of the API as `application/problem+json` (RFC 9457). Pure; any thread.
 */
#ifndef QUOTEBUS_BOARD_PROBLEM_H
#define QUOTEBUS_BOARD_PROBLEM_H

#include "base/bytes.h"
#include "base/error.h"

#define PROBLEM_TYPE "application/problem+json"

/** Appends a problem: `title` is that of the HTTP status, `detail` says what was wrong and what to do. */
void problem_write(struct buf *out, unsigned status, const char *detail);
/** The HTTP status that stands for an error: 400, 404, 414, 503 or 500. */
unsigned problem_status(const struct error *error);

#endif
