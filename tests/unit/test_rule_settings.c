#include "tests/unit/validate_fixture.h"

#include <stdio.h>

/** Parses a text that must be refused; the message must hold `wanted`. */
static void assert_refused(const char *text, const char *wanted)
{
    struct error error = {0};
    struct rule_settings *settings = rule_settings_parse("rules.yaml", str_from(text), &error);
    assert_null(settings);
    assert_int_equal(error.code, ERROR_USAGE);
    if (!strstr(error.message, wanted))
        fail_msg("'%s' is not in: %s", wanted, error.message);
}

static void shipped_rule_file_is_valid_and_knows_the_classes(void **state)
{
    (void)state;
    struct error error = {0};
    struct rule_settings *settings = rule_settings_load(SOURCE_DIR "/config/rules.yaml", &error);
    if (!settings)
        fail_msg("%s", error.message);
    const struct class_settings *crypto = rule_settings_for(settings, STR("crypto:BTC"));
    assert_int_equal(crypto->fresh_s, 600);
    assert_true(str_is(class_settings_currency(crypto, STR("crypto:BTC")), "USD"));
    const struct class_settings *fx = rule_settings_for(settings, STR("fx:BTCCNY"));
    assert_true(str_is(class_settings_currency(fx, STR("fx:BTCCNY")), "CNY"));
    const struct class_settings *ocado = rule_settings_for(settings, STR("equity:OCDO.L"));
    assert_true(str_is(class_settings_currency(ocado, STR("equity:OCDO.L")), "GBP"));
    assert_int_equal(ocado->stale_s, rule_settings_for(settings, STR("equity:AAPL"))->stale_s);
    rule_settings_free(settings);
}

static void asset_of_an_unknown_class_gets_the_defaults_in_any_currency(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    const struct class_settings *gold = rule_settings_for(stream.settings, STR("commodity:GC"));
    assert_int_equal(gold->stale_s, 432000);
    assert_int_equal(class_settings_currency(gold, STR("commodity:GC")).len, 0);
    assert_ptr_equal(gold, rule_settings_for(stream.settings, STR("no colon")));
    assert_ptr_equal(gold, rule_settings_for(stream.settings, (struct str){0}));
    stream_close(&stream);
}

static void listing_is_in_the_currency_of_the_exchange_that_its_suffix_names(void **state)
{
    (void)state;
    static const char *const wanted[][2] = {{"equity:AAPL", "USD"},   {"equity:BRK.B", "USD"}, {"equity:WSU.DE", "EUR"},
                                            {"equity:7203.T", "JPY"}, {"equity:X.QQ", ""},     {"equity:NASD.L", "GBP"}};
    const struct class_settings settings = {.currency = (char[]){CURRENCY_OF_LISTING}};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        assert_true(str_is(class_settings_currency(&settings, str_from(wanted[i][0])), wanted[i][1]));
}

static void exception_changes_its_fields_and_keeps_those_of_its_class(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    const struct class_settings *quorum = rule_settings_for(stream.settings, STR("equity:QUORUM"));
    const struct class_settings *plain = rule_settings_for(stream.settings, STR("equity:T"));
    assert_int_equal(quorum->min_sources, 2);
    assert_int_equal(plain->min_sources, 1);
    assert_int_equal(quorum->stale_s, plain->stale_s);
    assert_string_equal(quorum->currency, "USD");
    stream_close(&stream);
}

static void sources_of_one_group_share_its_number_and_others_stand_for_themselves(void **state)
{
    (void)state;
    struct stream stream = stream_open();
    assert_int_equal(rule_settings_group(stream.settings, STR("copy-a")), 0);
    assert_int_equal(rule_settings_group(stream.settings, STR("copy-c")), 0);
    assert_int_equal(rule_settings_group(stream.settings, STR("yahoo")), GROUP_OF_ITS_OWN);
    stream_close(&stream);
}

static void version_shows_every_change_of_the_bytes(void **state)
{
    (void)state;
    struct error error = {0};
    struct rule_settings *one = rule_settings_parse("a", STR("version: 7\n"), &error);
    struct rule_settings *other = rule_settings_parse("b", STR("version: 7 \n"), &error);
    assert_non_null(one);
    assert_non_null(other);
    const struct str version = rule_settings_version(one);
    assert_int_equal(version.len, strlen("7-") + 12);
    assert_memory_equal(version.ptr, "7-", 2);
    assert_false(str_equal(version, rule_settings_version(other)));
    rule_settings_free(one);
    rule_settings_free(other);
}

static void errors_name_file_line_and_field(void **state)
{
    (void)state;
    assert_refused("classes: {}\n", "version");
    assert_refused("version: 1\nclasses:\n  equity:\n    stale: 5\n", "rules.yaml:4: classes.equity.stale");
    assert_refused("version: 1\nclasses:\n  equity: { stale_s: often }\n", "rules.yaml:3: classes.equity.stale_s");
    assert_refused("version: 1\nclasses:\n  equity: { stale_s: 0 }\n", "classes.equity.stale_s");
    assert_refused("version: 1\nclasses:\n  equity: 5\n", "rules.yaml:3: classes.equity");
    assert_refused("version: 1\nassets:\n  AAPL: { stale_s: 5 }\n", "rules.yaml:3: assets.AAPL");
    assert_refused("version: 1\nassets:\n  \"equity:\": { stale_s: 5 }\n", "class:CODE");
    assert_refused("version: 1\nindependence:\n  one: [a, b]\n  two: [b]\n", "twice");
    assert_refused("version: 1\nindependence: [a]\n", "rules.yaml:2: independence");
    assert_refused("version: 1\nclass: {}\n", "did you mean classes");
    assert_refused("version: 123456789012345678901234567890123\n", "version");
}

static void missing_file_is_a_usage_error(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(rule_settings_load("/does/not/exist.yaml", &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_rule_file_is_valid_and_knows_the_classes),
        cmocka_unit_test(asset_of_an_unknown_class_gets_the_defaults_in_any_currency),
        cmocka_unit_test(listing_is_in_the_currency_of_the_exchange_that_its_suffix_names),
        cmocka_unit_test(exception_changes_its_fields_and_keeps_those_of_its_class),
        cmocka_unit_test(sources_of_one_group_share_its_number_and_others_stand_for_themselves),
        cmocka_unit_test(version_shows_every_change_of_the_bytes),
        cmocka_unit_test(errors_name_file_line_and_field),
        cmocka_unit_test(missing_file_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
