#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "ingest/fetcher.h"

#define MAX_BODY 100000
#define TIMEOUT_MS 900
#define JSON_TYPE "application/json; charset=utf-8"

/* ---- a server that behaves in all the wrong ways */

static struct MHD_Daemon *server;
static uint16_t port;
static atomic_int landings; /* visits of the page that /redirect leads to */

/** Bytes of a deflate stream, bit by bit. */
struct bits {
    struct buf out;
    uint8_t byte;
    int used;
};

static void put_bit(struct bits *bits, unsigned bit)
{
    bits->byte = (uint8_t)(bits->byte | (bit & 1U) << bits->used);
    if (++bits->used == 8) {
        buf_append(&bits->out, &bits->byte, 1);
        bits->byte = 0;
        bits->used = 0;
    }
}

/** A Huffman code: the most significant bit comes first. */
static void put_code(struct bits *bits, unsigned code, int length)
{
    for (int i = length - 1; i >= 0; i--) {
        put_bit(bits, code >> i);
    }
}

/** RFC 1952: CRC-32 of `count` times 'A'. */
static uint32_t crc_of_run(size_t count)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < count; i++) {
        crc ^= 'A';
        for (int k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
        }
    }
    return ~crc;
}

/** A gzip file of 1 + 258 * `repeats` times 'A': fixed Huffman codes, each repeat copies 258 bytes from one byte back. */
static struct buf gzip_run(size_t repeats)
{
    struct bits bits = {0};
    buf_append(&bits.out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    put_bit(&bits, 1);
    put_bit(&bits, 1);
    put_bit(&bits, 0);
    put_code(&bits, 0x30 + 'A', 8);
    for (size_t i = 0; i < repeats; i++) {
        put_code(&bits, 0xc5, 8);
        put_code(&bits, 0, 5);
    }
    put_code(&bits, 0, 7);
    while (bits.used != 0) {
        put_bit(&bits, 0);
    }
    uint32_t tail[2] = {crc_of_run(1 + 258 * repeats), (uint32_t)(1 + 258 * repeats)};
    buf_append(&bits.out, tail, sizeof tail);
    return bits.out;
}

/** Gives 'x' without end. */
static ssize_t endless(void *ctx, uint64_t position, char *out, size_t max)
{
    (void)ctx;
    (void)position;
    memset(out, 'x', max);
    return (ssize_t)max;
}

/** Gives a byte now and then. */
static ssize_t trickle(void *ctx, uint64_t position, char *out, size_t max)
{
    (void)ctx;
    (void)position;
    (void)max;
    usleep(50000);
    *out = 'x';
    return 1;
}

/** Gives ten bytes and breaks off. */
static ssize_t broken(void *ctx, uint64_t position, char *out, size_t max)
{
    (void)ctx;
    if (position > 0 || max < 10) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    memset(out, 'x', 10);
    return 10;
}

/** A response with a JSON body. */
static struct MHD_Response *json_response(const char *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), (void *)body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", JSON_TYPE);
    return response;
}

/** What the client said about itself. */
static struct MHD_Response *echo(struct MHD_Connection *connection)
{
    static const char *const names[] = {"User-Agent", "Accept-Encoding", "X-Test", "Authorization", "Cookie"};
    struct buf text = {0};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, names[i]);
        buf_printf(&text, "%s=%s;", names[i], value != NULL ? value : "");
    }
    buf_append(&text, "", 1);
    struct MHD_Response *response = json_response((const char *)text.data);
    buf_clear(&text);
    return response;
}

static struct MHD_Response *gzip_response(size_t repeats)
{
    struct buf body = gzip_run(repeats);
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len, body.data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Encoding", "gzip");
    buf_clear(&body);
    return response;
}

/** A zstd frame (RFC 8878) of eight blocks, each of which repeats one byte 128 KiB times. */
static struct buf zstd_run(void)
{
    struct buf out = {0};
    buf_append(&out, "\x28\xb5\x2f\xfd\x00\x60", 6); /* no size of the content; a window of 4 MiB */
    for (int i = 0; i < 8; i++) {
        uint32_t head = 131072U << 3 | 1U << 1 | (i == 7);
        buf_append(&out, &(uint8_t[3]){(uint8_t)head, (uint8_t)(head >> 8), (uint8_t)(head >> 16)}, 3);
        buf_append(&out, "A", 1);
    }
    return out;
}

