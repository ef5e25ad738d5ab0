/*
 * A parsed Avro schema as a tree of types. Private to avro_shape.c, avro_json.c and avro_resolve.c.
 *
 * Named types are nodes that may be reached on several ways, also from within themselves. Everything belongs to the shape and
 * is read-only after avro_shape_new.
 */
#ifndef QUOTEBUS_BUS_AVRO_SHAPE_H
#define QUOTEBUS_BUS_AVRO_SHAPE_H

#include <jansson.h>
#include <stdint.h>

#include "bus/avro_json.h"

/** Deepest nesting of a schema and of a value. */
#define AVRO_DEPTH_MAX 32

/** The kinds of types; primitives first, in the order of their names in avro_shape.c. */
enum avro_kind {
    AVRO_KIND_NULL,
    AVRO_KIND_BOOLEAN,
    AVRO_KIND_INT,
    AVRO_KIND_LONG,
    AVRO_KIND_FLOAT,
    AVRO_KIND_DOUBLE,
    AVRO_KIND_BYTES,
    AVRO_KIND_STRING,
    AVRO_KIND_RECORD,
    AVRO_KIND_ENUM,
    AVRO_KIND_FIXED,
    AVRO_KIND_ARRAY,
    AVRO_KIND_MAP,
    AVRO_KIND_UNION,
    AVRO_KIND_COUNT
};

/** Whether a long is a point in time and in which unit, or an int a day. */
enum avro_time { AVRO_TIME_NONE, AVRO_TIME_MICROS, AVRO_TIME_MILLIS, AVRO_TIME_DATE };

struct avro_node;

struct avro_field {
    const char *name;
    const struct avro_node *type;
    const json_t *fallback; /**< its default, NULL when it has none */
};

struct avro_node {
    enum avro_kind kind;
    enum avro_time time;   /**< of a long or an int */
    size_t id;             /**< place in avro_shape.nodes */
    const char *name;      /**< full name of a record, enum or fixed */
    const char *base_name; /**< the same without namespace */
    size_t count;          /**< fields, symbols or branches; bytes of a fixed */
    struct avro_field *fields;
    const char **symbols;
    int64_t symbol_default; /**< index of an enum's default, -1 when it has none */
    const struct avro_node **branches;
    const struct avro_node *items; /**< of an array or a map */
};

struct avro_shape {
    const struct avro_node *root;
    struct avro_node **nodes; /**< all nodes by id */
    size_t node_count;
    size_t node_cap;
    struct buf canonical; /**< the layout as text: equal texts mean equal layouts */
    json_t *schema;       /**< keeps the defaults alive */
    struct arena memory;
};

/** What a copy of a value gets in addition, per node of the writer's schema. Zeroed: nothing. */
struct avro_patch {
    struct str suffix;      /**< bytes behind each record of this type */
    const int64_t *symbols; /**< the reader's index of each symbol, -1 for one it does not know; NULL: as they are */
};

/**
 * Like avro_shape_walk, and appends the value to `copy` with the patches (by node id) put in. Blocks get positive counts, so a
 * copy has no byte sizes that could be wrong. The content of `copy` means nothing after a failure.
 */
bool avro_shape_copy(const struct avro_shape *shape, struct str body, const struct avro_patch *patches, struct buf *copy,
                     struct error *error) MUST_CHECK;

#endif
