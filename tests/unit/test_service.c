#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/service.h"

#define STOP_TIMEOUT_MS 300

static const struct http_settings on_loopback = {.listen = (char[]){"127.0.0.1:0"}, .stop_timeout_ms = 5000};
static const struct http_settings without_http = {.listen = (char[]){""}, .stop_timeout_ms = STOP_TIMEOUT_MS};

/** What an HTTP call gave. */
struct answer {
    long status;
    char content_type[100];
    char body[16384];
    size_t len;
};

/** Takes over a piece of the body (a callback of curl). */
static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct answer *answer = ctx;
    const size_t room = sizeof(answer->body) - 1 - answer->len;
    const size_t taken = size * count < room ? size * count : room;
    memcpy(answer->body + answer->len, data, taken);
    answer->len += taken;
    return size * count;
}

/** Calls an endpoint of the service of this process. */
static struct answer call(const char *method, const char *path)
{
    struct answer answer = {0};
    char url[100];
    const char *type = NULL;
    CURL *curl = curl_easy_init();
    assert_non_null(curl);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", service_port(), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(method, "HEAD") == 0 ? 1L : 0L);
    if (strcmp(method, "HEAD") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    assert_int_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(answer.content_type, sizeof(answer.content_type), "%s", type ? type : "");
    curl_easy_cleanup(curl);
    return answer;
}

/** Starts the service, which has to work. */
static void start(const struct http_settings *settings)
{
    struct error error = {0};
    if (!service_start("persist", settings, &error))
        fail_msg("%s", error.message);
}

/** How a child process ended. */
struct ending {
    int status;
    int64_t lasted_ms; /* from the signal on */
};

/**
 * Runs a service in a child process that goes on with `body` once it is started; sends SIGTERM when the child has written a byte
 * into the pipe, which it gets.
 */
static struct ending run_child(void (*body)(int ready_fd))
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct error error = {0};
        close(ends[0]);
        if (!service_start("persist", &without_http, &error))
            _exit(99);
        body(ends[1]);
        service_stop();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    struct ending ending;
    const int64_t signalled_ms = clock_mono_ms();
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &ending.status, 0), child);
    ending.lasted_ms = clock_mono_ms() - signalled_ms;
    return ending;
}

/** Tells the parent that the signal may come. */
static void say_ready(int ready_fd)
{
    (void)!write(ready_fd, "r", 1);
}

/** A main loop as it should be. */
static void stop_in_order(int ready_fd)
{
    say_ready(ready_fd);
    while (!service_stopping())
        service_sleep(60000);
}

/** A main loop that never ends. */
static void hang(int ready_fd)
{
    close(STDERR_FILENO);
    say_ready(ready_fd);
    for (;;)
        pause();
}

/** Hangs with a stderr that nobody reads and that is full. */
static void hang_with_full_stderr(int ready_fd)
{
    int ends[2];
    char block[4096] = "";
    if (pipe(ends) != 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0)
        _exit(98);
    while (write(ends[1], block, sizeof(block)) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO);
    say_ready(ready_fd);
    for (;;)
        pause();
}

/** Stops in order, but takes half of the time it has. */
static void stop_slowly(int ready_fd)
{
    stop_in_order(ready_fd);
    usleep(STOP_TIMEOUT_MS * 1000 / 2);
}

static void sigterm_ends_a_sleeping_loop_at_once(void **state)
{
    (void)state;
    const struct ending ending = run_child(stop_in_order);
    assert_true(WIFEXITED(ending.status));
    assert_int_equal(WEXITSTATUS(ending.status), 0);
    assert_true(ending.lasted_ms < 5000);
}

static void watchdog_ends_a_process_that_hangs_after_sigterm(void **state)
{
    (void)state;
    const struct ending ending = run_child(hang);
    assert_true(WIFEXITED(ending.status));
    assert_int_equal(WEXITSTATUS(ending.status), 1);
    assert_true(ending.lasted_ms >= STOP_TIMEOUT_MS - 10);
    assert_true(ending.lasted_ms < STOP_TIMEOUT_MS + 5000);
}

static void watchdog_ends_a_process_whose_stderr_is_stuck_too(void **state)
{
    (void)state;
    const struct ending ending = run_child(hang_with_full_stderr);
    assert_true(WIFSIGNALED(ending.status));
    assert_int_equal(WTERMSIG(ending.status), SIGALRM);
    assert_true(ending.lasted_ms < STOP_TIMEOUT_MS + 8000);
}

static void stop_within_its_bound_is_left_alone(void **state)
{
    (void)state;
    const struct ending ending = run_child(stop_slowly);
    assert_true(WIFEXITED(ending.status));
    assert_int_equal(WEXITSTATUS(ending.status), 0);
}

