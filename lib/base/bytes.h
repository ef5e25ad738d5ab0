/*
 * Slices, optional values, a growable buffer and an arena: the memory vocabulary of the whole project.
 *
 * `struct str` borrows; `struct buf` owns; what comes from an arena lives until arena_reset. Hot paths reset one arena per
 * batch instead of allocating per record.
 *
 * Out of memory: the functions abort() with a message, since no stage can do anything useful then; sizes that come from input
 * are bounded before they get here.
 */
#ifndef QUOTEBUS_BASE_BYTES_H
#define QUOTEBUS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

/** A borrowed run of bytes; not NUL-terminated. */
struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){.ptr = (literal), .len = sizeof(literal) - 1})
/** For printf("%.*s"). */
#define STR_ARG(s) (int)(s).len, (s).ptr

struct str str_from(const char *c_string);
static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
bool str_is(struct str a, const char *c_string);
/** <0, 0, >0 like memcmp, shorter first on a tie. */
int str_compare(struct str a, struct str b);

/** Optional scalars: Avro's union with null. */
struct opt_double {
    bool set;
    double value;
};
struct opt_int {
    bool set;
    int32_t value;
};
struct opt_long {
    bool set;
    int64_t value;
};
struct opt_str {
    bool set;
    struct str value;
};
#define SOME_DOUBLE(v) ((struct opt_double){.set = true, .value = (v)})
#define SOME_INT(v) ((struct opt_int){.set = true, .value = (v)})
#define SOME_LONG(v) ((struct opt_long){.set = true, .value = (v)})
#define SOME_STR(v) ((struct opt_str){.set = true, .value = (v)})

/** A growable byte buffer. Zero-initialised is empty and valid. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

/** Makes room for `extra` more bytes; returns the place where they go (len is not moved). */
uint8_t *buf_reserve(struct buf *buf, size_t extra);
void buf_append(struct buf *buf, const void *data, size_t len);
void buf_append_str(struct buf *buf, struct str s);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** Keeps the memory, forgets the content. */
void buf_reset(struct buf *buf);
/** Frees the memory. */
void buf_clear(struct buf *buf);
/** The content as a slice (borrowed until the next change). */
struct str buf_str(const struct buf *buf);

/** A region allocator: blocks are kept over a reset. Zero-initialised is empty and valid. */
struct arena {
    struct arena_block *head;
    struct arena_block *current;
    size_t used_total; /**< bytes handed out since the last reset */
};

/** Memory for `size` bytes, aligned for any type, zeroed. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/** A NUL-terminated copy. */
char *arena_strdup(struct arena *arena, struct str s);
/** A NUL-terminated text as printf makes it. */
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** A copy as a slice. */
struct str arena_str(struct arena *arena, struct str s);
void arena_reset(struct arena *arena);
void arena_clear(struct arena *arena);

/** malloc family that aborts with a message when memory is out. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);

#endif
