/*
 * From a decoded body to what the library's users see. Pure. Threads: any.
 */
#ifndef QUOTEBUS_CLIENT_CONVERT_H
#define QUOTEBUS_CLIENT_CONVERT_H

#include "base/bytes.h"
#include "base/error.h"
#include "client/quotebus.h"

/** Reads a clean quote; texts go into `memory`. ERROR_INVALID. */
bool convert_quote(struct str body, struct arena *memory, struct quotebus_quote *quote, struct error *error) MUST_CHECK;
/** Reads a consensus price; texts go into `memory`. ERROR_INVALID. */
bool convert_price(struct str body, struct arena *memory, struct quotebus_price *price, struct error *error) MUST_CHECK;

#endif
