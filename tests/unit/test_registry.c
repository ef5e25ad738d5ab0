#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <microhttpd.h>

#include "base/clock.h"
#include "bus/registry.h"

/** What the server answers next, and what it was asked last. */
static struct {
    unsigned status;
    const char *body;
    size_t body_repeats; /* the body, so many times more */
    const char *location;
    unsigned delay_ms;
    int requests;
    char method[16];
    char url[256];
    char received[1024];
} server;

static struct MHD_Daemon *daemon_;
static struct registry *registry;
static struct error error;

/** Collects the body of a request. */
static void receive(const char *data, size_t len)
{
    const size_t have = strlen(server.received);
    if (have + len < sizeof(server.received)) {
        memcpy(server.received + have, data, len);
        server.received[have + len] = '\0';
    }
}

/** Makes the answer. */
static enum MHD_Result answer(struct MHD_Connection *connection)
{
    struct buf body = {0};
    for (size_t i = 0; i <= server.body_repeats; i++)
        buf_append_str(&body, str_from(server.body));
    usleep(server.delay_ms * 1000);
    struct MHD_Response *response = MHD_create_response_from_buffer(body.len, body.data, MHD_RESPMEM_MUST_COPY);
    if (server.location)
        MHD_add_response_header(response, "Location", server.location);
    const enum MHD_Result result = MHD_queue_response(connection, server.status, response);
    MHD_destroy_response(response);
    buf_clear(&body);
    return result;
}

/** libmicrohttpd's handler. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **state)
{
    static int begun;
    (void)cls;
    (void)version;
    if (!*state) {
        *state = &begun;
        server.received[0] = '\0';
        return MHD_YES;
    }
    if (*size > 0) {
        receive(data, *size);
        *size = 0;
        return MHD_YES;
    }
    server.requests++;
    snprintf(server.method, sizeof(server.method), "%s", method);
    snprintf(server.url, sizeof(server.url), "%s", url);
    return answer(connection);
}

/** Leaves the URL as it came, so that the tests see its encoding. */
static size_t keep_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

/** Sets the next answer. */
static void serve(unsigned status, const char *body)
{
    server.status = status;
    server.body = body;
    server.body_repeats = 0;
    server.location = NULL;
    server.delay_ms = 0;
    server.requests = 0;
    memset(&error, 0, sizeof(error));
}

/** A client of the server at a path below it. */
static struct registry *connect_to(const char *path)
{
    char url[128];
    snprintf(url, sizeof(url), "http://user:hidden@127.0.0.1:%u%s", MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT)->port,
             path);
    const struct registry_settings settings = {.url = url, .timeout_ms = 400};
    struct registry *made = registry_new(&settings, &error);
    assert_non_null(made);
    return made;
}

static int set_up(void **state)
{
    (void)state;
    daemon_ = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, NULL, NULL, on_request, NULL,
                               MHD_OPTION_UNESCAPE_CALLBACK, keep_encoded, NULL, MHD_OPTION_END);
    return daemon_ ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    MHD_stop_daemon(daemon_);
    return 0;
}

static int connect_client(void **state)
{
    (void)state;
    registry = connect_to("/api/");
    return 0;
}

static int disconnect_client(void **state)
{
    (void)state;
    registry_free(registry);
    return 0;
}

static void a_schema_is_fetched_once_and_kept(void **state)
{
    const char *schema;
    const char *again;
    (void)state;
    serve(200, "{\"schema\":\"\\\"string\\\"\",\"schemaType\":\"AVRO\",\"references\":[]}");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_OK);
    assert_string_equal(schema, "\"string\"");
    assert_string_equal(server.method, "GET");
    assert_string_equal(server.url, "/api/schemas/ids/7");
    assert_int_equal(registry_schema(registry, 7, &again, &error), REGISTRY_OK);
    assert_ptr_equal(schema, again);
    assert_int_equal(server.requests, 1);
}

static void an_unknown_id_is_not_asked_for_again_at_once(void **state)
{
    const char *schema;
    (void)state;
    serve(404, "{\"error_code\":40403,\"message\":\"Schema not found\"}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(registry_schema(registry, 8, &schema, &error), REGISTRY_UNKNOWN);
        assert_int_equal(error.code, ERROR_NOT_FOUND);
    }
    assert_int_equal(server.requests, 1);
    assert_int_equal(registry_schema(registry, 9, &schema, &error), REGISTRY_UNKNOWN);
    assert_int_equal(server.requests, 2);
}

static void schemas_of_another_kind_are_unknown(void **state)
{
    const char *schema;
    (void)state;
    serve(200, "{\"schema\":\"syntax = \\\"proto3\\\";\",\"schemaType\":\"PROTOBUF\"}");
    assert_int_equal(registry_schema(registry, 1, &schema, &error), REGISTRY_UNKNOWN);
    serve(200, "{\"schema\":\"{}\",\"references\":[{\"name\":\"other\"}]}");
    assert_int_equal(registry_schema(registry, 2, &schema, &error), REGISTRY_UNKNOWN);
}

