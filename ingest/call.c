#include "ingest/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef bool (*before_fn)(const struct call *a, const struct call *b);

struct call *call_new(const struct endpoint *endpoint, size_t lane, size_t asset_count)
{
    struct call *call = xcalloc(1, sizeof *call + asset_count * sizeof call->assets[0]);
    call->endpoint = endpoint;
    call->lane = lane;
    call->attempt = 1;
    call->asset_count = asset_count;
    call->part_count = asset_count > 0 ? asset_count : 1;
    call->parts = xcalloc(call->part_count, sizeof *call->parts);
    return call;
}

struct request_spec call_spec(const struct call *call, const char *api_key, const struct web_session *session)
{
    return (struct request_spec){
        .assets = call->assets,
        .asset_count = call->asset_count,
        .api_key = api_key,
        .from_us = call->from_us,
        .to_us = call->to_us,
        .params = call->params,
        .param_count = call->param_count,
        .cookie = session->cookie,
        .token = session->token,
    };
}

struct call *call_part_of(const struct call *call, size_t first, size_t count)
{
    assert(first + count <= call->asset_count);
    struct call *part = call_new(call->endpoint, call->lane, count);
    part->fallback = call->fallback;
    part->from_us = call->from_us;
    part->to_us = call->to_us;
    part->params = call->params;
    part->param_count = call->param_count;
    part->priority = call->priority;
    part->splits = call->splits;
    part->era = call->era;
    memcpy(part->assets, call->assets + first, count * sizeof call->assets[0]);
    memcpy(part->parts, call->parts + first, count * sizeof call->parts[0]);
    return part;
}

void call_free(struct call *call)
{
    if (call != NULL) {
        free(call->parts);
        free(call);
    }
}

/** Whether `a` is ripe before `b`. */
static bool earlier(const struct call *a, const struct call *b)
{
    return a->not_before_ms != b->not_before_ms ? a->not_before_ms < b->not_before_ms : a->sequence < b->sequence;
}

/** Whether `a` goes out before `b`, both being ripe. */
static bool preferred(const struct call *a, const struct call *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->sequence < b->sequence;
}

/** Exchanges two places of a heap. */
static void swap(struct call_heap *heap, size_t i, size_t k)
{
    struct call *held = heap->items[i];
    heap->items[i] = heap->items[k];
    heap->items[k] = held;
}

/** Puts a call in its place. */
static void heap_push(struct call_heap *heap, struct call *call, before_fn before)
{
    if (heap->count == heap->cap) {
        heap->cap = heap->cap > 0 ? heap->cap * 2 : 16;
        heap->items = xrealloc(heap->items, heap->cap * sizeof(void *));
    }
    size_t i = heap->count++;
    heap->items[i] = call;
    for (; i > 0 && before(heap->items[i], heap->items[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(heap, i, (i - 1) / 2);
    }
}

/** The smaller child of `i`, or `i` when no child is smaller. */
static size_t smaller_child(const struct call_heap *heap, size_t i, before_fn before)
{
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->count; child++) {
        least = before(heap->items[child], heap->items[least]) ? child : least;
    }
    return least;
}

/** Takes the first call out of a heap that is not empty. */
static struct call *heap_pop(struct call_heap *heap, before_fn before)
{
    assert(heap->count > 0);
    struct call *first = heap->items[0];
    heap->items[0] = heap->items[--heap->count];
    size_t i = 0;
    for (size_t child = smaller_child(heap, i, before); child != i; child = smaller_child(heap, i, before)) {
        swap(heap, i, child);
        i = child;
    }
    return first;
}

void call_queue_push(struct call_queue *queue, struct call *call)
{
    call->sequence = queue->next_sequence++;
    heap_push(&queue->unripe, call, earlier);
}

struct call *call_queue_first(struct call_queue *queue, int64_t now_ms)
{
    while (queue->unripe.count > 0 && queue->unripe.items[0]->not_before_ms <= now_ms) {
        heap_push(&queue->ripe, heap_pop(&queue->unripe, earlier), preferred);
    }
    return queue->ripe.count > 0 ? queue->ripe.items[0] : NULL;
}

const struct call *call_queue_peek(const struct call_queue *queue)
{
    const struct call_heap *heap = queue->ripe.count > 0 ? &queue->ripe : &queue->unripe;
    return heap->count > 0 ? heap->items[0] : NULL;
}

struct call *call_queue_pop(struct call_queue *queue, int64_t now_ms)
{
    struct call *first = call_queue_first(queue, now_ms);
    assert(first != NULL);
    heap_pop(&queue->ripe, preferred);
    return first;
}

int64_t call_queue_wait_ms(const struct call_queue *queue, int64_t now_ms)
{
    if (queue->ripe.count > 0) {
        return 0;
    }
    if (queue->unripe.count == 0) {
        return -1;
    }
    int64_t wait_ms = queue->unripe.items[0]->not_before_ms - now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

struct call *call_queue_take(struct call_queue *queue)
{
    if (queue->ripe.count > 0) {
        return heap_pop(&queue->ripe, preferred);
    }
    return queue->unripe.count > 0 ? heap_pop(&queue->unripe, earlier) : NULL;
}

size_t call_queue_count(const struct call_queue *queue)
{
    return queue->ripe.count + queue->unripe.count;
}

void call_queue_clear(struct call_queue *queue)
{
    for (struct call *call = call_queue_take(queue); call != NULL; call = call_queue_take(queue)) {
        call_free(call);
    }
    free(queue->ripe.items);
    free(queue->unripe.items);
    memset(queue, 0, sizeof *queue);
}
