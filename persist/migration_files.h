/*
 * The numbered SQL files of a folder: 001_roles_and_schema.sql, 002_....sql, without a gap.
 *
 * Threads: any; nothing is shared.
 */
#ifndef QUOTEBUS_PERSIST_MIGRATION_FILES_H
#define QUOTEBUS_PERSIST_MIGRATION_FILES_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"

/** Bytes of the longest file. */
#define MIGRATION_BYTES_MAX ((size_t)1 << 20)
/** SHA-256 in hexadecimal with the NUL. */
#define SHA256_TEXT_MAX 65

struct migration {
    int version; /**< the number in front of the name, from 1 */
    char *name;  /**< file name */
    char *sql;   /**< its content */
    char sha256[SHA256_TEXT_MAX];
};

struct migration_files {
    struct migration *items; /**< by version: items[i].version is i + 1 */
    size_t count;
    struct arena memory; /**< owns names and content */
};

/**
 * Reads all NNN_name.sql of a folder; other names are skipped. ERROR_USAGE: the folder cannot be read or has none; ERROR_INVALID:
 * a number is missing or stands twice, a file is too long or has a NUL byte. Freed with migration_files_clear, on failure too.
 */
bool migration_files_read(struct migration_files *files, const char *folder, struct error *error) MUST_CHECK;
void migration_files_clear(struct migration_files *files);

/**
 * The folder, in the arena: $QUOTEBUS_MIGRATIONS; else persist/migrations beside the folder of the configuration file, when it is
 * there (a source tree); else where the program was installed to.
 */
char *migration_folder(const struct config *config, struct arena *arena);

/** SHA-256 of `data` in hexadecimal. */
bool sha256_text(struct str data, char out[SHA256_TEXT_MAX], struct error *error) MUST_CHECK;
/** The line (from 1) of a character position (from 1) in UTF-8 text. */
int line_of_position(const char *text, long position);

#endif
