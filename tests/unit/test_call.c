#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ingest/call.h"
#include "ingest/schedule.h"

static const struct endpoint endpoint = {.name = "any", .batch_max = 1};

/** Puts in a call with a time, a priority and a mark to know it by. */
static void push(struct call_queue *queue, int64_t not_before_ms, int64_t priority, size_t mark)
{
    struct call *call = call_new(&endpoint, mark, 0);
    call->not_before_ms = not_before_ms;
    call->priority = priority;
    call_queue_push(queue, call);
}

/** Takes the first call out and returns its mark. */
static size_t pop(struct call_queue *queue, int64_t now_ms)
{
    const struct call *first = call_queue_first(queue, now_ms);
    struct call *call = call_queue_pop(queue, now_ms);
    size_t mark = call->lane;
    assert_ptr_equal(first, call);
    assert_int_equal(call->attempt, 1);
    call_free(call);
    return mark;
}

static void queue_gives_no_call_before_its_time(void **state)
{
    struct call_queue queue = {0};
    (void)state;
    assert_null(call_queue_first(&queue, 100));
    assert_null(call_queue_peek(&queue));
    assert_int_equal(call_queue_wait_ms(&queue, 100), -1);
    push(&queue, 20, 0, 0);
    push(&queue, 10, 0, 1);
    assert_null(call_queue_first(&queue, 9));
    assert_int_equal(call_queue_peek(&queue)->lane, 1);
    assert_int_equal(call_queue_wait_ms(&queue, 4), 6);
    assert_int_equal(pop(&queue, 10), 1);
    assert_null(call_queue_first(&queue, 19));
    assert_int_equal(call_queue_wait_ms(&queue, 25), 0);
    assert_int_equal(pop(&queue, 25), 0);
    assert_int_equal(call_queue_count(&queue), 0);
    call_queue_clear(&queue);
}

static void queue_prefers_priority_among_ripe_calls_and_keeps_the_order_of_equals(void **state)
{
    static const size_t order[] = {2, 0, 3, 1, 4};
    struct call_queue queue = {0};
    (void)state;
    push(&queue, 10, 50, 0);
    push(&queue, 5, 20, 1);
    push(&queue, 10, 80, 2);
    push(&queue, 10, 50, 3);
    push(&queue, 11, 90, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pop(&queue, 10), order[i]);
    }
    assert_null(call_queue_first(&queue, 10));
    assert_int_equal(pop(&queue, 11), 4);
    call_queue_clear(&queue);
}

static void queue_sorts_whatever_comes_in(void **state)
{
    struct call_queue queue = {0};
    uint64_t random = 3;
    (void)state;
    for (int64_t now_ms = 0; now_ms < 50; now_ms++) {
        for (size_t i = 0; i < 100; i++) {
            push(&queue, (int64_t)(random_next(&random) % 50), (int64_t)(random_next(&random) % 5), i);
        }
        int64_t last = INT64_MAX;
        while (call_queue_count(&queue) > 30 && call_queue_first(&queue, now_ms) != NULL) {
            struct call *call = call_queue_pop(&queue, now_ms);
            assert_true(call->not_before_ms <= now_ms);
            assert_true(call->priority <= last);
            last = call->priority;
            call_free(call);
        }
    }
    call_queue_clear(&queue);
}

static void part_of_a_call_has_its_assets_and_their_places(void **state)
{
    struct call *call = call_new(&endpoint, 7, 5);
    (void)state;
    call->priority = 9;
    for (size_t i = 0; i < 5; i++) {
        call->assets[i] = (struct request_asset){.asset = &"ABCDE"[i], .symbol = "x"};
        call->parts[i].position = i;
    }
    struct call *part = call_part_of(call, 2, 3);
    assert_int_equal(part->asset_count, 3);
    assert_int_equal(part->lane, 7);
    assert_int_equal(part->priority, 9);
    assert_int_equal(part->parts[2].position, 4);
    assert_string_equal(part->assets[0].asset, "CDE");
    call_free(part);
    call_free(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_gives_no_call_before_its_time),
        cmocka_unit_test(queue_prefers_priority_among_ripe_calls_and_keeps_the_order_of_equals),
        cmocka_unit_test(queue_sorts_whatever_comes_in),
        cmocka_unit_test(part_of_a_call_has_its_assets_and_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
