/*
 * Whether the books of the pipeline balance: what came in is what arrived plus what was left out. Pure.
 */
#ifndef QUOTEBUS_CLI_BOOKS_H
#define QUOTEBUS_CLI_BOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/** One way of records: from a topic to the next topic or to a table. */
struct book {
    const char *from; /**< topic, without prefix; its dead letters stand in from + .dlq */
    const char *to;   /**< topic or table */
    bool to_table;
    bool incomplete; /**< the topic's oldest records are gone already, so it cannot be compared */
    int64_t came;    /**< records of `from` */
    int64_t letters; /**< of them, those that were left out */
    int64_t arrived; /**< records or rows of `to` */
};

/** Number of ways. */
#define BOOK_COUNT 4
/** The empty books of the pipeline. */
void books_init(struct book books[BOOK_COUNT]);
/** The book of a topic. */
const struct book *books_find(const struct book books[BOOK_COUNT], const char *from);
/** came = arrived + letters, or it cannot be said. */
bool book_balances(const struct book *book);
/** All of them. */
bool books_balance(const struct book books[BOOK_COUNT]);
/** Appends the books as a JSON array. */
void books_json(struct buf *out, const struct book books[BOOK_COUNT]);
/** Appends a line for each book that does not balance or cannot be compared. */
void books_complain(struct buf *out, const struct book books[BOOK_COUNT]);

#endif
