#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "base/utf8.h"

/** 2026-01-02T03:04:05.678901Z */
#define NOW_US INT64_C(1767323045678901)

/** One formatted line, NUL-terminated. Freed by the caller. */
static char *line_of(enum log_format format, const char *message, const struct log_field *fields)
{
    struct buf out = {0};
    log_format_line(&out, format, NOW_US, LOG_LEVEL_WARN, "ingest", "ingest.fetch", message, fields);
    buf_append(&out, "", 1);
    return (char *)out.data;
}

#define LOGFMT(message, ...) line_of(LOG_FORMAT_LOGFMT, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define JSON(message, ...) line_of(LOG_FORMAT_JSON, message, (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define START "ts=2026-01-02T03:04:05.678901Z level=warn stage=ingest component=ingest.fetch msg="

/** Compares a line with the expected one and frees it. */
static void assert_line(char *line, const char *expected)
{
    assert_string_equal(line, expected);
    free(line);
}

static void logfmt_quotes_only_what_needs_quotes(void **state)
{
    (void)state;
    assert_line(line_of(LOG_FORMAT_LOGFMT, "up", NULL), START "up\n");
    assert_line(LOGFMT("fetch failed", F_STR("provider", "yahoo"), F_INT("http_status", -429), F_DOUBLE("wait_s", 0.25)),
                START "\"fetch failed\" provider=yahoo http_status=-429 wait_s=0.25\n");
    assert_line(LOGFMT("up", F_STR("empty", ""), F_STR("none", NULL), F_STR("pair", "a=b"), F_SLICE("slice", STR("x/y"))),
                START "up empty=\"\" none=\"\" pair=\"a=b\" slice=x/y\n");
}

static void hostile_value_cannot_forge_a_line_or_a_pair(void **state)
{
    (void)state;
    assert_line(LOGFMT("up", F_STR("body", "x\nts=1 level=error msg=\"forged\"\r\t\\")),
                START "up body=\"x\\nts=1 level=error msg=\\\"forged\\\"\\r\\t\\\\\"\n");
    assert_line(LOGFMT("a\nb"), START "\"a\\nb\"\n");
    assert_line(LOGFMT("up", F_SLICE("body", STR("\0\x1b[31m\x7f"))), START "up body=\"\\u0000\\u001b[31m\\u007f\"\n");
}

static void text_is_kept_when_it_is_utf8_and_escaped_when_not(void **state)
{
    (void)state;
    assert_line(LOGFMT("up", F_STR("name", "Z\xc3\xbcrich")), START "up name=\"Z\xc3\xbcrich\"\n");
    assert_line(LOGFMT("up", F_STR("name", "\xff\xc3")), START "up name=\"\\u00ff\\u00c3\"\n");
    /* U+009B begins a terminal's control sequence just as ESC [ does. */
    assert_line(LOGFMT("up", F_STR("name", "\xc2\x9b"
                                           "2J")),
                START "up name=\"\\u00c2\\u009b2J\"\n");
}

static void json_gives_back_what_went_in(void **state)
{
    (void)state;
    const char *hostile = "a\"b\\c\nd\re\tf\x01g\x7f \xe2\x82\xac {}[],:";
    char *line = JSON(hostile, F_STR("text", hostile), F_STR("we\"ird", "v"), F_INT("least", INT64_MIN), F_INT("most", INT64_MAX),
                      F_DOUBLE("price", 61234.5), F_DOUBLE("nan", NAN), F_DOUBLE("inf", INFINITY));
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_error_t why;
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        fail_msg("%s in %s", why.text, line);
    assert_string_equal(json_string_value(json_object_get(root, "ts")), "2026-01-02T03:04:05.678901Z");
    assert_string_equal(json_string_value(json_object_get(root, "level")), "warn");
    assert_string_equal(json_string_value(json_object_get(root, "stage")), "ingest");
    assert_string_equal(json_string_value(json_object_get(root, "component")), "ingest.fetch");
    assert_string_equal(json_string_value(json_object_get(root, "msg")), hostile);
    assert_string_equal(json_string_value(json_object_get(root, "text")), hostile);
    assert_string_equal(json_string_value(json_object_get(root, "we\"ird")), "v");
    assert_true(json_integer_value(json_object_get(root, "least")) == INT64_MIN);
    assert_true(json_integer_value(json_object_get(root, "most")) == INT64_MAX);
    assert_true(json_real_value(json_object_get(root, "price")) == 61234.5);
    assert_true(json_is_null(json_object_get(root, "nan")));
    assert_true(json_is_null(json_object_get(root, "inf")));
    json_decref(root);
    free(line);
}

static void json_stays_readable_for_every_byte(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second += 5) {
            const char bytes[] = {(char)first, (char)second, '"'};
            char *line = JSON("up", F_SLICE("body", ((struct str){.ptr = bytes, .len = sizeof(bytes)})));
            json_t *root = json_loads(line, JSON_ALLOW_NUL, NULL);
            if (!root)
                fail_msg("bytes %u %u: %s", first, second, line);
            json_decref(root);
            free(line);
        }
    }
}

