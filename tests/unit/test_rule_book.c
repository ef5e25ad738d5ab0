#include "tests/unit/validate_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "validate/rule_book.h"

/** Writes a file into the test's folder. */
static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void book_that_was_kept_gives_the_same_rules(void **state)
{
    (void)state;
    struct rule_book loaded, kept;
    struct error error = {0};
    write_file("rule_book_test.yaml", fixture_rules, strlen(fixture_rules));
    assert_true(rule_book_load(&loaded, "rule_book_test.yaml", &error));
    struct rule_file record = {.version = rule_settings_version(loaded.settings), .content = buf_str(&loaded.content)};
    assert_true(rule_book_restore(&kept, &record, &error));
    assert_true(str_equal(rule_settings_version(kept.settings), record.version));
    record.version = STR("test-000000000000");
    struct rule_book wrong;
    assert_false(rule_book_restore(&wrong, &record, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_null(wrong.settings);
    record.content = STR("version: [");
    assert_false(rule_book_restore(&wrong, &record, &error));
    rule_book_clear(&wrong);
    rule_book_clear(&loaded);
    rule_book_clear(&kept);
    unlink("rule_book_test.yaml");
}

static void file_that_would_not_fit_into_a_record_is_refused(void **state)
{
    (void)state;
    struct rule_book book;
    struct error error = {0};
    char *text = xcalloc(1, RULE_BOOK_BYTES_MAX + 1);
    memset(text, ' ', RULE_BOOK_BYTES_MAX + 1);
    memcpy(text, "version: 1\n#", 12);
    write_file("rule_book_large.yaml", text, RULE_BOOK_BYTES_MAX + 1);
    assert_false(rule_book_load(&book, "rule_book_large.yaml", &error));
    assert_int_equal(error.code, ERROR_USAGE);
    write_file("rule_book_large.yaml", text, RULE_BOOK_BYTES_MAX);
    assert_true(rule_book_load(&book, "rule_book_large.yaml", &error));
    rule_book_clear(&book);
    assert_false(rule_book_load(&book, "no_such_file.yaml", &error));
    assert_int_equal(error.code, ERROR_USAGE);
    unlink("rule_book_large.yaml");
    free(text);
}

static void judging_goes_on_by_other_rules_with_the_same_memory(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct error error = {0};
    struct rule_settings *other = rule_settings_parse("other.yaml",
                                                      STR("version: other\n"
                                                          "classes:\n"
                                                          "  equity: { divergence_floor_bps: 9000, jump_floor_bps: 9000 }\n"
                                                          "independence:\n"
                                                          "  one_feed: [a, b]\n"),
                                                      &error);
    assert_non_null(other);
    judge(&stream, a_quote_at("a", 100, 0));
    judge(&stream, a_quote_at("b", 100, 1));
    judge(&stream, a_quote_at("c", 100, 2));
    assert_verdict(judge(&stream, a_quote_at("a", 140, 3)), VERDICT_SUSPECT);
    partition_memory_use(stream.memory, other);
    const struct clean_quote *clean = judge(&stream, a_quote_at("a", 140, 4));
    assert_verdict(clean, VERDICT_PASS);
    assert_true(str_equal(clean->rules_version, rule_settings_version(other)));
    assert_int_equal(clean->source_count, 2); /* b is of its group now */
    assert_int_equal(source_find(asset_find(stream.memory, STR("equity:T")), STR("c"))->group, GROUP_OF_ITS_OWN);
    partition_memory_use(stream.memory, stream.settings);
    assert_int_equal(judge(&stream, a_quote_at("c", 100, 5))->source_count, 3);
    stream_close(&stream);
    rule_settings_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(book_that_was_kept_gives_the_same_rules),
        cmocka_unit_test(file_that_would_not_fit_into_a_record_is_refused),
        cmocka_unit_test(judging_goes_on_by_other_rules_with_the_same_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