static void readiness_is_the_word_of_the_stage(void **state)
{
    (void)state;
    start(&on_loopback);
    assert_int_not_equal(service_port(), 0);
    struct answer answer = call("GET", "/readyz");
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body, "not ready: starting\n");
    char reason[] = "assigned 4 partitions";
    service_set_ready(true, reason);
    memset(reason, 'x', 8); /* the reason was copied */
    answer = call("GET", "/readyz");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "ready: assigned 4 partitions\n");
    assert_non_null(strstr(call("GET", "/metrics").body, "\nquotebus_ready 1\n"));
    service_set_ready(false, "the broker is away");
    answer = call("GET", "/readyz");
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer.body, "not ready: the broker is away\n");
    assert_non_null(strstr(call("GET", "/metrics").body, "\nquotebus_ready 0\n"));
    service_set_ready(true, "again");
    service_stop();
    assert_int_equal(service_port(), 0);
    start(&on_loopback);
    assert_string_equal(call("GET", "/readyz").body, "not ready: starting\n");
    service_stop();
}

static void liveness_does_not_ask_for_readiness(void **state)
{
    (void)state;
    start(&on_loopback);
    service_set_ready(false, "the broker is away");
    const struct answer answer = call("GET", "/healthz");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "alive\n");
    service_stop();
}

static void metrics_are_served_as_prometheus_text(void **state)
{
    (void)state;
    start(&on_loopback);
    metric_add(metric_counter("t_served_total", "Served.", "a=\"b\""), 41);
    metric_add(metric_counter("t_served_total", "Served.", "a=\"b\""), 1);
    const struct answer answer = call("GET", "/metrics");
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_non_null(strstr(answer.body, "\nt_served_total{a=\"b\"} 42\n"));
    assert_non_null(strstr(answer.body, "quotebus_build_info{version=\"" QUOTEBUS_VERSION "\",stage=\"persist\"} 1\n"));
    const char *resident = strstr(answer.body, "\nprocess_resident_memory_bytes ");
    assert_non_null(resident);
    assert_true(strtod(strchr(resident, ' '), NULL) > 1e6);
    assert_non_null(strstr(answer.body, "\nprocess_cpu_seconds_total "));
    service_stop();
}

static void other_paths_and_methods_are_refused(void **state)
{
    (void)state;
    start(&on_loopback);
    assert_int_equal(call("GET", "/").status, 404);
    assert_int_equal(call("GET", "/metrics/").status, 404);
    assert_int_equal(call("GET", "/healthzz").status, 404);
    assert_int_equal(call("POST", "/metrics").status, 405);
    assert_int_equal(call("DELETE", "/readyz").status, 405);
    const struct answer head = call("HEAD", "/healthz");
    assert_int_equal(head.status, 200);
    assert_int_equal(head.len, 0);
    service_stop();
}

static void taken_port_is_an_error_and_leaves_nothing_behind(void **state)
{
    (void)state;
    struct error error = {0};
    char text[40];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    const int taken = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(taken, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(listen(taken, 1), 0);
    snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
    assert_false(service_start("persist", &(struct http_settings){.listen = text, .stop_timeout_ms = 1000}, &error));
    assert_int_equal(error.code, ERROR_USAGE);
    assert_non_null(strstr(error.message, text));
    close(taken);
    assert_false(service_start("persist", &(struct http_settings){.listen = (char[]){"nonsense"}}, &error));
    assert_non_null(strstr(error.message, "ADDRESS:PORT"));
    start(&on_loopback);
    service_stop();
}

static void empty_address_means_no_endpoints(void **state)
{
    (void)state;
    start(&without_http);
    assert_int_equal(service_port(), 0);
    service_stop();
}

static void stop_can_be_asked_for_from_inside_and_ends_every_sleep(void **state)
{
    (void)state;
    start(&without_http);
    assert_false(service_stopping());
    const int64_t before_ms = clock_mono_ms();
    service_sleep(30);
    assert_true(clock_mono_ms() - before_ms >= 29);
    service_request_stop();
    assert_true(service_stopping());
    service_sleep(60000);
    service_sleep(60000);
    assert_true(clock_mono_ms() - before_ms < 10000);
    service_stop();
    service_stop();
    /* Another start begins anew. */
    start(&without_http);
    assert_false(service_stopping());
    service_stop();
}

static void signals_are_taken_as_the_life_cycle_says(void **state)
{
    (void)state;
    start(&without_http);
    assert_false(service_take_reload());
    raise(SIGHUP);
    raise(SIGHUP);
    assert_true(service_take_reload());
    assert_false(service_take_reload());
    raise(SIGPIPE);
    assert_false(service_stopping());
    raise(SIGINT);
    assert_true(service_stopping());
    service_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* The first ones fork, so they come before any thread is started here. */
        cmocka_unit_test(sigterm_ends_a_sleeping_loop_at_once),
        cmocka_unit_test(watchdog_ends_a_process_that_hangs_after_sigterm),
        cmocka_unit_test(watchdog_ends_a_process_whose_stderr_is_stuck_too),
        cmocka_unit_test(stop_within_its_bound_is_left_alone),
        cmocka_unit_test(readiness_is_the_word_of_the_stage),
        cmocka_unit_test(liveness_does_not_ask_for_readiness),
        cmocka_unit_test(metrics_are_served_as_prometheus_text),
        cmocka_unit_test(other_paths_and_methods_are_refused),
        cmocka_unit_test(taken_port_is_an_error_and_leaves_nothing_behind),
        cmocka_unit_test(empty_address_means_no_endpoints),
        cmocka_unit_test(stop_can_be_asked_for_from_inside_and_ends_every_sleep),
        cmocka_unit_test(signals_are_taken_as_the_life_cycle_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
