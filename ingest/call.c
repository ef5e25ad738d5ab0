#include "ingest/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct call *call_new(const struct endpoint *endpoint, size_t lane, size_t asset_count)
{
    struct call *call = xcalloc(1, sizeof *call + asset_count * sizeof call->assets[0]);
    call->endpoint = endpoint;
    call->lane = lane;
    call->attempt = 1;
    call->asset_count = asset_count;
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

/** Whether `a` goes out before `b`. */
static bool before(const struct call *a, const struct call *b)
{
    return a->not_before_ms != b->not_before_ms ? a->not_before_ms < b->not_before_ms : a->sequence < b->sequence;
}

/** Exchanges two places of the heap. */
static void swap(struct call_queue *queue, size_t i, size_t k)
{
    struct call *held = queue->heap[i];
    queue->heap[i] = queue->heap[k];
    queue->heap[k] = held;
}

void call_queue_push(struct call_queue *queue, struct call *call)
{
    if (queue->count == queue->cap) {
        queue->cap = queue->cap > 0 ? queue->cap * 2 : 16;
        queue->heap = xrealloc(queue->heap, queue->cap * sizeof(void *));
    }
    call->sequence = queue->next_sequence++;
    size_t i = queue->count++;
    queue->heap[i] = call;
    for (; i > 0 && before(queue->heap[i], queue->heap[(i - 1) / 2]); i = (i - 1) / 2) {
        swap(queue, i, (i - 1) / 2);
    }
}

const struct call *call_queue_first(const struct call_queue *queue)
{
    return queue->count > 0 ? queue->heap[0] : NULL;
}

/** The smaller child of `i`, or `i` when no child is smaller. */
static size_t smaller_child(const struct call_queue *queue, size_t i)
{
    size_t least = i;
    for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < queue->count; child++) {
        least = before(queue->heap[child], queue->heap[least]) ? child : least;
    }
    return least;
}

struct call *call_queue_pop(struct call_queue *queue)
{
    assert(queue->count > 0);
    struct call *first = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->count];
    size_t i = 0;
    for (size_t child = smaller_child(queue, i); child != i; child = smaller_child(queue, i)) {
        swap(queue, i, child);
        i = child;
    }
    return first;
}

void call_queue_clear(struct call_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        free(queue->heap[i]);
    }
    free(queue->heap);
    memset(queue, 0, sizeof *queue);
}
