#include "base/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "base/service_http.h"
#include "base/thread.h"

/** Heaps of the allocator: with one for each of librdkafka's dozen threads, each would keep free memory of its own. */
#define ARENAS_MAX 2
/** How often the watchdog looks during a stop. */
#define WATCHDOG_TICK_MS 50
/** How long the watchdog's last line of log may take. */
#define WATCHDOG_LAST_WORD_S 2
#define REASON_MAX 200
/** A main loop that says nothing for that long is not healthy. */
#define HEARTBEAT_MAX_MS 60000
/** One that is silent for that long waits for an answer within a call, e.g. for the commit of a transaction: it is not ready. */
#define HEARTBEAT_READY_MS 5000

static struct {
    int64_t stop_timeout_ms;
    atomic_int wake_fd; /* readable from the moment a stop is asked for; -1: none */
    atomic_int reloads; /* SIGHUPs not yet taken */
    atomic_bool stopping;
    atomic_bool finished; /* service_stop was called: the watchdog goes home */
    _Atomic int64_t heartbeat_ms;
    bool watchdog_runs;
    pthread_t watchdog;
    pthread_mutex_t lock; /* of the two below */
    bool ready;
    char reason[REASON_MAX];
    struct metric *ready_metric;
} state = {.wake_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

/** Makes the wake descriptor readable for ever: sleepers and the watchdog see the stop at once. Async-signal-safe. */
static void wake(void)
{
    const int saved = errno;
    const int fd = atomic_load(&state.wake_fd);
    const uint64_t one = 1;
    if (fd >= 0) {
        const ssize_t written = write(fd, &one, sizeof(one));
        (void)written;
    }
    errno = saved;
}

/** SIGTERM and SIGINT. */
static void on_stop_signal(int number)
{
    (void)number;
    atomic_store(&state.stopping, true);
    wake();
}

/** SIGHUP. */
static void on_reload_signal(int number)
{
    (void)number;
    atomic_store(&state.reloads, 1);
}

/** Sets one handler; system calls go on after it, except the sleep, which polls. */
static void set_handler(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/** Waits until a stop is asked for or `timeout_ms` have passed. */
static void wait_for_stop(int64_t timeout_ms)
{
    const int64_t deadline = clock_mono_ms() + timeout_ms;
    struct pollfd waited = {.fd = atomic_load(&state.wake_fd), .events = POLLIN};
    int64_t left = timeout_ms;
    while (left > 0 && !atomic_load(&state.stopping)) {
        if (poll(&waited, 1, (int)(left < 60000 ? left : 60000)) > 0)
            return;
        left = deadline - clock_mono_ms();
    }
}

/** Tells the service manager that the main loop lives, until a stop is asked for. */
static void show_life(void)
{
    char reason[REASON_MAX];
    const int64_t interval_ms = notify_interval_ms(60000);
    while (!atomic_load(&state.stopping) && !atomic_load(&state.finished)) {
        if (service_alive(reason, sizeof(reason)))
            notify_send("WATCHDOG=1");
        wait_for_stop(interval_ms);
    }
}

/** Shows life; then ends the process when a stop takes longer than its bound. */
static void *watch(void *unused)
{
    (void)unused;
    show_life();
    notify_send("STOPPING=1");
    const int64_t deadline = clock_mono_ms() + state.stop_timeout_ms;
    while (!atomic_load(&state.finished)) {
        if (clock_mono_ms() >= deadline) {
            /* Should writing the line hang too (nobody reads stderr), SIGALRM ends the process. */
            signal(SIGALRM, SIG_DFL);
            alarm(WATCHDOG_LAST_WORD_S);
            log_error("service",
                      "the stop took too long, ending the process; what was not committed is done again at the next start",
                      F_INT("stop_timeout_ms", state.stop_timeout_ms));
            _exit(EXIT_FAILURE);
        }
        usleep(WATCHDOG_TICK_MS * 1000);
    }
    return NULL;
}

/** Registers the metrics every stage has. */
static void register_metrics(const char *name)
{
    char labels[160];
    const char *const pairs[] = {"version", QUOTEBUS_VERSION, "stage", name};
    metric_labels(labels, sizeof(labels), 2, pairs);
    metric_set(metric_gauge("quotebus_build_info", "Version and stage of this process.", labels), 1);
    metric_set(metric_gauge("quotebus_start_time_seconds", "When this process started, seconds since the epoch.", NULL),
               (double)clock_wall_us() / (double)US_PER_S);
    state.ready_metric = metric_gauge("quotebus_ready", "1 while the stage is connected and assigned.", NULL);
    metric_set(state.ready_metric, 0);
}

/** Starts the watchdog. */
static bool start_watchdog(struct error *error)
{
    state.watchdog_runs = thread_start(&state.watchdog, watch, NULL, "the watchdog thread", error);
    return state.watchdog_runs;
}

/** Forgets an earlier life of the service in this process. */
static void reset_state(int64_t stop_timeout_ms)
{
    state.stop_timeout_ms = stop_timeout_ms;
    atomic_store(&state.finished, false);
    atomic_store(&state.stopping, false);
    atomic_store(&state.reloads, 0);
    pthread_mutex_lock(&state.lock);
    state.ready = false;
    snprintf(state.reason, sizeof(state.reason), "starting");
    pthread_mutex_unlock(&state.lock);
    service_heartbeat();
}

bool service_start(const char *name, const struct http_settings *settings, struct error *error)
{
    (void)mallopt(M_ARENA_MAX, ARENAS_MAX);
    reset_state(settings->stop_timeout_ms);
    register_metrics(name);
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return error_set(error, ERROR_FATAL, "making the wake descriptor: %s", strerror(errno));
    atomic_store(&state.wake_fd, fd);
    set_handler(SIGTERM, on_stop_signal);
    set_handler(SIGINT, on_stop_signal);
    set_handler(SIGHUP, on_reload_signal);
    set_handler(SIGPIPE, SIG_IGN);
    if (!start_watchdog(error) || !service_http_start(settings->listen, error)) {
        service_stop();
        return false;
    }
    notify_send("READY=1"); /* it runs; whether it is connected is what /readyz says, and not a reason to start it anew */
    return true;
}

bool service_stopping(void)
{
    return atomic_load(&state.stopping);
}

void service_request_stop(void)
{
    on_stop_signal(SIGTERM);
}

bool service_take_reload(void)
{
    return atomic_exchange(&state.reloads, 0) != 0;
}

void service_heartbeat(void)
{
    atomic_store(&state.heartbeat_ms, clock_mono_ms());
}

void service_set_ready(bool ready, const char *reason)
{
    pthread_mutex_lock(&state.lock);
    const bool changed = state.ready != ready || strcmp(state.reason, reason) != 0;
    state.ready = ready;
    snprintf(state.reason, sizeof(state.reason), "%s", reason);
    pthread_mutex_unlock(&state.lock);
    if (state.ready_metric)
        metric_set(state.ready_metric, ready ? 1 : 0);
    if (changed)
        log_info("service", ready ? "ready" : "not ready", F_STR("reason", reason));
}

bool service_ready(char *reason, size_t size)
{
    const int64_t silent_ms = clock_mono_ms() - atomic_load(&state.heartbeat_ms);
    pthread_mutex_lock(&state.lock);
    bool ready = state.ready;
    snprintf(reason, size, "%s", state.reason);
    pthread_mutex_unlock(&state.lock);
    if (ready && silent_ms >= HEARTBEAT_READY_MS) {
        ready = false;
        snprintf(reason, size, "the main loop has waited for %lld ms for an answer", (long long)silent_ms);
    }
    if (state.ready_metric)
        metric_set(state.ready_metric, ready ? 1 : 0);
    return ready;
}

bool service_alive(char *reason, size_t size)
{
    const int64_t silent_ms = clock_mono_ms() - atomic_load(&state.heartbeat_ms);
    const bool alive = silent_ms < HEARTBEAT_MAX_MS;
    snprintf(reason, size, alive ? "alive" : "the main loop is silent for %lld ms", (long long)silent_ms);
    return alive;
}

uint16_t service_port(void)
{
    return service_http_port();
}

void service_sleep(int64_t timeout_ms)
{
    wait_for_stop(timeout_ms);
}

void service_stop(void)
{
    service_http_stop();
    atomic_store(&state.finished, true);
    wake();
    if (state.watchdog_runs) {
        pthread_join(state.watchdog, NULL);
        state.watchdog_runs = false;
    }
    const int fd = atomic_exchange(&state.wake_fd, -1);
    if (fd >= 0)
        close(fd);
}