/** A body in another packing: 25,801 times 'A' when it is whole, 1,032,001 times when it is a bomb. */
static struct MHD_Response *packed_response(const char *encoding, const char *bytes, size_t len)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, (void *)bytes, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Encoding", encoding);
    return response;
}

#define BROTLI "\x1b\xc8\x64\xf8\x25\x82\xe2\xb1\x40\x40\x90\x0b\x00"
#define BROTLI_BOMB "\x5b\x40\xbf\x8f\x5f\x22\x28\x1e\x0b\x04\xf4\x6d\x1f\x00"
#define ZSTD "\x28\xb5\x2f\xfd\x60\xc9\x63\x4d\x00\x00\x10\x41\x41\x01\x00\xc4\xe4\x0e\xb0"

/** `lines` headers of `size` bytes each. */
static struct MHD_Response *header_response(int lines, size_t size)
{
    struct MHD_Response *response = json_response("{}");
    char *value = malloc(size + 1);
    memset(value, 'h', size);
    value[size] = '\0';
    for (int i = 0; i < lines; i++) {
        char name[16];
        snprintf(name, sizeof name, "X-%d", i);
        MHD_add_response_header(response, name, value);
    }
    free(value);
    return response;
}

static struct MHD_Response *respond(struct MHD_Connection *connection, const char *path, unsigned *status)
{
    struct MHD_Response *response = NULL;
    if (strcmp(path, "/ok") == 0) {
        atomic_fetch_add(&landings, 1);
        response = json_response("{\"fine\":true}");
    } else if (strcmp(path, "/echo") == 0) {
        response = echo(connection);
    } else if (strcmp(path, "/limited") == 0) {
        *status = 429;
        response = json_response("Too Many Requests\r\n");
        MHD_add_response_header(response, "Retry-After", "7");
    } else if (strcmp(path, "/redirect") == 0) {
        *status = 302;
        response = json_response("");
        MHD_add_response_header(response, "Location", "/ok");
    } else if (strcmp(path, "/late") == 0) {
        usleep(200000);
        response = json_response("{}");
    } else if (strcmp(path, "/silent") == 0) {
        usleep(1500000);
        response = json_response("{}");
    } else if (strcmp(path, "/endless") == 0) {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, endless, NULL, NULL);
    } else if (strcmp(path, "/trickle") == 0) {
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, trickle, NULL, NULL);
    } else if (strcmp(path, "/broken") == 0) {
        response = MHD_create_response_from_callback(100, 16384, broken, NULL, NULL);
    } else if (strcmp(path, "/gzip") == 0) {
        response = gzip_response(100);
    } else if (strcmp(path, "/bomb") == 0) {
        response = gzip_response(4000); /* ten times the bound */
    } else if (strcmp(path, "/brotli") == 0) {
        response = packed_response("br", BROTLI, sizeof BROTLI - 1);
    } else if (strcmp(path, "/brotli-bomb") == 0) {
        response = packed_response("br", BROTLI_BOMB, sizeof BROTLI_BOMB - 1);
    } else if (strcmp(path, "/zstd") == 0) {
        response = packed_response("zstd", ZSTD, sizeof ZSTD - 1);
    } else if (strcmp(path, "/zstd-bomb") == 0) {
        struct buf bomb = zstd_run();
        response = packed_response("zstd", (const char *)bomb.data, bomb.len);
        buf_clear(&bomb);
    } else if (strcmp(path, "/long-header") == 0) {
        response = header_response(3, 30000);
    } else if (strcmp(path, "/many-headers") == 0) {
        response = header_response(HEAD_LINES_MAX, 5);
    } else if (strncmp(path, "/body/", 6) == 0) {
        size_t size = (size_t)atol(path + 6);
        response = MHD_create_response_from_buffer(size, calloc(size, 1), MHD_RESPMEM_MUST_FREE);
    } else {
        *status = 404;
        response = json_response("{}");
    }
    return response;
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    unsigned status = 200;
    (void)method;
    (void)version;
    (void)upload;
    (void)upload_size;
    if (*state == NULL) { /* an answer before the whole request is there would end the connection */
        *state = ctx;
        return MHD_YES;
    }
    struct MHD_Response *response = respond(connection, url, &status);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static int start_server(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    server = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, &port,
                              MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024),
                              MHD_OPTION_END);
    if (server == NULL) {
        return -1;
    }
    port = MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port;
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    MHD_stop_daemon(server);
    return 0;
}

/* ---- the client under test */

