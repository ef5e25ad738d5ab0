#include "cli/rerun_compare.h"

/** Bytes of the wire format in front of a body. */
#define WIRE_HEADER_BYTES 5
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/** Mixes bytes and their length into a checksum. */
static uint64_t mix(uint64_t hash, struct str bytes)
{
    for (size_t i = 0; i < sizeof(bytes.len); i++)
        hash = (hash ^ ((bytes.len >> (8 * i)) & 0xff)) * FNV_PRIME;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * FNV_PRIME;
    return hash;
}

void rerun_begin(struct rerun_result *result, const struct rerun_span *span, const enum output *compared, size_t count)
{
    *result = (struct rerun_result){.partition = span->partition,
                                    .blind = span->raw_begin > 0 || span->clean_begin > 0,
                                    .compared_from = -1,
                                    .topic_count = count};
    for (size_t place = 0; place < count; place++)
        result->topics[place] = (struct rerun_topic){.output = compared[place], .checksum = FNV_START};
}

/** The body of a record that came again. */
static struct str body_of(const struct output_record *again)
{
    return (struct str){.ptr = again->value.ptr + WIRE_HEADER_BYTES, .len = again->value.len - WIRE_HEADER_BYTES};
}

/** Keeps one side of a difference. */
static struct rerun_side keep_side(struct arena *memory, struct str key, struct str body, int64_t timestamp_ms)
{
    return (struct rerun_side){.key = arena_str(memory, key), .body = arena_str(memory, body), .timestamp_ms = timestamp_ms};
}

void rerun_note(struct rerun_result *result, struct arena *memory, struct rerun_sides sides)
{
    const struct live_record *live = sides.live;
    const struct output_record *again = sides.again;
    struct rerun_difference *difference = &result->difference;
    *difference = (struct rerun_difference){.kind = sides.kind,
                                            .output = sides.output,
                                            .raw_offset = live ? live->raw_offset : sides.raw_offset,
                                            .offset = live ? live->offset : -1};
    if (live)
        difference->live = keep_side(memory, live->key, live->body, live->timestamp_ms);
    if (again)
        difference->again = keep_side(memory, again->key, body_of(again), again->timestamp_ms);
}

void rerun_compare(struct rerun_result *result, struct arena *memory, size_t place, const struct live_record *live,
                   const struct output_record *again, int64_t raw_offset)
{
    struct rerun_topic *topic = &result->topics[place];
    if (!str_equal(live->key, again->key) || live->timestamp_ms != again->timestamp_ms ||
        !str_equal(live->body, body_of(again))) {
        rerun_note(result, memory,
                   (struct rerun_sides){
                       .kind = RERUN_DIFFERS, .output = again->output, .live = live, .again = again, .raw_offset = raw_offset});
        return;
    }
    const struct str time = {.ptr = (const char *)&live->timestamp_ms, .len = sizeof(live->timestamp_ms)};
    topic->checksum = mix(mix(mix(topic->checksum, live->key), live->body), time);
    topic->records++;
}
