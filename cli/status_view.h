/*
 * `quotebus status` as text and as JSON. Pure.
 */
#ifndef QUOTEBUS_CLI_STATUS_VIEW_H
#define QUOTEBUS_CLI_STATUS_VIEW_H

#include "cli/output.h"
#include "cli/status_data.h"

/**
 * Appends the text in lines of at most view->width columns. With a height it has at most that many lines less one, so that a
 * terminal does not scroll: the newest prices get what the rest leaves.
 */
void status_text(struct buf *out, struct status_data *data, const struct view *view);
/** Appends one object on one line. */
void status_json(struct buf *out, const struct status_data *data);
/** 0; 3 when a component is unreachable; 1 when one answers with an error. */
int status_exit(const struct status_data *data);

#endif
