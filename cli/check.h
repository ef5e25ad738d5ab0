/*
 * What the two kinds of `quotebus check` share: a verdict as one JSON line.
 */
#ifndef QUOTEBUS_CLI_CHECK_H
#define QUOTEBUS_CLI_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/row.h"
#include "quotebus_records.h"

/** The flag of a row whose cells are not what they stand for. */
#define FLAG_MALFORMED "malformed"

struct check_line {
    size_t line;      /**< of the file */
    struct str asset; /**< as it stands there; need not be UTF-8 */
    enum verdict verdict;
    const struct str *flags;
    size_t flag_count;
    struct opt_double reference;
    double score;
};

/** What is checked with what. */
struct check_input {
    FILE *stream;
    enum row_format format;
    struct str rules;          /**< text of the rule file */
    const char *rules_name;    /**< what it is called in errors */
    const char *default_class; /**< class of assets that are written without one */
    bool as_streamed;          /**< quotes are judged by what came before alone, as in the stream */
};

/** Prints a line; false once nobody reads any more. `text` is scratch memory. */
bool check_print(const struct check_line *line, struct buf *text);
/** An asset id with its class: itself, or `default_class:` before it, from the arena. */
struct str check_asset_id(struct str asset, const char *default_class, struct arena *arena);

/** Most rows of a file: they are all in memory, some 200 bytes each. */
#define CHECK_ROWS_MAX 10000000
/** Whether a file with that many rows may have one more, that of a line. ERROR_USAGE. */
bool check_room(size_t count, size_t line, struct error *error) MUST_CHECK;
/** Room for one more item of `size` bytes; doubles. */
void *check_grow(void *items, size_t count, size_t *cap, size_t size);

/**
 * Judges quotes in the order in which they were fetched and prints them in that of the stream. False with ERROR_USAGE when it
 * cannot be read; then nothing was printed.
 */
bool check_quotes(const struct check_input *input, struct error *error) MUST_CHECK;
/** Judges daily bars, each with its whole series in view. False with ERROR_USAGE when the stream cannot be read. */
bool check_bars(const struct check_input *input, struct error *error) MUST_CHECK;

#endif
