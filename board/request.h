/*
 * One request from its first line to its last byte. Private to server.c and reply.c.
 */
#ifndef QUOTEBUS_BOARD_REQUEST_H
#define QUOTEBUS_BOARD_REQUEST_H

#include <microhttpd.h>

#include "board/hub.h"
#include "board/pool.h"

struct request {
    struct MHD_Connection *connection;
    struct arena arena; /**< of all texts of the request */
    struct str raw;     /**< the target as it came */
    struct target target;
    struct answer answer;
    struct pool_job job;
    bool waits; /**< for the pool */
};

#endif
