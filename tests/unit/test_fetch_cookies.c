/* What the fetcher keeps of an answer for the session of a provider: cookies, and where a redirect leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <microhttpd.h>

#include "base/clock.h"
#include "ingest/fetcher.h"

static struct MHD_Daemon *server;

/** Answers /NAME with the headers of that name. */
static enum MHD_Result handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **state)
{
    static char huge[5000];
    (void)ctx, (void)method, (void)version, (void)upload, (void)upload_size, (void)state;
    struct MHD_Response *response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    if (strcmp(url, "/two") == 0) {
        MHD_add_response_header(response, "Set-Cookie", "A1=d=x&S=y; Expires=Thu, 26 Nov 2026 00:00:00 GMT; Path=/; Secure");
        MHD_add_response_header(response, "Set-Cookie", "A3=z");
    } else if (strcmp(url, "/odd") == 0) {
        memset(huge, 'h', sizeof huge - 1);
        MHD_add_response_header(response, "Set-Cookie", huge);
        MHD_add_response_header(response, "Set-Cookie", "\xc3\xa4=1");
        MHD_add_response_header(response, "Set-Cookie", "; Path=/");
        MHD_add_response_header(response, "Set-Cookie", "B=1");
    } else if (strcmp(url, "/away") == 0) {
        MHD_add_response_header(response, "Location", "https://consent.example/");
    }
    enum MHD_Result result = MHD_queue_response(connection, strcmp(url, "/away") == 0 ? 302 : 200, response);
    MHD_destroy_response(response);
    return result;
}

static int start_server(void **state)
{
    (void)state;
    server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, NULL, MHD_OPTION_END);
    return server != NULL ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    MHD_stop_daemon(server);
    return 0;
}

/** What came of a request. */
struct seen {
    int count;
    char cookies[200];
    char location[200];
};

static void remember(void *ctx, const struct fetch_result *result)
{
    struct seen *seen = ctx;
    assert_true(result->complete);
    seen->count++;
    snprintf(seen->cookies, sizeof seen->cookies, "%.*s", STR_ARG(result->response.cookies));
    snprintf(seen->location, sizeof seen->location, "%.*s", STR_ARG(result->response.location));
}

/** Fetches a path. */
static void fetch(struct fetcher *fetcher, const char *path, struct seen *seen)
{
    char url[100];
    struct error error = {0};
    const int64_t deadline_ms = clock_mono_ms() + 5000;
    *seen = (struct seen){0};
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", MHD_get_daemon_info(server, MHD_DAEMON_INFO_BIND_PORT)->port, path);
    const struct fetch_request request = {.url = url};
    assert_true(fetcher_start(fetcher, &request, &error));
    while (fetcher_in_flight(fetcher) > 0 && clock_mono_ms() < deadline_ms) {
        fetcher_run(fetcher, 50, remember, seen);
    }
    assert_int_equal(seen->count, 1);
}

static struct fetcher *new_fetcher(void)
{
    struct error error = {0};
    const struct fetcher_options options = {.user_agent = "test/1", .max_body_bytes = 1000, .request_timeout_ms = 3000};
    struct fetcher *fetcher = fetcher_new(&options, &error);
    assert_non_null(fetcher);
    return fetcher;
}

static void cookies_come_as_they_are_sent_back_and_stick_to_no_other_response(void **state)
{
    (void)state;
    struct seen seen;
    struct fetcher *fetcher = new_fetcher();
    fetch(fetcher, "/two", &seen);
    assert_string_equal(seen.cookies, "A1=d=x&S=y; A3=z");
    fetch(fetcher, "/none", &seen);
    assert_string_equal(seen.cookies, "");
    assert_string_equal(seen.location, "");
    fetcher_free(fetcher);
}

static void cookie_that_cannot_be_sent_back_is_left_out(void **state)
{
    (void)state;
    struct seen seen;
    struct fetcher *fetcher = new_fetcher();
    fetch(fetcher, "/odd", &seen);
    assert_string_equal(seen.cookies, "B=1");
    fetcher_free(fetcher);
}

static void place_of_a_redirect_is_told_and_not_followed(void **state)
{
    (void)state;
    struct seen seen;
    struct fetcher *fetcher = new_fetcher();
    fetch(fetcher, "/away", &seen);
    assert_string_equal(seen.location, "https://consent.example/");
    fetcher_free(fetcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_come_as_they_are_sent_back_and_stick_to_no_other_response),
        cmocka_unit_test(cookie_that_cannot_be_sent_back_is_left_out),
        cmocka_unit_test(place_of_a_redirect_is_told_and_not_followed),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
