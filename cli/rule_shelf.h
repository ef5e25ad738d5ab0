/*
 * The rule files that validate kept on validate.rules, by version.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_CLI_RULE_SHELF_H
#define QUOTEBUS_CLI_RULE_SHELF_H

#include "base/config.h"
#include "bus/registry.h"
#include "validate/rule_book.h"

/** Zero-initialised is empty and valid. */
struct rule_shelf {
    struct rule_book *books;
    size_t count;
};

/** Reads the topic, and adds the rule file of the configuration. Files that this program cannot use are left out. */
bool rule_shelf_fill(struct rule_shelf *shelf, const struct config *config, struct registry *registry,
                     struct error *error) MUST_CHECK;
/** The settings of a version, borrowed; NULL with ERROR_NOT_FOUND. */
const struct rule_settings *rule_shelf_find(const struct rule_shelf *shelf, struct str version, struct error *error);
/** The same with its rules for bars. */
const struct rule_book *rule_shelf_book(const struct rule_shelf *shelf, struct str version, struct error *error);
void rule_shelf_clear(struct rule_shelf *shelf);

#endif
