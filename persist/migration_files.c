#include "persist/migration_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Digits in front of a file's name. */
#define VERSION_DIGITS 3

bool sha256_text(struct str data, char out[SHA256_TEXT_MAX], struct error *error)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_Digest(data.ptr, data.len, digest, &len, EVP_sha256(), NULL) != 1)
        return error_set(error, ERROR_FATAL, "SHA-256 of %zu bytes failed: is OpenSSL's default provider there?", data.len);
    for (unsigned i = 0; i < len && (i + 1) * 2 < SHA256_TEXT_MAX; i++)
        snprintf(out + (size_t)i * 2, 3, "%02x", digest[i]);
    return true;
}

int line_of_position(const char *text, long position)
{
    int line = 1;
    for (long left = position - 1; *text && left > 0; text++) {
        line += *text == '\n';
        const bool last_byte = ((unsigned char)text[1] & 0xc0) != 0x80;
        left -= last_byte;
    }
    return line;
}

char *migration_folder(const struct config *config, struct arena *arena)
{
    const char *given = getenv("QUOTEBUS_MIGRATIONS");
    if (given && *given)
        return arena_strdup(arena, str_from(given));
    const char *slash = strrchr(config->path, '/');
    const struct str beside = {.ptr = config->path, .len = slash ? (size_t)(slash - config->path) : 0};
    struct buf path = {0};
    buf_append_str(&path, slash ? beside : STR("."));
    buf_append_str(&path, STR("/../persist/migrations"));
    char *found = arena_strdup(arena, buf_str(&path));
    buf_clear(&path);
    return access(found, R_OK) == 0 ? found : arena_strdup(arena, STR(QUOTEBUS_DATADIR "/migrations"));
}

/** The number of NNN_name.sql; 0 for other names. */
static int version_of(const char *name)
{
    int version = 0;
    for (size_t i = 0; i < VERSION_DIGITS; i++) {
        if (!isdigit((unsigned char)name[i]))
            return 0;
        version = version * 10 + name[i] - '0';
    }
    const size_t len = strlen(name);
    const bool named = name[VERSION_DIGITS] == '_' && len > VERSION_DIGITS + 1 + 4 && strcmp(name + len - 4, ".sql") == 0;
    return named ? version : 0;
}

/** Reads one file whole. */
static bool read_file(const char *path, struct arena *arena, struct str *content, struct error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(error, ERROR_USAGE, "%s: %s", path, strerror(errno));
    char *data = xcalloc(1, MIGRATION_BYTES_MAX + 1);
    const size_t len = fread(data, 1, MIGRATION_BYTES_MAX + 1, file);
    bool ok = true;
    if (ferror(file))
        ok = error_set(error, ERROR_USAGE, "%s: reading failed", path);
    else if (len > MIGRATION_BYTES_MAX)
        ok = error_set(error, ERROR_INVALID, "%s: longer than %zu bytes", path, MIGRATION_BYTES_MAX);
    else if (memchr(data, '\0', len))
        ok = error_set(error, ERROR_INVALID, "%s: has a NUL byte, this is no SQL", path);
    else
        *content = arena_str(arena, (struct str){.ptr = data, .len = len});
    free(data);
    fclose(file);
    return ok;
}

/** Reads one migration into the list. */
static bool add_file(struct migration_files *files, const char *folder, const char *name, struct error *error)
{
    struct migration *migration = &files->items[files->count++];
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    buf_append(&path, "", 1);
    struct str content = {0};
    const bool ok =
        read_file((const char *)path.data, &files->memory, &content, error) && sha256_text(content, migration->sha256, error);
    buf_clear(&path);
    if (!ok)
        return false;
    migration->version = version_of(name);
    migration->name = arena_strdup(&files->memory, str_from(name));
    migration->sql = arena_strdup(&files->memory, content);
    return true;
}

/** Checks that the versions are 1, 2, 3, ... */
static bool check_numbers(const struct migration_files *files, const char *folder, struct error *error)
{
    for (size_t i = 0; i < files->count; i++) {
        const int version = files->items[i].version;
        if (version == (int)i + 1)
            continue;
        if (i && version == files->items[i - 1].version)
            return error_set(error, ERROR_INVALID, "%s: number %03d stands twice: %s and %s", folder, version,
                             files->items[i - 1].name, files->items[i].name);
        return error_set(error, ERROR_INVALID, "%s: number %03zu is missing before %s", folder, i + 1, files->items[i].name);
    }
    return true;
}

/** For scandir: numbered SQL files only. */
static int is_migration(const struct dirent *entry)
{
    return version_of(entry->d_name) > 0;
}

bool migration_files_read(struct migration_files *files, const char *folder, struct error *error)
{
    *files = (struct migration_files){0};
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_migration, alphasort);
    if (count < 0)
        return error_set(error, ERROR_USAGE, "folder of migrations %s: %s; name it with QUOTEBUS_MIGRATIONS", folder,
                         strerror(errno));
    files->items = xcalloc((size_t)count, sizeof(*files->items));
    bool ok = count > 0 || error_set(error, ERROR_USAGE, "folder of migrations %s has no NNN_name.sql", folder);
    for (int i = 0; i < count; i++) {
        ok = ok && add_file(files, folder, entries[i]->d_name, error);
        free(entries[i]);
    }
    free(entries);
    return ok && check_numbers(files, folder, error);
}

void migration_files_clear(struct migration_files *files)
{
    free(files->items);
    arena_clear(&files->memory);
    *files = (struct migration_files){0};
}
