#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/service.h"

#define VISITS 5

/**
 * Visits the points "commit" and "commit.after" alternately in a child process, with QUOTEBUS_FAIL set to `armed` (NULL: not
 * set). Returns how many visits were survived; `*status` is the child's.
 */
static size_t survived_visits(const char *armed, int *status)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        if (armed)
            setenv("QUOTEBUS_FAIL", armed, 1);
        else
            unsetenv("QUOTEBUS_FAIL");
        for (int i = 0; i < VISITS; i++) {
            failpoint("commit");
            (void)!write(ends[1], "c", 1);
            failpoint("commit.after");
            (void)!write(ends[1], "a", 1);
        }
        _exit(0);
    }
    close(ends[1]);
    char text[2 * VISITS];
    size_t count = 0;
    ssize_t got;
    while ((got = read(ends[0], text + count, sizeof(text) - count)) > 0)
        count += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, status, 0), child);
    return count;
}

/** The child dies as by kill -9 after `survived` visits. */
static void assert_killed_after(const char *armed, size_t survived)
{
    int status;
    assert_int_equal(survived_visits(armed, &status), survived);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/** The child ends by itself. */
static void assert_survives(const char *armed)
{
    int status;
    assert_int_equal(survived_visits(armed, &status), 2 * VISITS);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void nothing_happens_when_no_point_is_armed(void **state)
{
    (void)state;
    assert_survives(NULL);
    assert_survives("");
}

static void first_visit_kills_without_a_number(void **state)
{
    (void)state;
    assert_killed_after("commit", 0);
    assert_killed_after("commit.after", 1);
}

static void visit_of_the_given_number_kills(void **state)
{
    (void)state;
    assert_killed_after("commit:1", 0);
    assert_killed_after("commit:2", 2);
    assert_killed_after("commit:5", 8);
    assert_killed_after("commit.after:3", 5);
    assert_survives("commit:6");
}

static void only_the_whole_name_counts(void **state)
{
    (void)state;
    assert_survives("commi");
    assert_survives("commit.afte");
    assert_survives("commit.after.x:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens_when_no_point_is_armed),
        cmocka_unit_test(first_visit_kills_without_a_number),
        cmocka_unit_test(visit_of_the_given_number_kills),
        cmocka_unit_test(only_the_whole_name_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
