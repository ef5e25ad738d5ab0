/*
 * How answers go out: headers that all carry, entity tags, compression.
 *
 * Threads: that of the server.
 */
#ifndef QUOTEBUS_BOARD_REPLY_H
#define QUOTEBUS_BOARD_REPLY_H

#include <microhttpd.h>

#include "board/answer.h"
#include "board/static_files.h"

/** Headers of every answer: content security policy, no sniffing, no referrer, no framing. */
void reply_add_security(struct MHD_Response *response);
/** Sends a file of the page with that status: compressed where the client takes it, 304 where the client has it. */
enum MHD_Result reply_file(struct MHD_Connection *connection, unsigned status, const struct static_file *file);
/** Sends an answer: its body is copied; 304 where the client has a body of 200. */
enum MHD_Result reply_answer(struct MHD_Connection *connection, const struct answer *answer);
/** Sends a problem, for a path under /api, or else a line of text. */
enum MHD_Result reply_problem(struct MHD_Connection *connection, bool api, unsigned status, const char *detail);

#endif
