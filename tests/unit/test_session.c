#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "bus/session.h"

/** A stage that fails some times and then stops. */
struct stage {
    int failures_left;
    enum error_code code;
    int sessions;
};

/** One session of it. */
static bool run(void *ctx, struct error *error)
{
    struct stage *stage = ctx;
    stage->sessions++;
    if (stage->failures_left-- > 0)
        return error_set(error, stage->code, "the broker is away");
    return true;
}

static void sessions_are_tried_again_after_growing_waits(void **state)
{
    struct stage stage = {.failures_left = 4, .code = ERROR_UNREACHABLE};
    (void)state;
    const int64_t began_ms = clock_mono_ms();
    assert_int_equal(session_run("test", run, &stage), 0);
    assert_int_equal(stage.sessions, 5);
    /* 100, 200, 400 and 800 ms, each between a half and the whole of it. */
    assert_in_range(clock_mono_ms() - began_ms, 750, 2500);
}

static void fencing_is_no_reason_to_give_up(void **state)
{
    struct stage stage = {.failures_left = 1, .code = ERROR_FENCED};
    (void)state;
    assert_int_equal(session_run("test", run, &stage), 0);
    assert_int_equal(stage.sessions, 2);
}

static void what_no_waiting_mends_ends_the_stage(void **state)
{
    const enum error_code codes[] = {ERROR_FATAL, ERROR_USAGE};
    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct stage stage = {.failures_left = 9, .code = codes[i]};
        assert_int_equal(session_run("test", run, &stage), 1);
        assert_int_equal(stage.sessions, 1);
    }
}

/** A session that fails because the stage is asked to stop meanwhile. */
static bool run_until_stopped(void *ctx, struct error *error)
{
    struct stage *stage = ctx;
    stage->sessions++;
    service_request_stop();
    return error_set(error, ERROR_UNREACHABLE, "the broker is away");
}

/** Last of all: a stop is for good. */
static void a_stop_is_no_failure(void **state)
{
    struct stage stage = {0};
    (void)state;
    assert_int_equal(session_run("test", run_until_stopped, &stage), 0);
    assert_int_equal(stage.sessions, 1);
    assert_int_equal(session_run("test", run, &stage), 0);
    assert_int_equal(stage.sessions, 1);
}

int main(void)
{
    struct error error = {0};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_tried_again_after_growing_waits),
        cmocka_unit_test(fencing_is_no_reason_to_give_up),
        cmocka_unit_test(what_no_waiting_mends_ends_the_stage),
        cmocka_unit_test(a_stop_is_no_failure),
    };
    if (!log_configure(LOG_FORMAT_LOGFMT, "off", NULL, 0, &error))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
