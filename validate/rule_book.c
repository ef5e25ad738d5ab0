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

/** Takes the content apart. */
static bool parse_content(struct rule_book *book, const char *name, struct error *error)
{
    book->settings = rule_settings_parse(name, buf_str(&book->content), error);
    book->bars = book->settings ? bar_rules_parse(name, buf_str(&book->content), error) : NULL;
    return book->bars != NULL;
}

bool rule_book_load(struct rule_book *book, const char *path, struct error *error)
{
    *book = (struct rule_book){0};
    const bool ok = read_content(book, path, error) && parse_content(book, path, error);
    if (!ok)
        rule_book_clear(book);
    return ok;
}

bool rule_book_restore(struct rule_book *book, const struct rule_file *record, struct error *error)
{
    *book = (struct rule_book){0};
    buf_append_str(&book->content, record->content);
    bool ok = parse_content(book, "a record of validate.rules", error);
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
    bar_rules_free(book->bars);
    buf_clear(&book->content);
    *book = (struct rule_book){0};
}
