#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "persist/migration_files.h"

static char folder[64];
static char names[8][96];
static size_t name_count;

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/quotebus-migrations-XXXXXX");
    name_count = 0;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < name_count; i++)
        unlink(names[i]);
    return rmdir(folder);
}

/** Puts a file into the folder. */
static void put(const char *name, const char *content, size_t len)
{
    char *path = names[name_count++];
    snprintf(path, sizeof(names[0]), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    fclose(file);
}

/** Reading fails with this code and a message with these words. */
static void assert_fails(enum error_code code, const char *words)
{
    struct migration_files files;
    struct error error = {0};
    assert_false(migration_files_read(&files, folder, &error));
    assert_int_equal(error.code, code);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in '%s'", words, error.message);
    migration_files_clear(&files);
}

static void files_come_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    put("002_second.sql", "select 2", 8);
    put("001_first.sql", "abc", 3);
    put("README", "no migration", 12);
    put("003.sql", "no name", 7);
    struct migration_files files;
    struct error error = {0};
    assert_true(migration_files_read(&files, folder, &error));
    assert_int_equal(files.count, 2);
    assert_string_equal(files.items[0].name, "001_first.sql");
    assert_string_equal(files.items[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(files.items[1].version, 2);
    assert_string_equal(files.items[1].sql, "select 2");
    migration_files_clear(&files);
}

static void missing_number_is_named(void **state)
{
    (void)state;
    put("001_first.sql", "", 0);
    put("003_third.sql", "", 0);
    assert_fails(ERROR_INVALID, "number 002 is missing before 003_third.sql");
}

static void number_that_stands_twice_is_refused(void **state)
{
    (void)state;
    put("001_first.sql", "", 0);
    put("001_other.sql", "", 0);
    assert_fails(ERROR_INVALID, "number 001 stands twice");
}

static void empty_and_absent_folders_are_usage_errors(void **state)
{
    (void)state;
    assert_fails(ERROR_USAGE, "no NNN_name.sql");
    rmdir(folder);
    assert_fails(ERROR_USAGE, "QUOTEBUS_MIGRATIONS");
    assert_int_equal(make_folder(NULL), 0);
}

static void file_with_a_nul_byte_is_no_sql(void **state)
{
    (void)state;
    put("001_first.sql", "select\0 1", 9);
    assert_fails(ERROR_INVALID, "NUL");
}

static void migrations_of_this_tree_are_complete(void **state)
{
    (void)state;
    struct migration_files files;
    struct error error = {0};
    assert_true(migration_files_read(&files, SOURCE_DIR "/persist/migrations", &error));
    assert_int_equal(files.count, PERSIST_SCHEMA_VERSION);
    migration_files_clear(&files);
}

static void position_in_characters_gives_the_line(void **state)
{
    (void)state;
    assert_int_equal(line_of_position("select 1;\nselect x;\n", 1), 1);
    assert_int_equal(line_of_position("select 1;\nselect x;\n", 10), 1);
    assert_int_equal(line_of_position("select 1;\nselect x;\n", 11), 2);
    assert_int_equal(line_of_position("-- \xc3\xa9\xc3\xa9\nselect x", 7), 2);
    assert_int_equal(line_of_position("one\ntwo", 1000), 2);
}

static void folder_is_named_by_the_environment_else_found_beside_the_configuration(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct config config = {.path = SOURCE_DIR "/config/quotebus.yaml"};
    unsetenv("QUOTEBUS_MIGRATIONS");
    assert_string_equal(migration_folder(&config, &arena), SOURCE_DIR "/config/../persist/migrations");
    config.path = folder;
    assert_string_equal(migration_folder(&config, &arena), QUOTEBUS_DATADIR "/migrations");
    setenv("QUOTEBUS_MIGRATIONS", "/elsewhere", 1);
    assert_string_equal(migration_folder(&config, &arena), "/elsewhere");
    unsetenv("QUOTEBUS_MIGRATIONS");
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_come_in_the_order_of_their_numbers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(missing_number_is_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(number_that_stands_twice_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(empty_and_absent_folders_are_usage_errors, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(file_with_a_nul_byte_is_no_sql, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(folder_is_named_by_the_environment_else_found_beside_the_configuration, make_folder,
                                        remove_folder),
        cmocka_unit_test(migrations_of_this_tree_are_complete),
        cmocka_unit_test(position_in_characters_gives_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
