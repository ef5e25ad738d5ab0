#include "base/avro.h"

/** Bits of a 64-bit number in its tenth byte. */
#define LAST_BYTE_MAX 1

bool avro_read_long_slow(struct avro_reader *in, int64_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < AVRO_LONG_BYTES; i++) {
        if (in->at >= in->end)
            return avro_fail(in, "truncated");
        const uint8_t byte = *in->at++;
        if (i == AVRO_LONG_BYTES - 1 && byte > LAST_BYTE_MAX)
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
            return true;
        }
    }
    return avro_fail(in, "bad_varint");
}

bool avro_read_block(struct avro_reader *in, size_t item_bytes_min, size_t have, size_t *count)
{
    int64_t items;
    if (!avro_read_long(in, &items))
        return false;
    if (items < 0) {
        int64_t bytes;
        if (items == INT64_MIN)
            return avro_fail(in, "bad_length");
        items = -items;
        if (!avro_read_long(in, &bytes))
            return false;
        if (bytes < 0 || bytes > in->end - in->at)
            return avro_fail(in, "bad_length");
    }
    if ((uint64_t)items > AVRO_ITEMS_MAX - have)
        return avro_fail(in, "too_large");
    if (item_bytes_min && (uint64_t)items > (uint64_t)(in->end - in->at) / item_bytes_min)
        return avro_fail(in, "truncated");
    *count = (size_t)items;
    return true;
}

void *avro_grow(struct arena *arena, void *items, size_t have, size_t more, size_t item_size, size_t *cap)
{
    if (have + more <= *cap)
        return items;
    *cap = have + more > 2 * *cap ? have + more : 2 * *cap;
    void *larger = arena_alloc(arena, *cap * item_size);
    if (have)
        memcpy(larger, items, have * item_size);
    return larger;
}

bool avro_read_end(struct avro_reader *in, const char *record, struct error *error)
{
    if (!in->cause && in->at != in->end)
        in->cause = "trailing_bytes";
    if (!in->cause)
        return true;
    return error_cause(error, ERROR_INVALID, in->cause, "decoding %s: %s at byte %zu of %zu", record, in->cause,
                       (size_t)(in->at - in->start), (size_t)(in->end - in->start));
}