/** A result that outlives the callback. */
struct seen {
    int count;
    void *ctx;
    bool complete;
    enum outcome failure;
    char message[120];
    int status;
    char content_type[80];
    struct opt_long date_us;
    struct opt_long retry_after_s;
    double latency_ms;
    struct buf body;
};

static void remember(void *ctx, const struct fetch_result *result)
{
    struct seen *seen = ctx;
    seen->count++;
    seen->ctx = result->ctx;
    seen->complete = result->complete;
    seen->failure = result->failure;
    memcpy(seen->message, result->message, sizeof seen->message);
    seen->status = result->response.status;
    snprintf(seen->content_type, sizeof seen->content_type, "%.*s", STR_ARG(result->response.content_type));
    seen->date_us = result->response.date_us;
    seen->retry_after_s = result->response.retry_after_s;
    seen->latency_ms = result->latency_ms;
    buf_reset(&seen->body);
    buf_append_str(&seen->body, result->response.body);
}

static struct fetcher *new_fetcher(void)
{
    struct error error = {0};
    const struct fetcher_options options = {
        .user_agent = "test/1", .contact = "mailto:me@example.org", .max_body_bytes = MAX_BODY, .request_timeout_ms = TIMEOUT_MS};
    struct fetcher *fetcher = fetcher_new(&options, &error);
    assert_non_null(fetcher);
    return fetcher;
}

static void start(struct fetcher *fetcher, const char *url, void *ctx)
{
    struct error error = {0};
    const struct fetch_request request = {.url = url, .headers = STR("X-Test: yes\n"), .ctx = ctx};
    assert_true(fetcher_start(fetcher, &request, &error));
}

/** Runs until nothing is under way; at most 5 s. */
static void run(struct fetcher *fetcher, struct seen *seen)
{
    int64_t deadline_ms = clock_mono_ms() + 5000;
    while (fetcher_in_flight(fetcher) > 0) {
        assert_true(clock_mono_ms() < deadline_ms);
        fetcher_run(fetcher, 50, remember, seen);
    }
}

/** Fetches a URL and says what came of it; the caller clears seen.body. */
static struct seen fetch_url(const char *url)
{
    struct seen seen = {0};
    struct fetcher *fetcher = new_fetcher();
    start(fetcher, url, &seen);
    run(fetcher, &seen);
    assert_int_equal(seen.count, 1);
    assert_ptr_equal(seen.ctx, &seen);
    fetcher_free(fetcher);
    return seen;
}

static struct seen fetch(const char *path)
{
    char url[200];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    return fetch_url(url);
}

/** Expects that no whole response came. */
static void expect_failure(const char *path, enum outcome failure)
{
    struct seen seen = fetch(path);
    assert_false(seen.complete);
    assert_int_equal(seen.failure, failure);
    assert_string_not_equal(seen.message, "");
    buf_clear(&seen.body);
}

static void whole_response_comes_with_its_headers(void **state)
{
    (void)state;
    struct seen seen = fetch("/ok");
    assert_true(seen.complete);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.content_type, JSON_TYPE);
    assert_true(str_is(buf_str(&seen.body), "{\"fine\":true}"));
    assert_true(seen.date_us.set);
    assert_true(llabs(seen.date_us.value - clock_wall_us()) < 10 * US_PER_S);
    assert_false(seen.retry_after_s.set);
    assert_true(seen.latency_ms > 0 && seen.latency_ms < TIMEOUT_MS);
    buf_clear(&seen.body);
}

static void request_says_who_asks_and_nothing_secret(void **state)
{
    (void)state;
    struct seen seen = fetch("/echo");
    assert_true(str_is(
        buf_str(&seen.body),
        "User-Agent=test/1 (+mailto:me@example.org);Accept-Encoding=deflate, gzip, br, zstd;X-Test=yes;Authorization=;Cookie=;"));
    buf_clear(&seen.body);
}

static void retry_after_of_a_limit_is_captured(void **state)
{
    (void)state;
    struct seen seen = fetch("/limited");
    assert_true(seen.complete);
    assert_int_equal(seen.status, 429);
    assert_true(seen.retry_after_s.set);
    assert_int_equal(seen.retry_after_s.value, 7);
    buf_clear(&seen.body);
}

