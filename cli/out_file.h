/*
 * Where a command writes bytes: a file, or stdout. A write that was interrupted can go on where it is known to be whole.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_OUT_FILE_H
#define QUOTEBUS_CLI_OUT_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

struct out_file {
    FILE *stream;
    const char *path; /**< borrowed; NULL: stdout */
    bool unread;      /**< nobody reads stdout any more: there is no point in going on, and that is no failure */
};

/**
 * Opens `path` (NULL: stdout) anew or, with `bytes` of 0 or more, to go on behind its first `bytes`; the rest is cut off. -1:
 * anew. ERROR_USAGE: it cannot be opened or is shorter.
 */
bool out_file_open(struct out_file *file, const char *path, int64_t bytes, struct error *error) MUST_CHECK;
/** Appends. ERROR_LIMIT: it cannot be written. Sets `unread` where that is the reason. */
bool out_file_write(struct out_file *file, struct str text, struct error *error) MUST_CHECK;
/** Sees to it that all that was written is on the disk; *bytes gets the length (-1 for stdout). */
bool out_file_sync(struct out_file *file, int64_t *bytes, struct error *error) MUST_CHECK;
/** Closes; a closed or zeroed one is fine. Call out_file_sync before it: a failure shows nowhere else. */
void out_file_close(struct out_file *file);

#endif
