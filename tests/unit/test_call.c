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

/** Puts in a call with a time and a mark to know it by. */
static void push(struct call_queue *queue, int64_t not_before_ms, size_t mark)
{
    struct call *call = call_new(&endpoint, mark, 0);
    call->not_before_ms = not_before_ms;
    call_queue_push(queue, call);
}

static void queue_gives_the_earliest_first_and_equals_in_order(void **state)
{
    static const size_t order[] = {3, 1, 4, 0, 2};
    struct call_queue queue = {0};
    (void)state;
    assert_null(call_queue_first(&queue));
    push(&queue, 20, 0);
    push(&queue, 10, 1);
    push(&queue, 20, 2);
    push(&queue, 5, 3);
    push(&queue, 10, 4);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(call_queue_first(&queue)->lane, order[i]);
        struct call *call = call_queue_pop(&queue);
        assert_int_equal(call->lane, order[i]);
        assert_int_equal(call->attempt, 1);
        free(call);
    }
    assert_null(call_queue_first(&queue));
    call_queue_clear(&queue);
}

static void queue_sorts_whatever_comes_in(void **state)
{
    struct call_queue queue = {0};
    uint64_t random = 3;
    (void)state;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < 100; i++) {
            push(&queue, (int64_t)(random_next(&random) % 50), i);
        }
        int64_t last_ms = -1;
        while (queue.count > 30) {
            struct call *call = call_queue_pop(&queue);
            assert_true(call->not_before_ms >= last_ms);
            last_ms = call->not_before_ms;
            free(call);
        }
    }
    call_queue_clear(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_gives_the_earliest_first_and_equals_in_order),
        cmocka_unit_test(queue_sorts_whatever_comes_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