static void trouble_passes_and_is_asked_for_again(void **state)
{
    const char *schema;
    (void)state;
    serve(503, "<html>down</html>");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    assert_non_null(strstr(error.message, "HTTP 503"));
    serve(200, "{\"schema\":\"\\\"int\\\"\"}");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_OK);
    assert_string_equal(schema, "\"int\"");
}

static void answers_that_make_no_sense_are_no_answers(void **state)
{
    static const char *const bodies[] = {
        "",  "{",    "[]",   "nonsense", "{\"schema\":7}",   "{\"schema\":null}", "{\"schema\":\"a\",\"schema\":\"b\"}",
        "7", "null", "{} x", "\xff\xfe", "{\"id\":\"text\"}"};
    const char *schema;
    int32_t id;
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        serve(200, bodies[i]);
        assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
        assert_int_equal(registry_lookup(registry, "s", "\"int\"", &id, &error), REGISTRY_UNAVAILABLE);
        assert_int_equal(error.code, ERROR_UNREACHABLE);
    }
    serve(200, "{\"id\":-3}");
    assert_int_equal(registry_lookup(registry, "s", "\"int\"", &id, &error), REGISTRY_UNAVAILABLE);
    serve(200, "{\"id\":4294967297}");
    assert_int_equal(registry_lookup(registry, "s", "\"int\"", &id, &error), REGISTRY_UNAVAILABLE);
}

static void an_endless_answer_is_cut_off(void **state)
{
    const char *schema;
    (void)state;
    serve(200, "{\"schema\":\"0123456789012345678901234567890123456789012345678901234567890\"}");
    server.body_repeats = 100000;
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_non_null(strstr(error.message, "4 MiB"));
}

static void deeply_nested_json_does_no_harm(void **state)
{
    const char *schema;
    (void)state;
    serve(200, "[");
    server.body_repeats = 200000;
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
}

static void a_slow_registry_is_given_up_in_time(void **state)
{
    const char *schema;
    (void)state;
    serve(200, "{\"schema\":\"\\\"int\\\"\"}");
    server.delay_ms = 900;
    const int64_t began_ms = clock_mono_ms();
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_in_range(clock_mono_ms() - began_ms, 350, 850);
    usleep(700000);
}

static void redirects_are_not_followed(void **state)
{
    const char *schema;
    (void)state;
    serve(302, "");
    server.location = "http://127.0.0.1:1/elsewhere";
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_non_null(strstr(error.message, "redirects"));
    assert_int_equal(server.requests, 1);
}

static void a_wrong_path_is_not_taken_for_a_missing_schema(void **state)
{
    const char *schema;
    (void)state;
    serve(404, "<html>Not Found</html>");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_non_null(strstr(error.message, "registry.url"));
    serve(404, "{\"status\":404,\"message\":\"no route\"}");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
}

