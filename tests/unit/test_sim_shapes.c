/* The bodies that the simulator makes beside the recorded ones: same keys, same types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/sim_ask.h"

/** Adds every place of a value to `tree` (an object: place -> object of type names). */
static void add_types(json_t *tree, const char *place, const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "text", [JSON_INTEGER] = "number",
        [JSON_REAL] = "number",   [JSON_TRUE] = "bool",   [JSON_FALSE] = "bool",  [JSON_NULL] = "null"};
    char inner[512];
    json_t *types = json_object_get(tree, place);
    if (!types) {
        types = json_object();
        json_object_set_new(tree, place, types);
    }
    json_object_set_new(types, names[json_typeof(value)], json_true());
    const char *key;
    const json_t *member;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        snprintf(inner, sizeof(inner), "%s.%s", place, key);
        add_types(tree, inner, member);
    }
    json_array_foreach(value, i, member)
    {
        snprintf(inner, sizeof(inner), "%s[]", place);
        add_types(tree, inner, member);
    }
}

/** Differences that are right, each with its reason. */
static bool is_known_difference(const char *place)
{
    static const char *const known[] = {
        /* the simulated companies neither split nor pay */
        ".chart.result[].events",
        /* the recording is of 2017; the service has sent both since */
        ".Realtime Currency Exchange Rate.8. Bid Price",
        ".Realtime Currency Exchange Rate.9. Ask Price",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncmp(place, known[i], strlen(known[i])) == 0)
            return true;
    }
    return false;
}

/** Reports places of `a` that `b` lacks or has with another type; null goes with everything. */
static int report_missing(const char *file, const char *where, json_t *a, json_t *b)
{
    const char *place, *type;
    json_t *types, *unused;
    int count = 0;
    json_object_foreach(a, place, types)
    {
        json_t *others = json_object_get(b, place);
        bool fits = is_known_difference(place) || (others && json_object_get(others, "null"));
        json_object_foreach(types, type, unused) fits =
            fits || strcmp(type, "null") == 0 || (others && json_object_get(others, type));
        if (!fits || (!others && !is_known_difference(place))) {
            print_error("%s: %s is not like that %s\n", file, place, where);
            count++;
        }
    }
    return count;
}

/** The URI at the simulator of a recording, or false when its endpoint is not simulated. */
static bool uri_of(const char *file, const char *url, char *uri, size_t size)
{
    static const char *const endpoints[] = {"/v8/finance/chart/", "/api/v3/simple/price", "/api/v3/coins/markets"};
    const int provider_len = (int)strcspn(file, "/");
    if (strcmp(file, "alphavantage/global_quote.json") == 0) {
        snprintf(uri, size, "/alphavantage/query?function=GLOBAL_QUOTE&symbol=MSFT&apikey=demo");
        return true;
    }
    if (strcmp(file, "alphavantage/mock_foreign_exchange.json") == 0) {
        snprintf(uri, size, "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=BTC&to_currency=USD&apikey=demo");
        return true;
    }
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        const char *path = strstr(url, endpoints[i]);
        if (path) {
            snprintf(uri, size, "/%.*s%s", provider_len, file, path);
            return true;
        }
    }
    return false;
}

/** Compares one recording with the simulator's answer to its request. Returns the number of differences. */
static int compare(struct sim_world *world, const char *folder, const char *file, const char *uri, int status)
{
    char path[1024];
    int answered;
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    json_t *recorded = json_load_file(path, 0, NULL), *made = ask_json(world, uri, &answered);
    assert_non_null(recorded);
    assert_non_null(made);
    json_t *recorded_types = json_object(), *made_types = json_object();
    add_types(recorded_types, "", recorded);
    add_types(made_types, "", made);
    int count = answered != status;
    if (count)
        print_error("%s: status %d, recorded was %d\n", file, answered, status);
    count += report_missing(file, "in the simulator's body", recorded_types, made_types);
    count += report_missing(file, "in the recording", made_types, recorded_types);
    json_decref(recorded_types);
    json_decref(made_types);
    json_decref(recorded);
    json_decref(made);
    return count;
}

static void bodies_have_the_keys_and_types_of_the_recorded_ones(void **state)
{
    (void)state;
    const char *folder = recordings_folder();
    struct sim_world world;
    char path[1024], line[4096];
    int compared = 0, differences = 0;
    if (!folder)
        skip();
    world_init(&world, 1, NOW_US);
    snprintf(path, sizeof(path), "%s/index.tsv", folder);
    FILE *index = fopen(path, "re");
    assert_non_null(index);
    while (fgets(line, sizeof(line), index)) {
        char *rest = NULL, uri[2048];
        const char *file = strtok_r(line, "\t", &rest), *url = strtok_r(NULL, "\t", &rest), *status = strtok_r(NULL, "\t", &rest);
        if (!status || !uri_of(file, url, uri, sizeof(uri)))
            continue;
        differences += compare(&world, folder, file, uri, atoi(status));
        compared++;
    }
    fclose(index);
    world_clear(&world);
    print_message("%d recordings compared\n", compared);
    assert_true(compared >= 24);
    assert_int_equal(differences, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bodies_have_the_keys_and_types_of_the_recorded_ones)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
