/*
 * Writes JSON field by field, so that a provider's file reads like the body it sends.
 *
 *     struct json_out out = {.buf = &body};
 *     out_begin(&out, NULL, '{');
 *     out_text(&out, "symbol", "AAPL");
 *     out_end(&out, '}');
 *
 * Every function takes the key of the value, NULL inside an array and for the outermost value. Numbers are the shortest decimals
 * that read back as the same double. Pure; one thread per writer.
 */
#ifndef QUOTEBUS_SIM_JSON_OUT_H
#define QUOTEBUS_SIM_JSON_OUT_H

#include "base/bytes.h"

struct json_out {
    struct buf *buf; /**< borrowed; appended to */
    int indent;      /**< blanks per level on lines of their own; 0: everything on one line */
    int depth;
    bool comma; /**< the next value needs one before it */
};

/** Opens an object ('{') or an array ('['). */
void out_begin(struct json_out *out, const char *key, char bracket);
/** Closes it ('}' or ']'). */
void out_end(struct json_out *out, char bracket);
/** A text, escaped; NULL writes null. */
void out_text(struct json_out *out, const char *key, const char *value);
/** A whole number. */
void out_int(struct json_out *out, const char *key, int64_t value);
/** A finite number. */
void out_num(struct json_out *out, const char *key, double value);
void out_bool(struct json_out *out, const char *key, bool value);
void out_null(struct json_out *out, const char *key);

/** Rounds to `digits` decimals (0 to 15). */
double round_decimals(double value, int digits);
/** Rounds to `digits` significant digits (1 to 17). */
double round_significant(double value, int digits);

#endif
