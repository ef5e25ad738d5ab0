#include "persist/dimensions.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

/** One known name. */
struct entry {
    int32_t id;
    UT_hash_handle hh;
    size_t key_len;
    char key[]; /* the kind's letter, then the name */
};

struct dimensions {
    struct dimension_source source;
    struct entry *entries;
};

/** How a dimension is looked up and added. */
struct dimension_sql {
    const char *label;
    const char *select;
    const char *insert;
};

/**
 * An insert need not wait for the disk: whatever row uses the key is committed later, and a commit that waits takes all before it
 * along. So thousands of new names do not cost as many writes to the disk.
 */
#define WITHOUT_WAIT " FROM pg_catalog.set_config('synchronous_commit', 'off', true)"

static const struct dimension_sql dimension_sql[] = {
    [DIMENSION_ASSET] = {"asset", "SELECT asset_id FROM quotebus.asset WHERE id = $1",
                         "INSERT INTO quotebus.asset (id, class) SELECT $1, split_part($1, ':', 1)" WITHOUT_WAIT
                         " ON CONFLICT DO NOTHING RETURNING asset_id"},
    [DIMENSION_SOURCE] = {"source", "SELECT source_id FROM quotebus.source WHERE name = $1",
                          "INSERT INTO quotebus.source (name) SELECT $1" WITHOUT_WAIT
                          " ON CONFLICT DO NOTHING RETURNING source_id"},
};

struct dimensions *dimensions_new(const struct dimension_source *source)
{
    struct dimensions *dimensions = xcalloc(1, sizeof(*dimensions));
    dimensions->source = *source;
    return dimensions;
}

/** Forgets all names. The entries stay chained in the order they came when the hash table goes. */
static void forget_all(struct dimensions *dimensions)
{
    struct entry *entry = dimensions->entries;
    HASH_CLEAR(hh, dimensions->entries);
    while (entry) {
        struct entry *next = entry->hh.next;
        free(entry);
        entry = next;
    }
}

void dimensions_free(struct dimensions *dimensions)
{
    if (!dimensions)
        return;
    forget_all(dimensions);
    free(dimensions);
}

/** Whether a name can stand in its table. */
static bool check_name(enum dimension kind, struct str name, struct error *error)
{
    const char *label = dimension_sql[kind].label;
    if (name.len == 0 || name.len > DIMENSION_NAME_MAX)
        return error_cause(error, ERROR_INVALID, "refused_value", "the %s has a name of %zu bytes, allowed are 1 to %d", label,
                           name.len, DIMENSION_NAME_MAX);
    if (memchr(name.ptr, '\0', name.len))
        return error_cause(error, ERROR_INVALID, "refused_value", "the name of the %s has a NUL byte", label);
    const char *colon = kind == DIMENSION_ASSET ? memchr(name.ptr, ':', name.len) : NULL;
    if (kind == DIMENSION_ASSET && (!colon || colon == name.ptr))
        return error_cause(error, ERROR_INVALID, "refused_value", "asset %.*s is not named class:CODE", STR_ARG(name));
    return true;
}

/** Keeps a key. */
static void remember(struct dimensions *dimensions, const char *key, size_t key_len, int32_t id)
{
    if (HASH_COUNT(dimensions->entries) >= DIMENSION_CACHE_MAX)
        forget_all(dimensions);
    struct entry *entry = xcalloc(1, sizeof(*entry) + key_len);
    entry->id = id;
    entry->key_len = key_len;
    memcpy(entry->key, key, key_len);
    HASH_ADD_KEYPTR(hh, dimensions->entries, entry->key, key_len, entry);
}

bool dimensions_id(struct dimensions *dimensions, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    if (!check_name(kind, name, error))
        return false;
    char key[1 + DIMENSION_NAME_MAX] = {kind == DIMENSION_ASSET ? 'a' : 's'};
    memcpy(key + 1, name.ptr, name.len);
    struct entry *entry;
    HASH_FIND(hh, dimensions->entries, key, name.len + 1, entry);
    if (entry) {
        *id = entry->id;
        return true;
    }
    if (!dimensions->source.resolve(dimensions->source.ctx, kind, name, id, error))
        return error_prefix(error, "key of %s %.*s", dimension_sql[kind].label, STR_ARG(name));
    remember(dimensions, key, name.len + 1, *id);
    return true;
}

/** Runs a statement that gives at most one key; *found says whether it did. */
static bool ask(struct pg *pg, const char *sql, const char *name, int32_t *id, bool *found, struct error *error)
{
    PGresult *result = pg_query(pg, sql, 1, &name, error);
    if (!result)
        return false;
    *found = PQntuples(result) == 1;
    if (*found)
        *id = (int32_t)pg_int(result, 0, 0);
    PQclear(result);
    return true;
}

/** Select, insert, and select once more for a name that another instance inserted in between. */
static bool resolve(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    struct pg *pg = ctx;
    const struct dimension_sql *sql = &dimension_sql[kind];
    char text[DIMENSION_NAME_MAX + 1] = {0};
    memcpy(text, name.ptr, name.len);
    const char *const steps[] = {sql->select, sql->insert, sql->select};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        bool found;
        if (!ask(pg, steps[i], text, id, &found, error))
            return false;
        if (found)
            return true;
    }
    return error_set(error, ERROR_RETRY, "quotebus.%s neither has it nor takes it", sql->label);
}

struct dimension_source postgres_dimensions(struct pg *pg)
{
    return (struct dimension_source){.ctx = pg, .resolve = resolve};
}
