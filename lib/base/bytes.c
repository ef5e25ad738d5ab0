#include "base/bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 64
#define ARENA_BLOCK 16384
#define ARENA_ALIGN _Alignof(max_align_t)

/** One block of an arena; blocks form a list in the order they are used. */
struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

/** Ends the process: nothing useful can be done without memory. */
static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "out of memory: an allocation of %zu bytes failed\n", size);
    abort();
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory(count * size);
    return memory;
}

void *xrealloc(void *ptr, size_t size)
{
    void *memory = realloc(ptr, size ? size : 1);
    if (!memory)
        out_of_memory(size);
    return memory;
}

char *xstrdup(const char *s)
{
    const size_t size = strlen(s) + 1;
    return memcpy(xcalloc(1, size), s, size);
}

struct str str_from(const char *c_string)
{
    return (struct str){.ptr = c_string, .len = c_string ? strlen(c_string) : 0};
}

bool str_is(struct str a, const char *c_string)
{
    return str_equal(a, str_from(c_string));
}

int str_compare(struct str a, struct str b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    if (order)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

uint8_t *buf_reserve(struct buf *buf, size_t extra)
{
    if (extra > SIZE_MAX / 2 - buf->len)
        out_of_memory(extra);
    const size_t need = buf->len + extra;
    if (need > buf->cap || !buf->data) {
        size_t cap = buf->cap ? buf->cap : BUF_FIRST;
        while (cap < need)
            cap *= 2;
        buf->data = xrealloc(buf->data, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(buf, len), data, len);
    buf->len += len;
}

void buf_append_str(struct buf *buf, struct str s)
{
    buf_append(buf, s.ptr, s.len);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *place = (char *)buf_reserve(buf, BUF_FIRST);
    const size_t room = buf->cap - buf->len;
    const int wanted = vsnprintf(place, room, fmt, args);
    va_end(args);
    if (wanted < 0)
        return;
    if ((size_t)wanted >= room) {
        place = (char *)buf_reserve(buf, (size_t)wanted + 1);
        va_start(args, fmt);
        vsnprintf(place, (size_t)wanted + 1, fmt, args);
        va_end(args);
    }
    buf->len += (size_t)wanted;
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){.ptr = (const char *)buf->data, .len = buf->len};
}

/** A new block with room for `size` bytes. */
static struct arena_block *arena_block_new(size_t size)
{
    const size_t data_size = size > ARENA_BLOCK ? size : ARENA_BLOCK;
    struct arena_block *block = xrealloc(NULL, sizeof(*block) + data_size);
    *block = (struct arena_block){.size = data_size};
    return block;
}

/** Goes to the next block with room for `size`; a kept one further on is preferred to a new one, so that resets reach a fixed
 * size. */
static struct arena_block *arena_advance(struct arena *arena, size_t size)
{
    struct arena_block **link = arena->current ? &arena->current->next : &arena->head;
    struct arena_block **found = link;
    while (*found && (*found)->size < size)
        found = &(*found)->next;
    struct arena_block *block = *found;
    if (block)
        *found = block->next;
    else
        block = arena_block_new(size);
    block->next = *link;
    *link = block;
    block->used = 0;
    arena->current = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        out_of_memory(size);
    const size_t rounded = ((size ? size : 1) + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
    struct arena_block *block = arena->current;
    if (!block || block->size - block->used < rounded)
        block = arena_advance(arena, rounded);
    void *memory = block->data + block->used;
    block->used += rounded;
    arena->used_total += rounded;
    return memset(memory, 0, rounded);
}

char *arena_strdup(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    const size_t size = len < 0 ? 1 : (size_t)len + 1;
    char *text = arena_alloc(arena, size);
    va_start(args, fmt);
    vsnprintf(text, size, fmt, args);
    va_end(args);
    return text;
}

struct str arena_str(struct arena *arena, struct str s)
{
    return (struct str){.ptr = arena_strdup(arena, s), .len = s.len};
}

void arena_reset(struct arena *arena)
{
    arena->current = NULL;
    arena->used_total = 0;
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->head;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}
