/*
 * Avro's binary encoding, the primitives that the generated codecs of schemas/ are made of.
 *
 * Writing goes to a place that was reserved beforehand (avro_write_* return the byte behind what they wrote). Reading is
 * bounded: each length is checked against the bytes left and against a cap before anything is allocated, so hostile bytes give
 * an error, never an over-read, a leak or a huge allocation. The first failure sticks in the reader; its `cause` is the stable
 * word that dead letters carry: truncated, trailing_bytes, too_large, bad_length, bad_utf8, bad_enum, bad_union, bad_boolean,
 * bad_varint.
 *
 * Source: Apache Avro specification 1.11, "Binary encoding". Threads: any; a reader belongs to one.
 */
#ifndef QUOTEBUS_BASE_AVRO_H
#define QUOTEBUS_BASE_AVRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/utf8.h"

/** Longest string, bytes. */
#define AVRO_STRING_MAX 1048576
/** Most items of one array. */
#define AVRO_ITEMS_MAX 65536
/** Most bytes of a long, and of an int. */
#define AVRO_LONG_BYTES 10
#define AVRO_INT_BYTES 5

struct avro_reader {
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *start;
    const char *cause; /**< NULL while nothing failed */
};

static inline struct avro_reader avro_reader_of(struct str body)
{
    /* An empty body may come without a pointer, and one cannot count from NULL. */
    static const uint8_t nothing[1];
    const uint8_t *start = body.len ? (const uint8_t *)body.ptr : nothing;
    return (struct avro_reader){.at = start, .end = start + body.len, .start = start};
}

/** Remembers the first failure. Returns false. */
static inline bool avro_fail(struct avro_reader *in, const char *cause)
{
    if (!in->cause)
        in->cause = cause;
    return false;
}

/** The rest of avro_read_long for numbers of more than one byte. */
bool avro_read_long_slow(struct avro_reader *in, int64_t *out);

/** A long: zigzag, 7 bits a byte. */
static inline bool avro_read_long(struct avro_reader *in, int64_t *out)
{
    if (in->at < in->end && *in->at < 0x80) {
        const uint8_t byte = *in->at++;
        *out = (int64_t)(byte >> 1) ^ -(int64_t)(byte & 1);
        return true;
    }
    return avro_read_long_slow(in, out);
}

/** An int; a number outside of 32 bits is a failure. */
static inline bool avro_read_int(struct avro_reader *in, int32_t *out)
{
    int64_t wide;
    if (!avro_read_long(in, &wide))
        return false;
    if (wide < INT32_MIN || wide > INT32_MAX)
        return avro_fail(in, "bad_varint");
    *out = (int32_t)wide;
    return true;
}

static inline bool avro_read_double(struct avro_reader *in, double *out)
{
    if (in->end - in->at < 8)
        return avro_fail(in, "truncated");
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= (uint64_t)in->at[i] << (8 * i);
    memcpy(out, &bits, sizeof(bits));
    in->at += 8;
    return true;
}

static inline bool avro_read_boolean(struct avro_reader *in, bool *out)
{
    if (in->at >= in->end)
        return avro_fail(in, "truncated");
    if (*in->at > 1)
        return avro_fail(in, "bad_boolean");
    *out = *in->at++ == 1;
    return true;
}

/** A string, borrowed from the body. */
static inline bool avro_read_string(struct avro_reader *in, struct str *out)
{
    int64_t len;
    if (!avro_read_long(in, &len))
        return false;
    if (len < 0)
        return avro_fail(in, "bad_length");
    if (len > AVRO_STRING_MAX)
        return avro_fail(in, "too_large");
    if (len > in->end - in->at)
        return avro_fail(in, "truncated");
    *out = (struct str){.ptr = (const char *)in->at, .len = (size_t)len};
    in->at += len;
    return utf8_valid(*out) || avro_fail(in, "bad_utf8");
}

/** The branch of a union or the symbol of an enum: 0 to `count` - 1; otherwise fails with `cause`. */
static inline bool avro_read_index(struct avro_reader *in, int64_t count, const char *cause, int64_t *out)
{
    if (!avro_read_long(in, out))
        return false;
    return (*out >= 0 && *out < count) || avro_fail(in, cause);
}

/**
 * The head of an array's next block: how many items follow, 0 at the array's end. `item_bytes_min` is the size of the
 * smallest item (0: not checked; allocate nothing by the count then), `have` the number of items read before.
 */
bool avro_read_block(struct avro_reader *in, size_t item_bytes_min, size_t have, size_t *count);
/** Makes room for `more` items behind `have` in an array of the arena; *cap is the array's capacity. Returns the array. */
void *avro_grow(struct arena *arena, void *items, size_t have, size_t more, size_t item_size, size_t *cap);
/** Ends a read: false with `error` (and its cause) when something failed or bytes are left over. */
bool avro_read_end(struct avro_reader *in, const char *record, struct error *error) MUST_CHECK;

static inline uint8_t *avro_write_long(uint8_t *at, int64_t value)
{
    uint64_t zigzag = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    while (zigzag >= 0x80) {
        *at++ = (uint8_t)(zigzag | 0x80);
        zigzag >>= 7;
    }
    *at++ = (uint8_t)zigzag;
    return at;
}

static inline uint8_t *avro_write_double(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(bits >> (8 * i));
    return at + 8;
}

static inline uint8_t *avro_write_boolean(uint8_t *at, bool value)
{
    *at = value ? 1 : 0;
    return at + 1;
}

static inline uint8_t *avro_write_string(uint8_t *at, struct str value)
{
    at = avro_write_long(at, (int64_t)value.len);
    if (value.len)
        memcpy(at, value.ptr, value.len);
    return at + value.len;
}

#endif
