/*
 * A call of the API on its way: what was asked and what is answered.
 */
#ifndef QUOTEBUS_BOARD_ANSWER_H
#define QUOTEBUS_BOARD_ANSWER_H

#include "base/bytes.h"

/** What goes back to the client; zero-initialised is empty. */
struct answer {
    unsigned status; /**< of HTTP; 0: not answered yet */
    const char *content_type;
    struct buf body;
};

#endif
