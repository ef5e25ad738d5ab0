#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

struct sample {
    const char *bytes;
    bool well_formed;
};

/* Both sides of every edge of table 3-7 of the Unicode Standard. */
static const struct sample samples[] = {
    {"", true},
    {"plain", true},
    {"\x7f", true},
    {"\x80", false},
    {"\xbf", false},
    {"\xc0\x80", false},
    {"\xc1\xbf", false},
    {"\xc2\x7f", false},
    {"\xc2\x80", true},
    {"\xdf\xbf", true},
    {"\xdf\xc0", false},
    {"\xc2", false},
    {"\xe0\x9f\xbf", false},
    {"\xe0\xa0\x80", true},
    {"\xe0\xa0", false},
    {"\xec\xbf\xbf", true},
    {"\xed\x9f\xbf", true},
    {"\xed\xa0\x80", false},
    {"\xed\xbf\xbf", false},
    {"\xee\x80\x80", true},
    {"\xef\xbf\xbf", true},
    {"\xef\xbf\x7f", false},
    {"\xef\xbf\xc0", false},
    {"\xf0\x8f\xbf\xbf", false},
    {"\xf0\x90\x80\x80", true},
    {"\xf0\x90\x80", false},
    {"\xf3\xbf\xbf\xbf", true},
    {"\xf4\x8f\xbf\xbf", true},
    {"\xf4\x90\x80\x80", false},
    {"\xf5\x80\x80\x80", false},
    {"\xff", false},
    {"\xfe", false},
    {"\xe2\x82\xac", true},
    {"\xf0\x9f\x92\xb0", true},
    {"\xf0\x9f\x92\xb0\xb0", false},
};

static void well_formed_text_is_told_from_other_bytes_at_every_place(void **state)
{
    (void)state;
    /* In front of and behind the sample stand up to 17 ASCII characters: it crosses the steps of eight bytes in every way. */
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        for (size_t before = 0; before < 18; before++) {
            for (size_t behind = 0; behind < 18; behind += 1) {
                char text[64] = "";
                memset(text, 'a', before);
                strcat(text, samples[i].bytes);
                memset(text + strlen(text), 'b', behind);
                if (utf8_valid(str_from(text)) != samples[i].well_formed)
                    fail_msg("sample %zu between %zu and %zu characters", i, before, behind);
            }
        }
    }
}

static void nothing_is_well_formed(void **state)
{
    (void)state;
    assert_true(utf8_valid((struct str){0}));
}

static void character_length_is_that_of_the_first_one_only(void **state)
{
    (void)state;
    static const uint8_t text[] = "\xe2\x82\xac\xff";
    assert_int_equal(utf8_character(text, text + 4), 3);
    assert_int_equal(utf8_character(text, text + 2), 0);
    assert_int_equal(utf8_character(text + 3, text + 4), 0);
    assert_int_equal(utf8_character((const uint8_t *)"a\xff", text), 1);
}

static void any_bytes_become_one_line(void **state)
{
    (void)state;
    char text[] = "a\nb\r\tc\x1b[31m\x7f \xff\xe2\x82\xac\xc2\x9b"
                  "1m\xe2\x82";
    utf8_to_line(text);
    assert_string_equal(text, "a b  c?[31m? ?\xe2\x82\xac??1m??");
    assert_true(utf8_valid(str_from(text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_told_from_other_bytes_at_every_place),
        cmocka_unit_test(nothing_is_well_formed),
        cmocka_unit_test(character_length_is_that_of_the_first_one_only),
        cmocka_unit_test(any_bytes_become_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
