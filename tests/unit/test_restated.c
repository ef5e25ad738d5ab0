#include "tests/unit/validate_fixture.h"

static void correction_names_the_record_that_it_replaces(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote_at("b", 100, 0));
    judge(&stream, a_quote_at("a", 100, 1)); /* offset 1 */
    judge(&stream, a_quote_at("b", 100, 2));
    struct quote quote = a_quote_at("a", 100.11, 1);
    quote.fetched_at_us += 60 * US_PER_S;
    const struct clean_quote *clean = judge(&stream, quote);
    assert_true(has_flag(clean, "restated"));
    assert_verdict(clean, VERDICT_PASS);
    assert_true(clean->restates_partition.set && clean->restates_partition.value == 0);
    assert_true(clean->restates_offset.set && clean->restates_offset.value == 1);
    quote.price = 100; /* corrected once more: the correction is what is replaced */
    assert_int_equal(judge(&stream, quote)->restates_offset.value, 3);
    stream_close(&stream);
}

static void difference_of_ten_basis_points_is_no_correction(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    judge(&stream, a_quote("a", 100));
    assert_false(has_flag(judge(&stream, a_quote("a", 100.0999)), "restated"));
    assert_false(stream.last.clean.restates_offset.set);
    struct quote later = a_quote_at("a", 101, 1);
    assert_false(has_flag(judge(&stream, later), "restated"));
    later.source = STR("b");
    later.price = 102;
    assert_false(has_flag(judge(&stream, later), "restated"));
    stream_close(&stream);
}

static void price_of_a_day_and_converted_price_are_never_a_correction(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    struct quote quote = a_quote("a", 100);
    quote.observed_resolution_s = 86400;
    judge(&stream, quote);
    quote.price = 101;
    assert_false(has_flag(judge(&stream, quote), "restated"));
    struct quote converted = a_quote("c", 100);
    converted.asset = STR("equity:ANY");
    converted.currency = STR("EUR");
    converted.usd_rate = SOME_DOUBLE(1.1);
    judge(&stream, converted);
    converted.usd_rate = SOME_DOUBLE(1.2);
    assert_false(has_flag(judge(&stream, converted), "restated"));
    stream_close(&stream);
}

static void what_is_replaced_is_known_after_a_restart(void **state)
{
    (void)state;
    struct stream one = stream_open(), other = stream_open();
    struct buf bytes = {0};
    struct asset_state record;
    struct error error = {0};
    for (int i = 0; i < 5; i++)
        judge(&one, a_quote_at("a", 100, i));
    asset_encode(asset_find(one.memory, STR("equity:T")), STR("v"), &one.arena, &bytes);
    assert_true(asset_state_decode(buf_str(&bytes), &one.arena, &record, &error));
    assert_true(asset_restore(other.memory, &record, &error));
    assert_int_equal(judge(&other, a_quote_at("a", 101, 4))->restates_offset.value, 4);
    buf_clear(&bytes);
    stream_close(&one);
    stream_close(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correction_names_the_record_that_it_replaces),
        cmocka_unit_test(difference_of_ten_basis_points_is_no_correction),
        cmocka_unit_test(price_of_a_day_and_converted_price_are_never_a_correction),
        cmocka_unit_test(what_is_replaced_is_known_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
