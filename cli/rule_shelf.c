#include "cli/rule_shelf.h"

#include <stdlib.h>

#include "bus/decoder.h"
#include "bus/reader.h"
#include "validate/outputs.h"

#define POLL_MS 200

/** The book of a version, or NULL. */
static struct rule_book *find_book(const struct rule_shelf *shelf, struct str version)
{
    for (size_t i = 0; i < shelf->count; i++) {
        if (str_equal(rule_settings_version(shelf->books[i].settings), version))
            return &shelf->books[i];
    }
    return NULL;
}

/** Takes a book over, unless its version is there already. */
static void keep_book(struct rule_shelf *shelf, struct rule_book *book)
{
    if (find_book(shelf, rule_settings_version(book->settings))) {
        rule_book_clear(book);
        return;
    }
    shelf->books = xrealloc(shelf->books, (shelf->count + 1) * sizeof(shelf->books[0]));
    shelf->books[shelf->count++] = *book;
}

/** Takes a record of the topic. A file that this program cannot use is left out: it may be an old one that nobody asks for. */
static bool keep_record(struct rule_shelf *shelf, struct decoder *decoder, const rd_kafka_message_t *message, struct error *error)
{
    struct arena arena = {0};
    struct str body;
    struct rule_file file;
    struct rule_book book;
    struct error unusable = {0};
    const struct str value = {.ptr = message->payload, .len = message->len};
    if (!message->payload) /* a tombstone */
        return true;
    const bool ok =
        decoder_body(decoder, value, &arena, &body, error) == DECODE_OK && rule_file_decode(body, &arena, &file, error);
    if (ok && rule_book_restore(&book, &file, &unusable))
        keep_book(shelf, &book);
    arena_clear(&arena);
    return ok || error_prefix(error, "the rule file at offset %lld", (long long)message->offset);
}

/** Reads all records. */
static bool read_records(struct rule_shelf *shelf, struct decoder *decoder, struct reader *reader, struct error *error)
{
    while (true) {
        rd_kafka_message_t *message = NULL;
        const enum reader_result result = reader_next(reader, POLL_MS, &message, error);
        if (result == READER_DONE || result == READER_FAILED)
            return result == READER_DONE;
        if (result == READER_IDLE)
            continue;
        const bool ok = keep_record(shelf, decoder, message, error);
        rd_kafka_message_destroy(message);
        if (!ok)
            return false;
    }
}

bool rule_shelf_fill(struct rule_shelf *shelf, const struct config *config, struct registry *registry, struct error *error)
{
    const struct reader_options options = {
        .topic = output_topic(config, OUTPUT_RULES), .partition = READER_ALL_PARTITIONS, .start = READER_BEGINNING};
    struct decoder *decoder = decoder_new(registry, rule_file_schema_json, error);
    struct reader *reader = decoder ? reader_new(&config->kafka, &options, error) : NULL;
    const bool ok = reader && read_records(shelf, decoder, reader, error);
    reader_free(reader);
    decoder_free(decoder);
    struct rule_book book;
    struct error ignored;
    if (ok && rule_book_load(&book, config->validate.rules_file, &ignored))
        keep_book(shelf, &book);
    return ok || error_prefix(error, "reading the rule files of %.120s", options.topic);
}

const struct rule_book *rule_shelf_book(const struct rule_shelf *shelf, struct str version, struct error *error)
{
    const struct rule_book *book = find_book(shelf, version);
    if (!book)
        (void)error_set(
            error, ERROR_NOT_FOUND,
            "no rule file of version %.*s that this program can use is on validate.rules, nor is it that of the configuration",
            STR_ARG(version));
    return book;
}

const struct rule_settings *rule_shelf_find(const struct rule_shelf *shelf, struct str version, struct error *error)
{
    const struct rule_book *book = rule_shelf_book(shelf, version, error);
    return book ? book->settings : NULL;
}

void rule_shelf_clear(struct rule_shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++)
        rule_book_clear(&shelf->books[i]);
    free(shelf->books);
    *shelf = (struct rule_shelf){0};
}
