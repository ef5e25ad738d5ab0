#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "persist/dimensions.h"

/** A source of keys that counts its calls and fails on request. */
struct witness {
    int calls;
    int32_t next_id;
    bool away;
};

static bool resolve(void *ctx, enum dimension kind, struct str name, int32_t *id, struct error *error)
{
    struct witness *witness = ctx;
    (void)kind;
    (void)name;
    witness->calls++;
    if (witness->away)
        return error_set(error, ERROR_UNREACHABLE, "away");
    *id = ++witness->next_id;
    return true;
}

static struct dimensions *dimensions_of(struct witness *witness)
{
    const struct dimension_source source = {.ctx = witness, .resolve = resolve};
    return dimensions_new(&source);
}

static int32_t id_of(struct dimensions *dimensions, enum dimension kind, const char *name)
{
    struct error error = {0};
    int32_t id = -1;
    assert_true(dimensions_id(dimensions, kind, str_from(name), &id, &error));
    return id;
}

static void name_is_resolved_once(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct dimensions *dimensions = dimensions_of(&witness);
    const int32_t first = id_of(dimensions, DIMENSION_ASSET, "crypto:BTC");
    const int32_t other = id_of(dimensions, DIMENSION_ASSET, "crypto:ETH");
    assert_int_not_equal(first, other);
    assert_int_equal(id_of(dimensions, DIMENSION_ASSET, "crypto:BTC"), first);
    assert_int_equal(witness.calls, 2);
    dimensions_free(dimensions);
}

static void asset_and_source_of_one_name_have_keys_of_their_own(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct dimensions *dimensions = dimensions_of(&witness);
    const int32_t asset = id_of(dimensions, DIMENSION_ASSET, "a:b");
    assert_int_not_equal(id_of(dimensions, DIMENSION_SOURCE, "a:b"), asset);
    dimensions_free(dimensions);
}

static void failed_lookup_is_not_remembered(void **state)
{
    (void)state;
    struct witness witness = {.away = true};
    struct dimensions *dimensions = dimensions_of(&witness);
    struct error error = {0};
    int32_t id;
    assert_false(dimensions_id(dimensions, DIMENSION_SOURCE, STR("yahoo"), &id, &error));
    assert_int_equal(error.code, ERROR_UNREACHABLE);
    assert_non_null(strstr(error.message, "source yahoo"));
    witness.away = false;
    assert_int_equal(id_of(dimensions, DIMENSION_SOURCE, "yahoo"), 1);
    dimensions_free(dimensions);
}

/** The name is refused before anybody is asked. */
static void assert_refused(enum dimension kind, struct str name)
{
    struct witness witness = {0};
    struct dimensions *dimensions = dimensions_of(&witness);
    struct error error = {0};
    int32_t id;
    assert_false(dimensions_id(dimensions, kind, name, &id, &error));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.cause, "refused_value");
    assert_int_equal(witness.calls, 0);
    dimensions_free(dimensions);
}

static void names_that_cannot_be_stored_are_refused(void **state)
{
    (void)state;
    static const char longest[DIMENSION_NAME_MAX + 1] = {'x'};
    assert_refused(DIMENSION_SOURCE, (struct str){.ptr = longest, .len = sizeof(longest)});
    assert_refused(DIMENSION_SOURCE, STR(""));
    assert_refused(DIMENSION_SOURCE, (struct str){.ptr = "ya\0hoo", .len = 6});
    assert_refused(DIMENSION_ASSET, STR("BTC"));
    assert_refused(DIMENSION_ASSET, STR(":BTC"));
}

static void longest_name_is_taken(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct dimensions *dimensions = dimensions_of(&witness);
    char name[DIMENSION_NAME_MAX + 1] = {0};
    memset(name, 'x', DIMENSION_NAME_MAX);
    assert_int_equal(id_of(dimensions, DIMENSION_SOURCE, name), 1);
    dimensions_free(dimensions);
}

static void full_cache_begins_anew(void **state)
{
    (void)state;
    struct witness witness = {0};
    struct dimensions *dimensions = dimensions_of(&witness);
    char name[32];
    for (int i = 0; i <= DIMENSION_CACHE_MAX; i++) {
        snprintf(name, sizeof(name), "x:%d", i);
        id_of(dimensions, DIMENSION_ASSET, name);
    }
    const int calls = witness.calls;
    id_of(dimensions, DIMENSION_ASSET, name);
    assert_int_equal(witness.calls, calls);
    id_of(dimensions, DIMENSION_ASSET, "x:0");
    assert_int_equal(witness.calls, calls + 1);
    dimensions_free(dimensions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_resolved_once),           cmocka_unit_test(asset_and_source_of_one_name_have_keys_of_their_own),
        cmocka_unit_test(failed_lookup_is_not_remembered), cmocka_unit_test(names_that_cannot_be_stored_are_refused),
        cmocka_unit_test(longest_name_is_taken),           cmocka_unit_test(full_cache_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