static void long_values_are_cut_and_marked(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    /* The cut goes through a character of three bytes. */
    memcpy(text + 2046, "\xe2\x82\xac", 3);
    for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
        char *line = line_of(format, "up", (const struct log_field[]){F_STR("body", text), {0}});
        assert_true(strlen(line) < 2300);
        assert_non_null(strstr(line, "...\""));
        assert_true(utf8_valid(str_from(line)));
        free(line);
    }
    char *line = JSON("up", F_STR("body", text));
    json_t *root = json_loads(line, 0, NULL);
    assert_non_null(root);
    json_decref(root);
    free(line);
}

static void secrets_are_masked_by_key_in_both_formats(void **state)
{
    (void)state;
    static const char *const keys[] = {"password", "secret", "token",    "key",  "conninfo",
                                       "api_key",  "apikey", "Password", "TOKEN"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        for (enum log_format format = LOG_FORMAT_LOGFMT; format <= LOG_FORMAT_JSON; format++) {
            const struct log_field fields[] = {F_STR(keys[i], "hunter2"), {0}};
            char *line = line_of(format, "up", fields);
            assert_null(strstr(line, "hunter2"));
            assert_non_null(strstr(line, "****"));
            free(line);
        }
    }
    assert_line(LOGFMT("up", F_INT("token", 1234)), START "up token=****\n");
    assert_line(LOGFMT("up", F_STR("api_key_env", "NAME")), START "up api_key_env=NAME\n");
}

static void level_of_the_longest_prefix_decides(void **state)
{
    (void)state;
    struct error error = {0};
    static const char *const overrides[] = {"ingest=error", "ingest.fetch=debug", "validate=off"};
    assert_true(log_configure(LOG_FORMAT_LOGFMT, "info", overrides, 3, &error));
    assert_true(log_enabled(LOG_LEVEL_INFO, "persist"));
    assert_false(log_enabled(LOG_LEVEL_DEBUG, "persist"));
    assert_true(log_enabled(LOG_LEVEL_ERROR, "ingest"));
    assert_false(log_enabled(LOG_LEVEL_WARN, "ingest.publish"));
    assert_true(log_enabled(LOG_LEVEL_DEBUG, "ingest.fetch"));
    assert_true(log_enabled(LOG_LEVEL_DEBUG, "ingest.fetch.retry"));
    /* A prefix ends at a dot. */
    assert_false(log_enabled(LOG_LEVEL_DEBUG, "ingest.fetcher"));
    assert_true(log_enabled(LOG_LEVEL_INFO, "ingestion"));
    assert_false(log_enabled(LOG_LEVEL_ERROR, "validate.engine"));
    assert_true(log_configure(LOG_FORMAT_LOGFMT, "off", NULL, 0, &error));
    assert_false(log_enabled(LOG_LEVEL_ERROR, "ingest.fetch"));
    assert_false(log_enabled(LOG_LEVEL_OFF, "ingest"));
}

static void wrong_levels_are_refused(void **state)
{
    (void)state;
    struct error error = {0};
    assert_false(log_configure(LOG_FORMAT_LOGFMT, "loud", NULL, 0, &error));
    assert_non_null(strstr(error.message, "'loud'"));
    static const char *const wrong[] = {
        "ingest",      "=debug",       "ingest=",
        "ingest=loud", "ingest=Debug", "a.component.with.a.name.that.is.longer.than.any.that.we.will.ever.write=debug"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(log_configure(LOG_FORMAT_LOGFMT, "info", &wrong[i], 1, &error));
        assert_int_equal(error.code, ERROR_USAGE);
    }
    const char *many[65];
    for (size_t i = 0; i < 65; i++)
        many[i] = "ingest=debug";
    assert_true(log_configure(LOG_FORMAT_LOGFMT, "info", many, 64, &error));
    assert_false(log_configure(LOG_FORMAT_LOGFMT, "info", many, 65, &error));
}

static void lines_go_to_stderr_when_their_level_is_on(void **state)
{
    (void)state;
    struct error error = {0};
    char text[1024] = "";
    FILE *file = tmpfile();
    const int saved = dup(STDERR_FILENO);
    assert_true(log_configure(LOG_FORMAT_LOGFMT, "info", NULL, 0, &error));
    log_set_stage("persist");
    dup2(fileno(file), STDERR_FILENO);
    log_debug("writer", "unseen");
    log_info("writer", "stored", F_INT("rows", 3));
    log_error("writer", "plain");
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_null(strstr(text, "unseen"));
    assert_non_null(strstr(text, "level=info stage=persist component=writer msg=stored rows=3\n"));
    assert_non_null(strstr(text, "level=error stage=persist component=writer msg=plain\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_only_what_needs_quotes),
        cmocka_unit_test(hostile_value_cannot_forge_a_line_or_a_pair),
        cmocka_unit_test(text_is_kept_when_it_is_utf8_and_escaped_when_not),
        cmocka_unit_test(json_gives_back_what_went_in),
        cmocka_unit_test(json_stays_readable_for_every_byte),
        cmocka_unit_test(long_values_are_cut_and_marked),
        cmocka_unit_test(secrets_are_masked_by_key_in_both_formats),
        cmocka_unit_test(level_of_the_longest_prefix_decides),
        cmocka_unit_test(wrong_levels_are_refused),
        cmocka_unit_test(lines_go_to_stderr_when_their_level_is_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
