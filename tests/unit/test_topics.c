#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/topics.h"

/** Loads a text as the table's file. */
static struct topic_table *load(const char *text, struct error *error)
{
    char path[] = "/tmp/test_topics_XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct topic_table *table = topic_table_load(path, error);
    unlink(path);
    return table;
}

/** Expects an error of use at a line that contains a text. */
static void expect_refused(const char *yaml, int line, const char *text)
{
    struct error error = {0};
    char position[16];
    snprintf(position, sizeof(position), ":%d:", line);
    assert_null(load(yaml, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    if (!strstr(error.message, position) || !strstr(error.message, text))
        fail_msg("'%s' lacks '%s' or '%s'", error.message, position, text);
}

static void the_table_of_the_project_is_sound(void **state)
{
    struct error error = {0};
    (void)state;
    struct topic_table *table = topic_table_load(SOURCE_DIR "/schemas/topics.yaml", &error);
    if (!table)
        fail_msg("%s", error.message);
    const struct topic_spec *raw = topic_table_find(table, "quotes.raw");
    assert_non_null(raw);
    assert_string_equal(raw->schema, "quote");
    assert_non_null(topic_table_find(table, "quotes.raw.dlq"));
    /* Validate reads a partition of one and restores the same partition of the other. */
    assert_int_equal(topic_table_find(table, "validate.state")->partitions, raw->partitions);
    for (size_t i = 0; i < table->count; i++) {
        char path[512];
        snprintf(path, sizeof(path), "%s/schemas/%s.avsc", SOURCE_DIR, table->topics[i].schema);
        if (strcmp(table->topics[i].schema, "none") != 0)
            assert_int_equal(access(path, R_OK), 0);
    }
    topic_table_free(table);
}

static void a_dead_letter_topic_stands_behind_its_topic(void **state)
{
    struct error error = {0};
    (void)state;
    struct topic_table *table = load("a.b: { schema: s1, partitions: 3, retention_d: 7, dead_letters: true }\n"
                                     "c: { schema: none, partitions: 1, cleanup: compact }\n",
                                     &error);
    assert_non_null(table);
    assert_int_equal(table->count, 3);
    assert_string_equal(table->topics[0].name, "a.b");
    assert_string_equal(table->topics[0].cleanup, "delete");
    assert_int_equal(table->topics[0].partitions, 3);
    assert_int_equal(table->topics[0].retention_d, 7);
    assert_int_equal(table->topics[0].max_message_bytes, 0);
    const struct topic_spec *dead = &table->topics[1];
    assert_string_equal(dead->name, "a.b.dlq");
    assert_string_equal(dead->schema, "none");
    assert_string_equal(dead->cleanup, "delete");
    assert_int_equal(dead->partitions, 1);
    assert_int_equal(dead->retention_d, 30);
    assert_false(dead->dead_letters);
    assert_true(dead->max_message_bytes > 1048588);
    assert_string_equal(table->topics[2].name, "c");
    assert_int_equal(table->topics[2].retention_d, 0);
    assert_null(topic_table_find(table, "c.dlq"));
    topic_table_free(table);
}

static void rows_that_make_no_sense_are_refused_with_line_and_field(void **state)
{
    (void)state;
    expect_refused("a: { schema: s, partitions: 0, retention_d: 1 }\n", 1, "a.partitions");
    expect_refused("a: { partitions: 1, retention_d: 1 }\n", 1, "a.schema");
    expect_refused("a: { schema: s, partitions: 1 }\n", 1, "a.retention_d");
    expect_refused("a: { schema: s, partitions: 1, cleanup: compact, retention_d: 3 }\n", 1, "a.retention_d");
    expect_refused("a: { schema: s, partitions: 1, retention_d: 1, cleanup: compress }\n", 1, "a.cleanup");
    expect_refused("a: { schema: ../s, partitions: 1, retention_d: 1 }\n", 1, "a.schema");
    expect_refused("a: { schema: s, partitions: 1, retention_d: 1, replication: 3 }\n", 1, "replication");
    expect_refused("ok: { schema: s, partitions: 1, retention_d: 1 }\nb: 4\n", 2, "must be a mapping");
    expect_refused("{}\n", 1, "0 topics");
}

static void names_that_kafka_refuses_are_refused_here(void **state)
{
    char yaml[400];
    char name[260];
    (void)state;
    expect_refused("\"a b\": { schema: s, partitions: 1, retention_d: 1 }\n", 1, "letters, digits");
    expect_refused("\"..\": { schema: s, partitions: 1, retention_d: 1 }\n", 1, "letters, digits");
    expect_refused("a.dlq: { schema: none, partitions: 1, retention_d: 1 }\n", 1, "dead_letters: true at a");
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    snprintf(yaml, sizeof(yaml), "%s: { schema: s, partitions: 1, retention_d: 1 }\n", name);
    expect_refused(yaml, 1, "letters, digits");
}

static void a_missing_file_is_not_found(void **state)
{
    struct error error = {0};
    (void)state;
    assert_null(topic_table_load("/nonexistent/topics.yaml", &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    topic_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_project_is_sound),
        cmocka_unit_test(a_dead_letter_topic_stands_behind_its_topic),
        cmocka_unit_test(rows_that_make_no_sense_are_refused_with_line_and_field),
        cmocka_unit_test(names_that_kafka_refuses_are_refused_here),
        cmocka_unit_test(a_missing_file_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