static void messages_do_not_show_the_password(void **state)
{
    const char *schema;
    (void)state;
    serve(500, "");
    assert_int_equal(registry_schema(registry, 7, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_null(strstr(error.message, "hidden"));
    assert_non_null(strstr(error.message, "127.0.0.1"));
}

static void a_lookup_posts_the_schema_to_the_encoded_subject(void **state)
{
    int32_t id = 0;
    (void)state;
    serve(200, "{\"subject\":\"x\",\"version\":1,\"id\":42,\"schema\":\"\"}");
    assert_int_equal(registry_lookup(registry, "a b/c?-value", "{\"type\":\"int\"}", &id, &error), REGISTRY_OK);
    assert_int_equal(id, 42);
    assert_string_equal(server.method, "POST");
    assert_string_equal(server.url, "/api/subjects/a%20b%2Fc%3F-value");
    assert_string_equal(server.received, "{\"schema\":\"{\\\"type\\\":\\\"int\\\"}\"}");
    serve(404, "{\"error_code\":40401,\"message\":\"Subject not found\"}");
    assert_int_equal(registry_lookup(registry, "s", "\"int\"", &id, &error), REGISTRY_UNKNOWN);
    serve(200, "{\"id\":43}");
    assert_int_equal(registry_lookup(registry, "s", "\xff", &id, &error), REGISTRY_REFUSED);
    assert_int_equal(server.requests, 0);
}

static void a_refused_schema_comes_back_with_the_reason(void **state)
{
    int32_t id;
    (void)state;
    serve(200, "{\"id\":3}");
    assert_int_equal(registry_register(registry, "s", "\"int\"", &id, &error), REGISTRY_OK);
    assert_int_equal(id, 3);
    assert_string_equal(server.url, "/api/subjects/s/versions");
    serve(409, "{\"error_code\":409,\"message\":\"incompatible with version 1\"}");
    assert_int_equal(registry_register(registry, "s", "\"int\"", &id, &error), REGISTRY_REFUSED);
    assert_int_equal(error.code, ERROR_INVALID);
    assert_non_null(strstr(error.message, "incompatible with version 1"));
    serve(422, "{\"error_code\":42201,\"message\":\"invalid\"}");
    assert_int_equal(registry_register(registry, "s", "{", &id, &error), REGISTRY_REFUSED);
}

static void the_compatibility_level_is_read_and_set(void **state)
{
    char level[32];
    (void)state;
    serve(200, "{\"compatibilityLevel\":\"FULL_TRANSITIVE\"}");
    assert_int_equal(registry_compatibility(registry, "s", level, &error), REGISTRY_OK);
    assert_string_equal(level, "FULL_TRANSITIVE");
    assert_string_equal(server.url, "/api/config/s");
    serve(404, "{\"error_code\":40408,\"message\":\"none\"}");
    assert_int_equal(registry_compatibility(registry, "s", level, &error), REGISTRY_UNKNOWN);
    serve(200, "{\"compatibilityLevel\":\"A_LEVEL_WHOSE_NAME_IS_LONGER_THAN_THE_PLACE\"}");
    assert_int_equal(registry_compatibility(registry, "s", level, &error), REGISTRY_UNAVAILABLE);
    serve(200, "{\"compatibility\":\"FULL\"}");
    assert_int_equal(registry_set_compatibility(registry, "s", "FULL", &error), REGISTRY_OK);
    assert_string_equal(server.method, "PUT");
    assert_string_equal(server.received, "{\"compatibility\":\"FULL\"}");
    /* The handle is kept: a GET after it sends no body. */
    serve(200, "{\"compatibilityLevel\":\"NONE\"}");
    assert_int_equal(registry_compatibility(registry, "s", level, &error), REGISTRY_OK);
    assert_string_equal(server.method, "GET");
    assert_string_equal(server.received, "");
}

static void a_compatibility_check_gives_the_reasons(void **state)
{
    struct buf reasons = {0};
    bool compatible = true;
    (void)state;
    serve(200, "{\"is_compatible\":false,\"messages\":[\"a is gone\",7,\"b is new\"]}");
    assert_int_equal(registry_compatible(registry, "s", "\"int\"", &compatible, &reasons, &error), REGISTRY_OK);
    assert_false(compatible);
    assert_true(str_is(buf_str(&reasons), "a is gone\nb is new\n"));
    assert_string_equal(server.url, "/api/compatibility/subjects/s/versions");
    serve(200, "{\"is_compatible\":true}");
    assert_int_equal(registry_compatible(registry, "s", "\"int\"", &compatible, NULL, &error), REGISTRY_OK);
    assert_true(compatible);
    serve(200, "{\"compatible\":true}");
    assert_int_equal(registry_compatible(registry, "s", "\"int\"", &compatible, NULL, &error), REGISTRY_UNAVAILABLE);
    buf_clear(&reasons);
}

static void only_http_addresses_are_taken(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://host/", "", "not an address", "gopher://host"};
    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        const struct registry_settings settings = {.url = (char *)(uintptr_t)urls[i], .timeout_ms = 100};
        assert_null(registry_new(&settings, &error));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    registry_free(NULL);
}

static void a_registry_that_is_not_there_is_unavailable(void **state)
{
    const struct registry_settings settings = {.url = (char *)(uintptr_t) "http://127.0.0.1:1", .timeout_ms = 300};
    const char *schema;
    (void)state;
    struct registry *nobody = registry_new(&settings, &error);
    assert_non_null(nobody);
    assert_int_equal(registry_schema(nobody, 1, &schema, &error), REGISTRY_UNAVAILABLE);
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    registry_free(nobody);
}

#define WITH_CLIENT(test) cmocka_unit_test_setup_teardown(test, connect_client, disconnect_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CLIENT(a_schema_is_fetched_once_and_kept),
        WITH_CLIENT(an_unknown_id_is_not_asked_for_again_at_once),
        WITH_CLIENT(schemas_of_another_kind_are_unknown),
        WITH_CLIENT(trouble_passes_and_is_asked_for_again),
        WITH_CLIENT(answers_that_make_no_sense_are_no_answers),
        WITH_CLIENT(an_endless_answer_is_cut_off),
        WITH_CLIENT(deeply_nested_json_does_no_harm),
        WITH_CLIENT(a_slow_registry_is_given_up_in_time),
        WITH_CLIENT(redirects_are_not_followed),
        WITH_CLIENT(a_wrong_path_is_not_taken_for_a_missing_schema),
        WITH_CLIENT(messages_do_not_show_the_password),
        WITH_CLIENT(a_lookup_posts_the_schema_to_the_encoded_subject),
        WITH_CLIENT(a_refused_schema_comes_back_with_the_reason),
        WITH_CLIENT(the_compatibility_level_is_read_and_set),
        WITH_CLIENT(a_compatibility_check_gives_the_reasons),
        cmocka_unit_test(only_http_addresses_are_taken),
        cmocka_unit_test(a_registry_that_is_not_there_is_unavailable),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
