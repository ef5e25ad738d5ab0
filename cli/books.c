#include "cli/books.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

void books_init(struct book books[BOOK_COUNT])
{
    static const struct book ways[BOOK_COUNT] = {
        {.from = "quotes.raw", .to = "quotes.clean"},
        {.from = "quotes.clean", .to = "quote", .to_table = true},
        {.from = "quotes.anomalies", .to = "anomaly", .to_table = true},
        {.from = "prices.consensus", .to = "consensus", .to_table = true},
    };
    memcpy(books, ways, sizeof(ways));
}

const struct book *books_find(const struct book books[BOOK_COUNT], const char *from)
{
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        if (strcmp(books[i].from, from) == 0)
            return &books[i];
    }
    assert(!"there is no such book");
    return NULL;
}

bool book_balances(const struct book *book)
{
    return book->incomplete || book->came == book->arrived + book->letters;
}

bool books_balance(const struct book books[BOOK_COUNT])
{
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        if (!book_balances(&books[i]))
            return false;
    }
    return true;
}

void books_json(struct buf *out, const struct book books[BOOK_COUNT])
{
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        const struct book *book = &books[i];
        const char *balanced = book->incomplete ? "null" : book_balances(book) ? "true" : "false";
        buf_printf(out,
                   "%s{\"from\":\"%s\",\"to\":\"%s\",\"came\":%" PRId64 ",\"dead_letters\":%" PRId64 ",\"arrived\":%" PRId64
                   ",\"balanced\":%s}",
                   i ? "," : "[", book->from, book->to, book->came, book->letters, book->arrived, balanced);
    }
    buf_append_str(out, STR("]"));
}

void books_complain(struct buf *out, const struct book books[BOOK_COUNT])
{
    for (size_t i = 0; i < BOOK_COUNT; i++) {
        const struct book *book = &books[i];
        if (book->incomplete)
            buf_printf(out, "%s: its oldest records are gone by retention, so they are not compared with %s\n", book->from,
                       book->to);
        else if (!book_balances(book))
            buf_printf(out, "%s does not balance: %" PRId64 " records, but %" PRId64 " in %s %s and %" PRId64 " dead letters\n",
                       book->from, book->came, book->arrived, book->to_table ? "table" : "topic", book->to, book->letters);
    }
}
