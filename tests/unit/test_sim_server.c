#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/listen.h"
#include "tests/sim/options.h"
#include "tests/sim/server.h"
#include "tests/unit/sim_ask.h"

static struct sim_world world;
static struct sim_server *server;

static int start(void **state)
{
    (void)state;
    struct error error = {0};
    const struct sim_server_settings settings = {.listen = "127.0.0.1:0", .fixed_clock_us = NOW_US};
    world_init(&world, 1, NOW_US);
    server = sim_server_start(&settings, &world, &error);
    return server ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sim_server_stop(server);
    world_clear(&world);
    return 0;
}

/** A connection to the server that gives up reading after five seconds. */
static int open_connection(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = 5};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(sim_server_port(server)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/** Sends bytes; a server that closes early is no failure here. */
static void send_bytes(int fd, const void *bytes, size_t len)
{
    const ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
    (void)sent;
}

/** Reads until the end; closes. */
static void receive(int fd, struct buf *reply)
{
    ssize_t got;
    do {
        got = recv(fd, buf_reserve(reply, 65536), 65536, 0);
        reply->len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    buf_append(reply, "", 1);
    close(fd);
}

/** Sends raw bytes and reads the reply. */
static void exchange(const void *bytes, size_t len, struct buf *reply)
{
    const int fd = open_connection();
    buf_reset(reply);
    send_bytes(fd, bytes, len);
    shutdown(fd, SHUT_WR);
    receive(fd, reply);
}

/** GET with the connection closed afterwards. */
static const char *get(const char *path, struct buf *reply)
{
    char request[512];
    const int len = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", path);
    const int fd = open_connection();
    buf_reset(reply);
    send_bytes(fd, request, (size_t)len);
    receive(fd, reply);
    return (const char *)reply->data;
}

static void an_answer_has_status_type_and_body(void **state)
{
    (void)state;
    struct buf reply = {0};
    const char *text = get("/coingecko/api/v3/ping", &reply);
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    assert_non_null(strstr(text, "Content-Type: application/json"));
    assert_non_null(strstr(text, "\r\n\r\n{\"gecko_says\""));
    buf_clear(&reply);
}

static void a_posted_fault_shows_in_the_next_answer(void **state)
{
    (void)state;
    static const char body[] = "{\"provider\": \"coingecko\", \"kind\": \"status_429\", \"retry_after\": 9}";
    char request[512];
    struct buf reply = {0};
    const int len = snprintf(request, sizeof(request),
                             "POST /sim/faults HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                             strlen(body), body);
    exchange(request, (size_t)len, &reply);
    assert_non_null(strstr((const char *)reply.data, "HTTP/1.1 200"));
    const char *text = get("/coingecko/api/v3/ping", &reply);
    assert_non_null(strstr(text, "HTTP/1.1 429"));
    assert_non_null(strstr(text, "Retry-After: 9\r\n"));
    buf_clear(&reply);
}

static void hostile_bytes_do_not_end_the_server(void **state)
{
    (void)state;
    static const struct str requests[] = {
        STR("GET /yahoo/v8/finance/chart/%00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        STR("GET /yahoo/v8/finance/chart/%zz%%%1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        STR("GET /yahoo/\0/x?symbols=\0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        STR("GET ?? HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        STR("GET http://[::1/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        STR("GET /sim/faults HTTP/9.9\r\n\r\n"),
        STR("POST /sim/faults HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nxx"),
        STR("POST /sim/faults HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"),
        STR("POST /sim/faults HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"),
        STR("\r\n\r\n\r\n"),
        STR("\x16\x03\x01\x02\x00\x01"),
        STR("GET"),
    };
    struct buf reply = {0};
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        exchange(requests[i].ptr, requests[i].len, &reply);
    assert_non_null(strstr(get("/coingecko/api/v3/ping", &reply), "HTTP/1.1 200"));
    buf_clear(&reply);
}

static void long_uris_and_long_uploads_are_refused(void **state)
{
    (void)state;
    struct buf request = {0}, reply = {0};
    for (size_t len = 9000; len <= 900000; len *= 10) {
        buf_reset(&request);
        buf_append_str(&request, STR("GET /yahoo/v7/finance/spark?symbols="));
        memset(buf_reserve(&request, len), 'A', len);
        request.len += len;
        buf_append_str(&request, STR(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        exchange(request.data, request.len, &reply);
        assert_null(strstr((const char *)reply.data, "HTTP/1.1 200"));
        if (len == 9000)
            assert_non_null(strstr((const char *)reply.data, "HTTP/1.1 414"));
    }
    buf_reset(&request);
    buf_append_str(&request, STR("POST /sim/faults HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n"));
    memset(buf_reserve(&request, 200000), ' ', 200000);
    request.len += 200000;
    exchange(request.data, request.len, &reply);
    assert_null(strstr((const char *)reply.data, "HTTP/1.1 200"));
    assert_non_null(strstr(get("/coingecko/api/v3/ping", &reply), "HTTP/1.1 200"));
    buf_clear(&request);
    buf_clear(&reply);
}

static void a_held_back_answer_holds_up_neither_others_nor_the_stop(void **state)
{
    (void)state;
    struct error error = {0};
    struct buf reply = {0};
    static const char request[] = "GET /yahoo/v8/finance/chart/AAPL HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_true(faults_post(&world.faults, STR("{provider: yahoo, kind: timeout}"), NOW_US, &error));
    const int held = open_connection();
    send_bytes(held, request, strlen(request));
    const int64_t began_ms = clock_mono_ms();
    assert_non_null(strstr(get("/coingecko/api/v3/ping", &reply), "HTTP/1.1 200"));
    char byte;
    assert_int_equal(recv(held, &byte, 1, MSG_DONTWAIT), -1);
    sim_server_stop(server);
    server = NULL;
    assert_int_equal(recv(held, &byte, 1, 0), 0); /* closed without a byte */
    assert_true(clock_mono_ms() - began_ms < 2000);
    close(held);
    buf_clear(&reply);
}

static void a_slow_body_arrives_whole_and_late(void **state)
{
    (void)state;
    struct error error = {0};
    struct buf slow = {0}, quick = {0};
    assert_true(faults_post(&world.faults, STR("{provider: yahoo, kind: slow_body, seconds: 0.4}"), NOW_US, &error));
    const int64_t began_ms = clock_mono_ms();
    const char *late = get("/yahoo/v8/finance/chart/AAPL", &slow);
    const int64_t took_ms = clock_mono_ms() - began_ms;
    assert_in_range(took_ms, 350, 3000);
    assert_int_equal(faults_stop(&world.faults, NULL), 1);
    const char *early = get("/yahoo/v8/finance/chart/AAPL", &quick);
    assert_string_equal(strstr(late, "\r\n\r\n"), strstr(early, "\r\n\r\n"));
    buf_clear(&slow);
    buf_clear(&quick);
}

static void connections_are_bounded_and_come_free_again(void **state)
{
    (void)state;
    int idle[100];
    struct buf reply = {0};
    for (size_t i = 0; i < 100; i++)
        idle[i] = open_connection();
    for (size_t i = 0; i < 100; i++)
        close(idle[i]);
    const char *text = "";
    for (int attempt = 0; attempt < 50 && !strstr(text, "HTTP/1.1 200"); attempt++) {
        usleep(20000);
        text = get("/coingecko/api/v3/ping", &reply);
    }
    assert_non_null(strstr(text, "HTTP/1.1 200"));
    buf_clear(&reply);
}

static void only_loopback_addresses_are_taken(void **state)
{
    (void)state;
    static const char *const refused[] = {"0.0.0.0:0", "192.0.2.1:0",     "[::]:0",        "9700",
                                          "localhost", "127.0.0.1:99999", "example.org:80"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct error error = {0};
        const struct sim_server_settings settings = {.listen = refused[i]};
        assert_null(sim_server_start(&settings, &world, &error));
        assert_int_equal(error.code, ERROR_USAGE);
        assert_non_null(strstr(error.message, refused[i]));
    }
    union listen_address address;
    struct error error = {0};
    assert_true(listen_parse("[::1]:9700", &address, &error) && listen_is_loopback(&address));
    assert_true(listen_parse("127.8.9.1:9700", &address, &error) && listen_is_loopback(&address));
    assert_true(listen_parse("localhost:9700", &address, &error) && listen_is_loopback(&address));
}

static void a_taken_port_is_said_with_what_to_do(void **state)
{
    (void)state;
    char listen[40];
    struct error error = {0};
    snprintf(listen, sizeof(listen), "127.0.0.1:%u", sim_server_port(server));
    const struct sim_server_settings settings = {.listen = listen};
    assert_null(sim_server_start(&settings, &world, &error));
    assert_non_null(strstr(error.message, "--listen"));
}

/** Parses a command line of up to seven words. */
static bool parse(struct sim_options *options, struct error *error, const char *const *words)
{
    char *argv[10] = {(char *)(uintptr_t) "quotebus-sim"};
    int argc = 1;
    for (; *words; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    return sim_options_parse(argc, argv, NOW_US, options, error);
}

static void the_command_line_is_read_and_mistakes_are_named(void **state)
{
    (void)state;
    struct sim_options options;
    struct error error = {0};
    const char *const good[] = {"--listen",          "127.0.0.1:1", "--seed=42", "--clock", "fixed:2026-01-02T15:00:00Z",
                                "--start-time=-60s", NULL};
    assert_true(parse(&options, &error, good));
    assert_int_equal(options.seed, 42);
    assert_int_equal(options.fixed_clock_us, NOW_US);
    assert_int_equal(options.start_us, NOW_US - 60 * US_PER_S);
    static const char *const wrong[][3] = {{"--seed", "x"},
                                           {"--seed", "-1"},
                                           {"--seed", ""},
                                           {"--clock", "12:00"},
                                           {"--clock", "fixed:noon"},
                                           {"--bogus"},
                                           {"--listen"},
                                           {"word"},
                                           {"--seed", "99999999999999999999"}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(parse(&options, &error, wrong[i]));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    assert_int_equal(strncmp(sim_help, "examples:", 9), 0);
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, start, stop)
    const struct CMUnitTest tests[] = {
        SERVED(an_answer_has_status_type_and_body),
        SERVED(a_posted_fault_shows_in_the_next_answer),
        SERVED(hostile_bytes_do_not_end_the_server),
        SERVED(long_uris_and_long_uploads_are_refused),
        SERVED(a_held_back_answer_holds_up_neither_others_nor_the_stop),
        SERVED(a_slow_body_arrives_whole_and_late),
        SERVED(connections_are_bounded_and_come_free_again),
        SERVED(only_loopback_addresses_are_taken),
        SERVED(a_taken_port_is_said_with_what_to_do),
        cmocka_unit_test(the_command_line_is_read_and_mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
