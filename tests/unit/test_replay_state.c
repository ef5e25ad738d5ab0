#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/replay_state.h"

static char folder[] = "/tmp/test_replay_state.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/state", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static struct replay_state some_state(void)
{
    struct replay_state state = {.topic = "quotes.clean", .out = "json", .name = "abc", .bytes = 123};
    state.spans.count = 2;
    state.spans.items[0] = (struct playback_span){.partition = 0, .begin = 1, .next = 5, .end = 9};
    state.spans.items[1] = (struct playback_span){.partition = 3, .begin = 0, .next = 0, .end = INT64_C(1) << 40};
    return state;
}

static void state_reads_back_as_it_was_written(void **ignored)
{
    (void)ignored;
    struct error error = {0};
    struct replay_state state = some_state();
    bool found;
    state.complete = true;
    if (!replay_state_save(path, &state, &error))
        fail_msg("%s", error.message);
    struct replay_state read = {.topic = "quotes.clean", .out = "json"};
    assert_true(replay_state_load(path, &read, &found, &error));
    assert_true(found && read.complete);
    assert_string_equal(read.name, "abc");
    assert_int_equal(read.bytes, 123);
    assert_int_equal(read.spans.count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(read.spans.items[i].partition, state.spans.items[i].partition);
        assert_int_equal(read.spans.items[i].begin, state.spans.items[i].begin);
        assert_int_equal(read.spans.items[i].next, state.spans.items[i].next);
        assert_int_equal(read.spans.items[i].end, state.spans.items[i].end);
    }
}

static void missing_file_gives_the_run_a_name_of_its_own(void **ignored)
{
    (void)ignored;
    struct error error = {0};
    bool found;
    struct replay_state one = some_state(), other = some_state();
    unlink(path);
    assert_true(replay_state_load(path, &one, &found, &error) && !found);
    assert_true(replay_state_load(path, &other, &found, &error) && !found);
    assert_int_equal(strlen(one.name), 16);
    assert_string_not_equal(one.name, other.name);
}

static void file_of_another_replay_is_refused(void **ignored)
{
    (void)ignored;
    struct error error = {0};
    bool found;
    const struct replay_state state = some_state();
    assert_true(replay_state_save(path, &state, &error));
    struct replay_state read = {.topic = "quotes.raw", .out = "json"};
    assert_false(replay_state_load(path, &read, &found, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, "quotes.clean"));
    read = (struct replay_state){.topic = "quotes.clean", .out = "database"};
    assert_false(replay_state_load(path, &read, &found, &error));
}

static void damaged_files_are_refused(void **ignored)
{
    (void)ignored;
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"topic\":\"t\",\"out\":\"json\",\"run\":\"x\",\"bytes\":0,\"partitions\":[]}",
        "{\"topic\":\"t\",\"out\":\"json\",\"run\":\"x\",\"bytes\":0,\"partitions\":[{\"partition\":0,\"begin\":5,\"next\":4,"
        "\"end\":9}]}",
        "{\"topic\":\"t\",\"out\":\"json\",\"run\":\"x\",\"bytes\":0,\"partitions\":[{\"partition\":-1,\"begin\":0,\"next\":0,"
        "\"end\":9}]}",
        "{\"topic\":\"t\",\"out\":\"json\",\"bytes\":0,\"partitions\":[{\"partition\":0,\"begin\":0,\"next\":0,\"end\":9}]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};
        struct replay_state read = {.topic = "t", .out = "json"};
        bool found;
        FILE *file = fopen(path, "w");
        fputs(texts[i], file);
        fclose(file);
        if (replay_state_load(path, &read, &found, &error))
            fail_msg("'%s' is no state", texts[i]);
        assert_int_equal(error.code, ERROR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_reads_back_as_it_was_written),
        cmocka_unit_test(missing_file_gives_the_run_a_name_of_its_own),
        cmocka_unit_test(file_of_another_replay_is_refused),
        cmocka_unit_test(damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