static void headers_of_one_response_do_not_stick_to_the_next(void **state)
{
    (void)state;
    char url[80];
    struct seen seen = {0};
    struct fetcher *fetcher = new_fetcher();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/limited", port);
    start(fetcher, url, NULL);
    run(fetcher, &seen);
    assert_true(seen.retry_after_s.set);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/body/3", port);
    start(fetcher, url, NULL);
    run(fetcher, &seen);
    assert_false(seen.retry_after_s.set);
    assert_string_equal(seen.content_type, "");
    assert_int_equal(seen.body.len, 3);
    buf_clear(&seen.body);
    fetcher_free(fetcher);
}

static void redirect_is_not_followed(void **state)
{
    (void)state;
    int before = atomic_load(&landings);
    struct seen seen = fetch("/redirect");
    assert_true(seen.complete);
    assert_int_equal(seen.status, 302);
    assert_int_equal(atomic_load(&landings), before);
    buf_clear(&seen.body);
}

static void compressed_body_is_unpacked(void **state)
{
    static const char *const paths[] = {"/gzip", "/brotli", "/zstd"};
    (void)state;
    for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
        struct seen seen = fetch(paths[k]);
        assert_true(seen.complete);
        assert_int_equal(seen.body.len, 1 + 258 * 100);
        for (size_t i = 0; i < seen.body.len; i++) {
            assert_int_equal(seen.body.data[i], 'A');
        }
        buf_clear(&seen.body);
    }
}

static void body_of_just_the_bound_is_taken_and_one_more_byte_is_not(void **state)
{
    (void)state;
    struct seen seen = fetch("/body/100000");
    assert_true(seen.complete);
    assert_int_equal(seen.body.len, MAX_BODY);
    buf_clear(&seen.body);
    expect_failure("/body/100001", OUTCOME_MALFORMED);
}

static void compressed_bomb_is_cut_off_by_its_unpacked_size(void **state)
{
    (void)state;
    expect_failure("/bomb", OUTCOME_MALFORMED);
    expect_failure("/brotli-bomb", OUTCOME_MALFORMED);
    expect_failure("/zstd-bomb", OUTCOME_MALFORMED);
}

static void endless_body_is_cut_off(void **state)
{
    (void)state;
    expect_failure("/endless", OUTCOME_MALFORMED);
}

static void huge_headers_are_refused(void **state)
{
    (void)state;
    expect_failure("/long-header", OUTCOME_MALFORMED);
    expect_failure("/many-headers", OUTCOME_MALFORMED);
}

static void silence_and_trickle_time_out(void **state)
{
    (void)state;
    expect_failure("/silent", OUTCOME_TIMEOUT);
    expect_failure("/trickle", OUTCOME_TIMEOUT);
}

static void body_that_breaks_off_is_no_response(void **state)
{
    (void)state;
    expect_failure("/broken", OUTCOME_UNREACHABLE);
}

/** A socket that listens on a free port of loopback. */
static int listen_somewhere(uint16_t *where)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *where = ntohs(address.sin_port);
    return fd;
}

/** Accepts one connection and resets it. */
static void *reset_one(void *ctx)
{
    char request[4096];
    struct linger abrupt = {.l_onoff = 1, .l_linger = 0};
    int fd = accept(*(int *)ctx, NULL, NULL);
    if (fd >= 0 && read(fd, request, sizeof request) > 0) {
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    }
    close(fd);
    return NULL;
}

static void reset_connection_is_unreachable_and_keeps_the_key_to_itself(void **state)
{
    (void)state;
    uint16_t where;
    char url[120];
    pthread_t thread;
    int fd = listen_somewhere(&where);
    assert_int_equal(pthread_create(&thread, NULL, reset_one, &fd), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/query?apikey=SECRET", where);
    struct seen seen = fetch_url(url);
    pthread_join(thread, NULL);
    close(fd);
    assert_false(seen.complete);
    assert_int_equal(seen.failure, OUTCOME_UNREACHABLE);
    assert_null(strstr(seen.message, "SECRET"));
    buf_clear(&seen.body);
}

static void closed_port_is_unreachable(void **state)
{
    (void)state;
    uint16_t where;
    char url[120];
    close(listen_somewhere(&where));
    snprintf(url, sizeof url, "http://127.0.0.1:%u/query?apikey=SECRET", where);
    struct seen seen = fetch_url(url);
    assert_int_equal(seen.failure, OUTCOME_UNREACHABLE);
    assert_null(strstr(seen.message, "SECRET"));
    buf_clear(&seen.body);
}

static void only_http_and_https_are_spoken(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "nonsense", ""};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct seen seen = fetch_url(urls[i]);
        assert_false(seen.complete);
        assert_int_equal(seen.failure, OUTCOME_UNREACHABLE);
        buf_clear(&seen.body);
    }
}

