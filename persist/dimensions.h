/*
 * Small integer keys of assets and sources, with a cache.
 *
 * A name is looked up once per session through a `struct dimension_source`, in production PostgreSQL (postgres_dimensions).
 * There a name is first selected, then inserted with ON CONFLICT DO NOTHING and selected again, each in a statement of its own
 * outside of the batch's transaction: a key is committed before a row with it, so the cache never holds one that a rollback
 * took away, and two instances that meet the same new asset hold no lock while they wait for another one: no deadlock. A batch
 * that fails afterwards leaves an asset without rows behind, which does no harm.
 *
 * Threads: one.
 */
#ifndef QUOTEBUS_PERSIST_DIMENSIONS_H
#define QUOTEBUS_PERSIST_DIMENSIONS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "pg/pg.h"

/** Bytes of the longest name; the tables check the same. */
#define DIMENSION_NAME_MAX 200
/** Most names in the cache; then it begins anew, so that hostile records cannot fill the memory. */
#define DIMENSION_CACHE_MAX 20000

enum dimension { DIMENSION_ASSET, DIMENSION_SOURCE };

/** Where keys come from. */
struct dimension_source {
    void *ctx;
    /** The key of a checked name that is not in the cache. ERROR_INVALID: there can be none (dead letter). */
    bool (*resolve)(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error);
};

struct dimensions;

/** An empty cache; `source` is copied, its ctx kept by reference. */
struct dimensions *dimensions_new(const struct dimension_source *source);
/** NULL is fine. */
void dimensions_free(struct dimensions *dimensions);
/**
 * The key of an asset id (`class:CODE`) or of a source's name. ERROR_INVALID with cause `refused_value`: no such name can be
 * stored (empty, too long, a NUL byte, an asset without class); other codes: PostgreSQL could not be asked.
 */
bool dimensions_id(struct dimensions *dimensions, enum dimension kind, struct str name, int32_t *id,
                   struct error *error) MUST_CHECK;

/** Keys from the tables quotebus.asset and quotebus.source. The connection must not be in a transaction. */
struct dimension_source postgres_dimensions(struct pg *pg);

#endif
