/*
 * The files of the page, made by board/web/embed.py at build time and compiled into the program.
 */
#ifndef QUOTEBUS_BOARD_STATIC_FILES_H
#define QUOTEBUS_BOARD_STATIC_FILES_H

#include "base/bytes.h"

struct static_file {
    const char *path; /**< `/app.js` */
    const char *content_type;
    const char *etag; /**< strong, of the plain bytes */
    struct str plain;
    struct str gzipped; /**< the same compressed; empty where that saves nothing */
};

extern const struct static_file static_files[];
extern const size_t static_file_count;

#endif