static void connection_is_used_again(void **state)
{
    (void)state;
    char url[80];
    struct seen seen = {0};
    struct fetcher *fetcher = new_fetcher();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/ok", port);
    for (int i = 0; i < 50; i++) {
        start(fetcher, url, NULL);
        run(fetcher, &seen);
    }
    assert_int_equal(seen.count, 50);
    assert_int_equal(fetcher_connections(fetcher), 1);
    buf_clear(&seen.body);
    fetcher_free(fetcher);
}

static void host_name_that_is_not_known_is_said_to_be_unknown(void **state)
{
    (void)state;
    struct seen seen = fetch_url("https://quotebus-no-such-host.invalid/x");
    assert_false(seen.complete);
    assert_true(seen.failure == OUTCOME_UNREACHABLE || seen.failure == OUTCOME_TIMEOUT);
    assert_non_null(strstr(seen.message, "DNS"));
    buf_clear(&seen.body);
}

static void name_that_leads_to_loopback_gets_no_connection(void **state)
{
    (void)state;
    char url[80];
    int before = atomic_load(&landings);
    snprintf(url, sizeof url, "http://0x7f000001:%u/ok", port); /* what curl takes for 127.0.0.1, and base_url for a name */
    struct seen seen = fetch_url(url);
    assert_false(seen.complete);
    assert_int_equal(seen.failure, OUTCOME_UNREACHABLE);
    assert_non_null(strstr(seen.message, "not public"));
    assert_int_equal(atomic_load(&landings), before);
    buf_clear(&seen.body);
}

static void requests_run_side_by_side(void **state)
{
    (void)state;
    char url[80];
    struct seen seen = {0};
    struct fetcher *fetcher = new_fetcher();
    int64_t begin_ms = clock_mono_ms();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/late", port);
    for (int i = 0; i < 20; i++) {
        start(fetcher, url, NULL);
    }
    assert_int_equal(fetcher_in_flight(fetcher), 20);
    run(fetcher, &seen);
    assert_int_equal(seen.count, 20);
    assert_true(seen.complete);
    assert_true(clock_mono_ms() - begin_ms < 20 * 200 / 2);
    buf_clear(&seen.body);
    fetcher_free(fetcher);
}

static void cancelled_request_ends_without_a_callback(void **state)
{
    (void)state;
    char url[80];
    int ctx = 0;
    struct fetcher *fetcher = new_fetcher();
    snprintf(url, sizeof url, "http://127.0.0.1:%u/late", port);
    start(fetcher, url, &ctx);
    assert_true(fetcher_cancel(fetcher, &ctx));
    assert_false(fetcher_cancel(fetcher, &ctx));
    assert_int_equal(fetcher_in_flight(fetcher), 0);
    start(fetcher, url, &ctx);
    fetcher_free(fetcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_response_comes_with_its_headers),
        cmocka_unit_test(request_says_who_asks_and_nothing_secret),
        cmocka_unit_test(retry_after_of_a_limit_is_captured),
        cmocka_unit_test(headers_of_one_response_do_not_stick_to_the_next),
        cmocka_unit_test(redirect_is_not_followed),
        cmocka_unit_test(compressed_body_is_unpacked),
        cmocka_unit_test(body_of_just_the_bound_is_taken_and_one_more_byte_is_not),
        cmocka_unit_test(compressed_bomb_is_cut_off_by_its_unpacked_size),
        cmocka_unit_test(endless_body_is_cut_off),
        cmocka_unit_test(huge_headers_are_refused),
        cmocka_unit_test(silence_and_trickle_time_out),
        cmocka_unit_test(body_that_breaks_off_is_no_response),
        cmocka_unit_test(reset_connection_is_unreachable_and_keeps_the_key_to_itself),
        cmocka_unit_test(closed_port_is_unreachable),
        cmocka_unit_test(only_http_and_https_are_spoken),
        cmocka_unit_test(connection_is_used_again),
        cmocka_unit_test(host_name_that_is_not_known_is_said_to_be_unknown),
        cmocka_unit_test(name_that_leads_to_loopback_gets_no_connection),
        cmocka_unit_test(requests_run_side_by_side),
        cmocka_unit_test(cancelled_request_ends_without_a_callback),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
