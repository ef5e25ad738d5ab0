#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "persist/store.h"

static struct buf sql;

static int clear(void **state)
{
    (void)state;
    buf_clear(&sql);
    return 0;
}

static void merge_keeps_the_newest_record_and_leaves_equal_rows_alone(void **state)
{
    (void)state;
    const struct table table = {.name = "thing", .columns = "at, price, p, o", .key = "at", .origin = "p, o"};
    store_merge_sql(&sql, "some_schema", &table);
    assert_string_equal((const char *)sql.data,
                        "INSERT INTO some_schema.thing AS old (at, price, p, o) SELECT DISTINCT ON (at) at, price, p, o"
                        " FROM pg_temp.staging_thing ORDER BY at, p DESC, o DESC ON CONFLICT (at) DO UPDATE"
                        " SET (at, price, p, o) = ROW(excluded.at, excluded.price, excluded.p, excluded.o)"
                        " WHERE ROW(excluded.p, excluded.o) >= ROW(old.p, old.o)"
                        " AND ROW(old.at, old.price, old.p, old.o)"
                        " IS DISTINCT FROM ROW(excluded.at, excluded.price, excluded.p, excluded.o)");
}

/** Whether a comma separated list has a name. */
static bool has_column(const char *columns, const char *name, size_t len)
{
    for (const char *at = columns;; at++) {
        at += strspn(at, " ");
        if (strcspn(at, ",") == len && strncmp(at, name, len) == 0)
            return true;
        at += strcspn(at, ",");
        if (*at == '\0')
            return false;
    }
}

/** Fails unless all names of a list are columns of the table; returns how many they are. */
static int assert_columns(const struct table *table, const char *list)
{
    int count = 0;
    for (const char *at = list; *at; at += *at == ',') {
        at += strspn(at, " ");
        const size_t len = strcspn(at, ",");
        if (!has_column(table->columns, at, len))
            fail_msg("table %s has no column %.*s", table->name, (int)len, at);
        at += len;
        count++;
    }
    return count;
}

static void every_table_says_its_key_and_where_a_record_stood(void **state)
{
    (void)state;
    for (size_t i = 0; tables[i]; i++) {
        if (!tables[i]->key || !tables[i]->origin)
            fail_msg("table %s has no key or no origin", tables[i]->name);
        assert_true(assert_columns(tables[i], tables[i]->key) >= 1);
        assert_int_equal(assert_columns(tables[i], tables[i]->origin), 2);
    }
}

static void next_way(enum error_code code, const char *cause, enum store_way from, bool expected, enum store_way to)
{
    const struct error error = {.code = code, .cause = cause};
    enum store_way way = from;
    assert_int_equal(store_next_way(&error, &way), expected);
    assert_int_equal(way, to);
}

static void keys_that_exist_lead_to_upsert_and_refused_values_to_bisecting(void **state)
{
    (void)state;
    next_way(ERROR_INVALID, "duplicate_row", STORE_APPEND, true, STORE_UPSERT);
    next_way(ERROR_INVALID, "refused_row", STORE_APPEND, true, STORE_BISECT);
    next_way(ERROR_INVALID, "refused_row", STORE_UPSERT, true, STORE_BISECT);
    next_way(ERROR_INVALID, "duplicate_row", STORE_UPSERT, true, STORE_BISECT);
    next_way(ERROR_INVALID, "refused_row", STORE_BISECT, false, STORE_BISECT);
}

static void what_is_no_fault_of_a_row_is_not_tried_in_another_way(void **state)
{
    (void)state;
    next_way(ERROR_UNREACHABLE, NULL, STORE_APPEND, false, STORE_APPEND);
    next_way(ERROR_RETRY, NULL, STORE_UPSERT, false, STORE_UPSERT);
    next_way(ERROR_FENCED, NULL, STORE_APPEND, false, STORE_APPEND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(merge_keeps_the_newest_record_and_leaves_equal_rows_alone, clear),
        cmocka_unit_test(every_table_says_its_key_and_where_a_record_stood),
        cmocka_unit_test(keys_that_exist_lead_to_upsert_and_refused_values_to_bisecting),
        cmocka_unit_test(what_is_no_fault_of_a_row_is_not_tried_in_another_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
