#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ingest/cache.h"

#define NOW_US INT64_C(1770000000000000)
#define BASE "https://api.example.org"

static const struct endpoint endpoint = {.name = "latest", .batch_max = 2};

/** The key of a call for one asset. */
static void key_of(const char *symbol, const char *base_url, char key[CACHE_KEY_SIZE])
{
    struct call *call = call_new(&endpoint, 0, 1);
    call->assets[0] = (struct request_asset){.asset = "fx:EURUSD", .symbol = symbol};
    cache_key(call, base_url, key);
    call_free(call);
}

/** What is noted of an answer with these headers. */
static struct cache_entry note(const char *lines, int64_t ttl_s, const struct cache_entry *earlier)
{
    struct response_head head = {0};
    struct cache_entry entry;
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n") + 1;
        assert_true(response_head_line(&head, (struct str){.ptr = lines, .len = len}, NOW_US));
        lines += len;
    }
    cache_note(&head, "0123456789abcdef", NOW_US, ttl_s, earlier, &entry);
    response_head_clear(&head);
    return entry;
}

static void key_tells_requests_apart(void **state)
{
    (void)state;
    char one[CACHE_KEY_SIZE];
    char same[CACHE_KEY_SIZE];
    char other[CACHE_KEY_SIZE];
    char elsewhere[CACHE_KEY_SIZE];
    key_of("EUR/USD", BASE, one);
    key_of("EUR/USD", BASE, same);
    key_of("EUR/GBP", BASE, other);
    key_of("EUR/USD", BASE "x", elsewhere);
    assert_int_equal(strlen(one), CACHE_KEY_SIZE - 1);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_string_not_equal(one, elsewhere);
}

static void answer_is_fresh_for_as_long_as_it_says(void **state)
{
    (void)state;
    struct cache cache = {0};
    const struct cache_entry entry = note("Cache-Control: max-age=60\r\n", 0, NULL);
    cache_store(&cache, &entry);
    assert_true(cache_is_fresh(&cache, entry.key, NOW_US + 59 * US_PER_S, 0));
    assert_false(cache_is_fresh(&cache, entry.key, NOW_US + 60 * US_PER_S, 0));
    assert_false(cache_is_fresh(&cache, entry.key, NOW_US + 55 * US_PER_S, 6 * US_PER_S));
    assert_false(cache_is_fresh(&cache, "ffffffffffffffff", NOW_US, 0));
    assert_false(cache_is_fresh(&cache, entry.key, NOW_US - 2 * US_PER_DAY, 0)); /* the clock was set back */
}

static void time_to_live_of_the_job_counts_before_the_providers_word(void **state)
{
    (void)state;
    assert_int_equal(note("Cache-Control: max-age=60\r\n", 10, NULL).fresh_until_us, NOW_US + 10 * US_PER_S);
    assert_int_equal(note("Cache-Control: no-store\r\n", 10, NULL).fresh_until_us, NOW_US + 10 * US_PER_S);
    assert_string_equal(note("Cache-Control: no-store\r\nETag: \"a\"\r\n", 0, NULL).key, "");
    assert_string_equal(note("Content-Type: text/plain\r\n", 0, NULL).key, "");
}

static void request_is_conditional_by_what_the_answer_gave(void **state)
{
    (void)state;
    struct cache cache = {0};
    struct buf headers = {0};
    const struct cache_entry entry = note("ETag: W/\"a\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0, NULL);
    cache_store(&cache, &entry);
    assert_false(cache_add_headers(&cache, "ffffffffffffffff", &headers));
    assert_int_equal(headers.len, 0);
    assert_true(cache_add_headers(&cache, entry.key, &headers));
    assert_true(str_is(buf_str(&headers), "If-None-Match: W/\"a\"\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\n"));
    assert_false(cache_is_fresh(&cache, entry.key, NOW_US, 0));
    buf_clear(&headers);
}

static void not_modified_keeps_the_validators_and_brings_new_freshness(void **state)
{
    (void)state;
    const struct cache_entry first = note("ETag: \"a\"\r\nCache-Control: max-age=5\r\n", 0, NULL);
    struct cache_entry again = note("Cache-Control: max-age=9\r\n", 0, &first);
    assert_string_equal(again.etag, "\"a\"");
    assert_int_equal(again.fresh_until_us, NOW_US + 9 * US_PER_S);
    again = note("ETag: \"b\"\r\n", 0, &first);
    assert_string_equal(again.etag, "\"b\"");
    assert_int_equal(again.fresh_until_us, 0);
}

static void oldest_entry_goes_when_the_cache_is_full(void **state)
{
    (void)state;
    struct cache cache = {0};
    struct cache_entry entry = {.etag = "\"a\""};
    for (int i = 0; i < CACHE_ENTRIES_MAX + 1; i++) {
        snprintf(entry.key, sizeof entry.key, "%016d", i);
        cache_store(&cache, &entry);
        if (i == 1) {
            cache_store(&cache, cache_find(&cache, "0000000000000000")); /* stored again: it is the younger one now */
        }
    }
    assert_int_equal(cache.count, CACHE_ENTRIES_MAX);
    assert_non_null(cache_find(&cache, "0000000000000000"));
    assert_null(cache_find(&cache, "0000000000000001"));
}

static void entries_survive_the_way_through_the_state_of_a_lane(void **state)
{
    (void)state;
    struct cache cache = {0};
    struct cache other = {0};
    struct lane_state lane = {0};
    const struct cache_entry entry = note("ETag: \"a\"\r\nCache-Control: max-age=60\r\n", 0, NULL);
    cache_store(&cache, &entry);
    cache_store(&other, &(struct cache_entry){.key = "ffffffffffffffff", .etag = "\"old\""});
    cache_export(&cache, &lane);
    cache_import(&other, &lane);
    assert_int_equal(other.count, 1);
    assert_memory_equal(&other.entries[0].key, &entry.key, sizeof entry.key);
    assert_string_equal(other.entries[0].etag, "\"a\"");
    assert_string_equal(other.entries[0].last_modified, "");
    assert_int_equal(other.entries[0].fresh_until_us, entry.fresh_until_us);
    lane.validators[0].etag = SOME_STR(STR("\"a\"\r\nCookie: b"));
    cache_import(&other, &lane);
    assert_string_equal(other.entries[0].etag, "");
    lane_state_clear(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_tells_requests_apart),
        cmocka_unit_test(answer_is_fresh_for_as_long_as_it_says),
        cmocka_unit_test(time_to_live_of_the_job_counts_before_the_providers_word),
        cmocka_unit_test(request_is_conditional_by_what_the_answer_gave),
        cmocka_unit_test(not_modified_keeps_the_validators_and_brings_new_freshness),
        cmocka_unit_test(oldest_entry_goes_when_the_cache_is_full),
        cmocka_unit_test(entries_survive_the_way_through_the_state_of_a_lane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
