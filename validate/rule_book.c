#include "validate/rule_book.h"

#include "base/yaml.h"

/** Reads the file's bytes. */
static bool read_content(struct rule_book *book, const char *path, struct error *error)
{
    if (!yaml_read(path, &book->content, error)) {
        if (error && error->code == ERROR_NOT_FOUND)
            error->code = ERROR_USAGE; /* the configuration names it */
        return false;
    }
    return book->content.len <= RULE_BOOK_BYTES_MAX ||
           error_set(error, ERROR_USAGE, "%.200s has %zu bytes; a rule file has at most %d, so that it fits into a record", path,
                     book->content.len, RULE_BOOK_BYTES_MAX);
}

bool rule_book_load(struct rule_book *book, const char *path, struct error *error)
{
    *book = (struct rule_book){0};
    if (read_content(book, path, error))
        book->settings = rule_settings_parse(path, buf_str(&book->content), error);
    if (!book->settings)
        rule_book_clear(book);
    return book->settings != NULL;
}

bool rule_book_restore(struct rule_book *book, const struct rule_file *record, struct error *error)
{
    *book = (struct rule_book){0};
    buf_append_str(&book->content, record->content);
    book->settings = rule_settings_parse("a record of validate.rules", record->content, error);
    bool ok = book->settings != NULL;
    if (ok && !str_equal(rule_settings_version(book->settings), record->version))
        ok = error_set(error, ERROR_INVALID, "the rule file that is called %.*s has the version %.*s", STR_ARG(record->version),
                       STR_ARG(rule_settings_version(book->settings)));
    if (!ok)
        rule_book_clear(book);
    return ok;
}

void rule_book_clear(struct rule_book *book)
{
    rule_settings_free(book->settings);
    buf_clear(&book->content);
    *book = (struct rule_book){0};
}
