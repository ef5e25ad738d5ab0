/*
 * UTF-8: what is well-formed, and how a text from anywhere becomes so.
 *
 * Source: the Unicode Standard 15, table 3-7 (no surrogates, nothing overlong, nothing above U+10FFFF). Threads: any.
 */
#ifndef QUOTEBUS_BASE_UTF8_H
#define QUOTEBUS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/** Bytes of the well-formed character at `at` (which is before `end`), 1 for any of ASCII; 0 when there is none. */
size_t utf8_character(const uint8_t *at, const uint8_t *end);
/** Whether all of the bytes are well-formed. */
bool utf8_valid(struct str text);
/** Makes one line of well-formed text in place: a line end or tab becomes a blank, another control or a stray byte `?`. */
void utf8_to_line(char *text);

#endif
