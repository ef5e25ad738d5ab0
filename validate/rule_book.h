/*
 * A rule file with its text, so that it can be written to validate.rules and be used again.
 *
 * Threads: any, once loaded.
 */
#ifndef QUOTEBUS_VALIDATE_RULE_BOOK_H
#define QUOTEBUS_VALIDATE_RULE_BOOK_H

#include "quotebus_records.h"
#include "validate/bars/settings.h"
#include "validate/settings.h"

/** Largest rule file: it has to fit into one record. Room for some 20,000 exceptions. */
#define RULE_BOOK_BYTES_MAX 921600

struct rule_book {
    struct rule_settings *settings; /**< for quotes */
    struct bar_rules *bars;         /**< for daily bars */
    struct buf content;
};

/** Reads and checks a file. Errors (ERROR_USAGE) name file, line and field. `book` is left empty on failure. */
bool rule_book_load(struct rule_book *book, const char *path, struct error *error) MUST_CHECK;
/** The same from a record of validate.rules; its version must be that of its content. */
bool rule_book_restore(struct rule_book *book, const struct rule_file *record, struct error *error) MUST_CHECK;
/** Frees what it holds; an empty one is fine. */
void rule_book_clear(struct rule_book *book);

#endif
