#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "persist/overlap.h"

/*
 * The writer and the records are made here, in place of those of the program: a write waits until the test lets it go, or until
 * the connection is interrupted.
 */
static int wires[2]; /* [0] is the connection, the test holds [1] */
static struct pg connection;

/** What the owner was told. */
static int stored_records;
static int waits;

struct pg *writer_connection(struct writer *writer)
{
    (void)writer;
    return &connection;
}

/** Waits for a byte: `+` stores, all else fails. */
bool writer_write(struct writer *writer, struct batch *batch, struct error *error)
{
    char word = 0;
    (void)writer;
    assert_int_equal(batch->message_count, 1);
    if (read(wires[0], &word, 1) == 1 && word == '+')
        return true;
    return error_set(error, ERROR_UNREACHABLE, word ? "PostgreSQL said no" : "the connection was interrupted");
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    free(message);
}

static void on_stored(void *ctx, const struct batch *batch)
{
    (void)ctx;
    stored_records += (int)batch->message_count;
}

static void on_waiting(void *ctx)
{
    (void)ctx;
    waits++;
}

static const struct overlap_events events = {.stored = on_stored, .waiting = on_waiting};
static const struct feeds no_feeds;
static struct overlap *overlap;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    stored_records = waits = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, wires), 0);
    connection = (struct pg){.interrupt_fd = wires[0]};
    error_clear(&error);
    overlap = overlap_new(NULL, &no_feeds, &events, &error);
    assert_non_null(overlap);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    overlap_free(overlap);
    overlap = NULL;
    close(wires[0]);
    close(wires[1]);
    return 0;
}

/** Puts one record into the batch that is filled. */
static void fill(void)
{
    struct batch *batch = overlap_filling(overlap);
    assert_int_equal(batch->message_count, 0);
    batch->messages = xrealloc(batch->messages, sizeof(*batch->messages));
    batch->message_cap = 1;
    batch->messages[batch->message_count++] = xcalloc(1, sizeof(rd_kafka_message_t));
}

/** Lets one write go. */
static void let_go(char word)
{
    assert_int_equal(write(wires[1], &word, 1), 1);
}

static bool is_busy(void)
{
    bool busy;
    assert_true(overlap_check(overlap, &busy, &error));
    return busy;
}

static void a_batch_is_filled_while_the_one_before_is_written(void **state)
{
    (void)state;
    fill();
    const struct batch *first = overlap_filling(overlap);
    assert_true(overlap_hand_over(overlap, &error));
    assert_true(is_busy());
    assert_ptr_not_equal(overlap_filling(overlap), first);
    fill();
    assert_true(is_busy());
    assert_int_equal(stored_records, 0);
    let_go('+');
    let_go('+');
    assert_true(overlap_hand_over(overlap, &error)); /* waits for the first one */
    assert_int_equal(stored_records, 1);
    assert_ptr_equal(overlap_filling(overlap), first);
    assert_true(overlap_settle(overlap, &error));
    assert_int_equal(stored_records, 2);
    assert_false(is_busy());
}

static void an_empty_batch_is_not_written(void **state)
{
    (void)state;
    assert_true(overlap_hand_over(overlap, &error));
    assert_false(is_busy());
    assert_true(overlap_settle(overlap, &error));
    assert_int_equal(stored_records, 0);
}

/** Lets the write go after a while. */
static void *let_go_late(void *unused)
{
    usleep(700000);
    let_go('+');
    return unused;
}

static void the_owner_is_told_while_he_waits(void **state)
{
    pthread_t helper;
    (void)state;
    fill();
    assert_true(overlap_hand_over(overlap, &error));
    assert_int_equal(waits, 0);
    assert_int_equal(pthread_create(&helper, NULL, let_go_late, NULL), 0);
    assert_true(overlap_settle(overlap, &error));
    pthread_join(helper, NULL);
    assert_in_range(waits, 2, 3);
    assert_int_equal(stored_records, 1);
}

static void a_failed_write_is_told_again_and_again(void **state)
{
    (void)state;
    fill();
    assert_true(overlap_hand_over(overlap, &error));
    fill();
    let_go('-');
    for (int i = 0; i < 2; i++) {
        error_clear(&error);
        assert_false(overlap_hand_over(overlap, &error));
        assert_string_equal(error.message, "PostgreSQL said no");
        error_clear(&error);
        assert_false(overlap_settle(overlap, &error));
        assert_int_equal(error.code, ERROR_UNREACHABLE);
    }
    assert_int_equal(stored_records, 0);
}

static void a_new_name_is_not_asked_for_while_a_batch_is_in_hand(void **state)
{
    int32_t id;
    (void)state;
    fill();
    assert_true(overlap_hand_over(overlap, &error));
    let_go('-');
    assert_false(dimensions_id(overlap_dimensions(overlap), DIMENSION_ASSET, STR("crypto:BTC"), &id, &error));
    assert_string_equal(error.message, "key of asset crypto:BTC: PostgreSQL said no");
}

static void freeing_breaks_off_what_is_in_hand(void **state)
{
    (void)state;
    fill();
    assert_true(overlap_hand_over(overlap, &error));
    fill();
    overlap_free(overlap); /* nobody lets the write go */
    overlap = NULL;
    assert_int_equal(stored_records, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_is_filled_while_the_one_before_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_batch_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_owner_is_told_while_he_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_write_is_told_again_and_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_name_is_not_asked_for_while_a_batch_is_in_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freeing_breaks_off_what_is_in_hand, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
