#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"
#include "base/yaml.h"

/** A target with one field of each type. */
struct target {
    char *name;
    int64_t count;
    double share;
    bool enabled;
    struct string_list words;
};

static const struct yaml_field fields[] = {
    YAML_TEXT(struct target, name, NULL),           YAML_INT(struct target, count, "7", -5, 100),
    YAML_DOUBLE(struct target, share, "0.5", 0, 1), YAML_BOOL(struct target, enabled, "true"),
    YAML_TEXT_LIST(struct target, words),
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/** One override: the path and its text. */
struct override {
    const char *path;
    const char *text;
};

/** A yaml_override_fn over one struct override (may be NULL). */
static const char *override_one(void *ctx, const char *path, const char **origin)
{
    const struct override *override = ctx;
    if (!override || strcmp(override->path, path) != 0)
        return NULL;
    *origin = "--set";
    return override->text;
}

/** What binding a text gave. Ends with clear_outcome. */
struct outcome {
    bool good;
    struct target target;
    struct error error;
    struct arena memory;
};

/** Parses a text and binds its `t` to a struct target. */
static struct outcome bind_with(struct str text, const struct override *override)
{
    static const char *const children[] = {"child", NULL};
    struct outcome outcome = {0};
    struct yaml_file *file = yaml_open_text("file.yaml", text, override_one, (void *)(uintptr_t) override, &outcome.error);
    if (!file)
        return outcome;
    outcome.good = yaml_bind(file, yaml_get(file, yaml_root(file), "t"), "t", fields, FIELD_COUNT, children, &outcome.target,
                             &outcome.memory, &outcome.error);
    yaml_close(file);
    return outcome;
}

/** A text that is refused with exactly that message. */
static void assert_refused_with(struct str text, const struct override *override, const char *message)
{
    struct outcome outcome = bind_with(text, override);
    if (outcome.good)
        fail_msg("was taken: %.*s", STR_ARG(text));
    assert_string_equal(outcome.error.message, message);
    assert_int_equal(outcome.error.code, ERROR_USAGE);
    arena_clear(&outcome.memory);
}

#define REFUSED(text, message) assert_refused_with(STR(text), NULL, message)

/** Whether a text alone is refused when it is parsed, with these words in the message. */
static void assert_unreadable(struct str text, const char *words)
{
    struct error error = {0};
    struct yaml_file *file = yaml_open_text("file.yaml", text, NULL, NULL, &error);
    assert_null(file);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in: %s", words, error.message);
}

static void every_type_is_bound(void **state)
{
    (void)state;
    struct outcome outcome = bind_with(STR("t:\n  name: \"a: b\"\n  count: -5\n  share: 1e-3\n  enabled: false\n"
                                           "  words: [one, 'two, three', \"~\"]\n  child: {any: thing}\n"),
                                       NULL);
    assert_string_equal(outcome.error.message, "");
    assert_true(outcome.good);
    assert_string_equal(outcome.target.name, "a: b");
    assert_int_equal(outcome.target.count, -5);
    assert_true(outcome.target.share == 0.001);
    assert_false(outcome.target.enabled);
    assert_int_equal(outcome.target.words.count, 3);
    assert_string_equal(outcome.target.words.items[1], "two, three");
    assert_string_equal(outcome.target.words.items[2], "~");
    arena_clear(&outcome.memory);
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    struct outcome outcome = bind_with(STR("t: {name: ''}"), NULL);
    assert_true(outcome.good);
    assert_string_equal(outcome.target.name, "");
    assert_int_equal(outcome.target.count, 7);
    assert_true(outcome.target.share == 0.5);
    assert_true(outcome.target.enabled);
    assert_int_equal(outcome.target.words.count, 0);
    arena_clear(&outcome.memory);
}

static void errors_name_file_line_and_field(void **state)
{
    (void)state;
    REFUSED("t:\n  count: 1\n", "file.yaml:2: t.name: is required");
    REFUSED("other: 1\n", "file.yaml: t.name: is required");
    REFUSED("t: 5\n", "file.yaml:1: t: must be a mapping (`key: value` lines)");
    REFUSED("t: [a]\n", "file.yaml:1: t: must be a mapping (`key: value` lines)");
    REFUSED("\n\nt:\n", "file.yaml:3: t: must be a mapping (`key: value` lines)");
    REFUSED("t:\n  name: x\n\n  cuont: 1\n", "file.yaml:4: t.cuont: unknown key; did you mean count?");
    REFUSED("t:\n  name: x\n  zzzzzz: 1\n",
            "file.yaml:3: t.zzzzzz: unknown key; known are name, count, share, enabled, words, child");
    REFUSED("t:\n  name:\n", "file.yaml:2: t.name: has no value; an empty text is written \"\"");
    REFUSED("t:\n  name: ~\n", "file.yaml:2: t.name: has no value; an empty text is written \"\"");
    REFUSED("t:\n  name: [x]\n", "file.yaml:2: t.name: must be a single value");
    REFUSED("t:\n  name: {a: b}\n", "file.yaml:2: t.name: must be a single value");
}

static void numbers_are_whole_texts_within_their_bounds(void **state)
{
    (void)state;
    static const char *const wrong[] = {"x",  "1x",  "1.0", "1e3", "+1", " 1", "0x10", "-", "--1", "1_000", "9223372036854775808",
                                        "-6", "101", ""};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct outcome outcome = bind_with(STR("t: {name: x}"), &(struct override){"t.count", wrong[i]});
        if (outcome.good)
            fail_msg("'%s' was taken", wrong[i]);
        assert_ptr_equal(strstr(outcome.error.message, "--set: t.count: "), outcome.error.message);
        arena_clear(&outcome.memory);
    }
    REFUSED("t:\n  name: x\n  count: often\n", "file.yaml:3: t.count: 'often' is not a whole number");
    REFUSED("t:\n  name: x\n  count: 101\n", "file.yaml:3: t.count: 101 is not between -5 and 100");
    REFUSED("t:\n  name: x\n  count: -6\n", "file.yaml:3: t.count: -6 is not between -5 and 100");
    struct outcome outcome = bind_with(STR("t: {name: x, count: 100}"), NULL);
    assert_int_equal(outcome.target.count, 100);
    arena_clear(&outcome.memory);
}

static void decimals_are_finite_and_within_their_bounds(void **state)
{
    (void)state;
    static const char *const wrong[] = {"x", "nan", "inf", "-inf", "1e999", "0x1", "1,5", "0.5x", "1.1", "-0.1", "", ".", "1e"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct outcome outcome = bind_with(STR("t: {name: x}"), &(struct override){"t.share", wrong[i]});
        if (outcome.good)
            fail_msg("'%s' was taken", wrong[i]);
        arena_clear(&outcome.memory);
    }
    static const char *const right[] = {"0", "1", "1.0", "5e-1", ".5"};
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct outcome outcome = bind_with(STR("t: {name: x}"), &(struct override){"t.share", right[i]});
        assert_true(outcome.good);
        arena_clear(&outcome.memory);
    }
}

static void only_true_and_false_are_booleans(void **state)
{
    (void)state;
    REFUSED("t: {name: x, enabled: yes}", "file.yaml:1: t.enabled: 'yes' is neither true nor false");
    REFUSED("t: {name: x, enabled: True}", "file.yaml:1: t.enabled: 'True' is neither true nor false");
}

static void lists_are_sequences_of_filled_single_values(void **state)
{
    (void)state;
    REFUSED("t: {name: x, words: a}", "file.yaml:1: t.words: must be a list, e.g. [a, b]");
    REFUSED("t: {name: x, words: {a: b}}", "file.yaml:1: t.words: must be a list, e.g. [a, b]");
    REFUSED("t: {name: x, words: [a, [b]]}", "file.yaml:1: t.words: element 2 must be a single value");
    REFUSED("t: {name: x, words: [a, '']}", "file.yaml:1: t.words: element 2 must be a single value");
    REFUSED("t: {name: x, words: [~]}", "file.yaml:1: t.words: element 1 must be a single value");
}

static void overrides_win_over_the_file_and_over_defaults(void **state)
{
    (void)state;
    struct outcome outcome = bind_with(STR("t: {name: x, count: wrong}"), &(struct override){"t.count", "42"});
    assert_true(outcome.good);
    assert_int_equal(outcome.target.count, 42);
    arena_clear(&outcome.memory);
    outcome = bind_with(STR(""), &(struct override){"t.name", "from outside"});
    assert_true(outcome.good);
    assert_string_equal(outcome.target.name, "from outside");
    arena_clear(&outcome.memory);
}

static void overridden_list_is_separated_by_commas(void **state)
{
    (void)state;
    struct outcome outcome = bind_with(STR("t: {name: x, words: [old]}"), &(struct override){"t.words", " a , b=1,c"});
    assert_true(outcome.good);
    assert_int_equal(outcome.target.words.count, 3);
    assert_string_equal(outcome.target.words.items[0], "a");
    assert_string_equal(outcome.target.words.items[1], "b=1");
    assert_string_equal(outcome.target.words.items[2], "c");
    arena_clear(&outcome.memory);
    outcome = bind_with(STR("t: {name: x, words: [old]}"), &(struct override){"t.words", ""});
    assert_true(outcome.good);
    assert_int_equal(outcome.target.words.count, 0);
    arena_clear(&outcome.memory);
    static const char *const wrong[] = {",", "a,", ",a", "a,,b", "a, ,b"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        outcome = bind_with(STR("t: {name: x}"), &(struct override){"t.words", wrong[i]});
        assert_false(outcome.good);
        arena_clear(&outcome.memory);
    }
}

static void texts_with_control_characters_are_refused(void **state)
{
    (void)state;
    REFUSED("t: {name: \"a\\nb\"}", "file.yaml:1: t.name: 'a b' has a control character (byte 0x0a)");
    REFUSED("t: {name: x, words: [\"a\\x1b[2J\"]}", "file.yaml:1: t.words: 'a?[2J' has a control character (byte 0x1b)");
    assert_refused_with(STR("t: {}"), &(struct override){"t.name", "a\r\nX-Header: forged"},
                        "--set: t.name: 'a  X-Header: forged' has a control character (byte 0x0d)");
    assert_refused_with(STR("t: {}"), &(struct override){"t.name", "a\xff"}, "--set: t.name: 'a?' is not valid UTF-8");
    assert_refused_with(STR("t: {name: x}"), &(struct override){"t.words", "a,b\x7f"},
                        "--set: t.words: 'a,b?' has a control character (byte 0x7f)");
}

static void duplicate_keys_are_refused_at_every_depth(void **state)
{
    (void)state;
    assert_unreadable(STR("a: 1\nb: 2\na: 3\n"), "file.yaml:3: a: the key stands twice; the first one is in line 1");
    assert_unreadable(STR("t:\n  u:\n    k: 1\n    k: 1\n"), "file.yaml:4: t.u.k: the key stands twice");
    assert_unreadable(STR("t: [{k: 1, \"k\": 2}]"), "k: the key stands twice");
}

static void anchors_aliases_tags_and_documents_are_refused(void **state)
{
    (void)state;
    assert_unreadable(STR("a: &x 1\n"), "file.yaml:1: a: anchors (&name) are not supported");
    assert_unreadable(STR("a: &x {b: 1}\n"), "anchors (&name) are not supported");
    assert_unreadable(STR("a: &x [b]\n"), "anchors (&name) are not supported");
    assert_unreadable(STR("&x a: 1\n"), "anchors (&name) are not supported");
    assert_unreadable(STR("a: 1\nb: *x\n"), "file.yaml:2: b: aliases (*name) are not supported");
    assert_unreadable(STR("*x : 1\n"), "file.yaml:1");
    assert_unreadable(STR("a: !!str 1\n"), "file.yaml:1: a: tags (!name) are not supported");
    assert_unreadable(STR("a: !!map {}\n"), "tags (!name) are not supported");
    assert_unreadable(STR("!x a: 1\n"), "tags (!name) are not supported");
    assert_unreadable(STR("a: 1\n---\nb: 2\n"), "file.yaml:2: a second document begins here");
    assert_unreadable(STR("<<: {a: 1}\n<<: {b: 1}\n"), "the key stands twice");
}

static void root_is_a_mapping_and_keys_are_texts(void **state)
{
    (void)state;
    assert_unreadable(STR("just text\n"), "file.yaml:1: must be a mapping");
    assert_unreadable(STR("- a\n- b\n"), "file.yaml:1: must be a mapping");
    assert_unreadable(STR("? [a]\n: b\n"), "a key must be a plain text");
    assert_unreadable(STR("{a: {? {b: c} : d}}\n"), "a: a key must be a plain text");
    assert_unreadable(STR("'': 1\n"), "a key must not be empty");
    assert_unreadable(STR("\"a\\0b\": 1\n"), "NUL");
    assert_unreadable(STR("a: \"b\\0c\"\n"), "file.yaml:1: a: a value must not contain a NUL character");
}

static void bytes_that_are_no_yaml_are_refused_in_the_right_line(void **state)
{
    (void)state;
    assert_unreadable(STR("\0\x01\x02"), "file.yaml:1: control characters are not allowed");
    assert_unreadable(STR("a: 1\nb: 2\nc: \x01\n"), "file.yaml:3: control characters are not allowed");
    assert_unreadable(STR("a: 1\n\xff\xfe\n"), "file.yaml:2: ");
    assert_unreadable(STR("a: 1\nb: \xc0\x80\n"), "file.yaml:2: ");
    assert_unreadable(STR("a: 1\nb: [\n"), "file.yaml:");
    assert_unreadable(STR("a: 1\n\tb: 2\n"), "file.yaml:2");
    assert_unreadable(STR("a: 'b\n"), "file.yaml:");
    assert_unreadable(STR("\x7f"
                          "ELF\x02\x01\x01"),
                      "file.yaml:1");
}

static void message_about_a_hostile_key_is_one_harmless_line(void **state)
{
    (void)state;
    struct error error = {0};
    assert_null(yaml_open_text("file.yaml", STR("\"a\\n\\e[2J\": 1\n\"a\\n\\e[2J\": 2\n"), NULL, NULL, &error));
    assert_string_equal(error.message, "file.yaml:2: a ?[2J: the key stands twice; the first one is in line 1");
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    for (size_t depth = 31; depth <= 33; depth++) {
        struct buf text = {0};
        struct error error = {0};
        buf_printf(&text, "a: ");
        for (size_t i = 0; i < depth - 1; i++)
            buf_printf(&text, "[");
        for (size_t i = 0; i < depth - 1; i++)
            buf_printf(&text, "]");
        struct yaml_file *file = yaml_open_text("file.yaml", buf_str(&text), NULL, NULL, &error);
        assert_int_equal(file != NULL, depth <= 32);
        if (!file)
            assert_non_null(strstr(error.message, "nested too deeply"));
        yaml_close(file);
        buf_clear(&text);
    }
    static const char *const bombs[] = {"[", "{a: ", "- ", "? ", "a: {b: ["};
    for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
        struct buf text = {0};
        buf_printf(&text, "a:\n");
        for (size_t j = 0; j < 200000; j++)
            buf_printf(&text, "%s", bombs[i]);
        assert_unreadable(buf_str(&text), "file.yaml:2");
        buf_clear(&text);
    }
}

static void size_and_number_of_values_are_bounded(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_printf(&text, "a: [");
    for (size_t i = 0; i < 1000001; i++)
        buf_append(&text, "x,", 2);
    buf_printf(&text, "]\n");
    assert_unreadable(buf_str(&text), "file.yaml:1: a: the file has too many values");
    buf_reset(&text);
    memset(buf_reserve(&text, 16 * 1024 * 1024 + 1), '#', 16 * 1024 * 1024 + 1);
    text.len = 16 * 1024 * 1024 + 1;
    assert_unreadable(buf_str(&text), "larger than 16 MiB");
    text.len--;
    struct error error = {0};
    struct yaml_file *file = yaml_open_text("file.yaml", buf_str(&text), NULL, NULL, &error);
    assert_non_null(file);
    yaml_close(file);
    buf_clear(&text);
}

static void very_long_keys_and_values_fit_into_messages(void **state)
{
    (void)state;
    struct buf text = {0};
    char key[1001];
    memset(key, 'k', sizeof(key) - 1);
    key[sizeof(key) - 1] = '\0';
    buf_printf(&text, "t: {\"%s\": 1}", key);
    struct outcome outcome = bind_with(buf_str(&text), NULL);
    assert_false(outcome.good);
    assert_non_null(strstr(outcome.error.message, "file.yaml:1"));
    arena_clear(&outcome.memory);
    buf_reset(&text);
    buf_printf(&text, "t: {name: x, count: %s}", key);
    outcome = bind_with(buf_str(&text), NULL);
    assert_false(outcome.good);
    assert_non_null(strstr(outcome.error.message, "file.yaml:1: t.count: 'kkk"));
    arena_clear(&outcome.memory);
    buf_reset(&text);
    buf_printf(&text, "%s: {%s: {%s: 1, %s: 1}}", key, key, "k", "k");
    struct error error = {0};
    assert_null(yaml_open_text("file.yaml", buf_str(&text), NULL, NULL, &error));
    assert_non_null(strstr(error.message, "the key stands twice"));
    buf_clear(&text);
}

static void entries_keep_the_order_of_the_file(void **state)
{
    (void)state;
    struct error error = {0};
    struct yaml_file *file = yaml_open_text("file.yaml", STR("z: 1\na: 2\nm: 3\n"), NULL, NULL, &error);
    const struct yaml_node *root = yaml_root(file);
    const char *key;
    assert_int_equal(yaml_count(root), 3);
    assert_int_equal(yaml_line(yaml_entry(file, root, 1, &key)), 2);
    assert_string_equal(key, "a");
    assert_string_equal(yaml_text(file, yaml_get(file, root, "m"), "m", &error), "3");
    assert_null(yaml_get(file, root, "b"));
    assert_null(yaml_get(file, NULL, "b"));
    assert_int_equal(yaml_count(NULL), 0);
    yaml_close(file);
}

static void empty_file_is_an_empty_mapping(void **state)
{
    (void)state;
    static const struct str texts[] = {{0}, {"", 0}, {"\n\n", 2}, {"# only a comment\n", 17}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error error = {0};
        struct yaml_file *file = yaml_open_text("file.yaml", texts[i], NULL, NULL, &error);
        assert_non_null(file);
        assert_int_equal(yaml_count(yaml_root(file)), 0);
        yaml_close(file);
    }
}

static void file_is_read_and_a_missing_one_is_told_apart(void **state)
{
    (void)state;
    char path[] = "/tmp/test_yaml.XXXXXX";
    const int fd = mkstemp(path);
    assert_int_equal(write(fd, "a: 1\nb: [\n", 10), 10);
    close(fd);
    struct error error = {0};
    assert_null(yaml_open(path, NULL, NULL, &error));
    assert_ptr_equal(strstr(error.message, path), error.message);
    unlink(path);
    assert_null(yaml_open(path, NULL, NULL, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_null(yaml_open("/tmp", NULL, NULL, &error));
    assert_int_equal(error.code, ERROR_USAGE);
}

static void nearest_word_is_near(void **state)
{
    (void)state;
    static const char *const words[] = {"brokers", "topic_prefix", "url", "x"};
    assert_string_equal(nearest_word("broker", words, 4), "brokers");
    assert_string_equal(nearest_word("borkers", words, 4), "brokers");
    assert_string_equal(nearest_word("topicprefixes", words, 4), "topic_prefix");
    assert_string_equal(nearest_word("ulr", words, 4), "url");
    assert_null(nearest_word("abc", words, 3));
    assert_null(nearest_word("password", words, 4));
    assert_null(nearest_word("url", words, 0));
    char lengthy[200];
    memset(lengthy, 'a', sizeof(lengthy) - 1);
    lengthy[sizeof(lengthy) - 1] = '\0';
    assert_null(nearest_word(lengthy, (const char *const[]){lengthy}, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_bound),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(errors_name_file_line_and_field),
        cmocka_unit_test(numbers_are_whole_texts_within_their_bounds),
        cmocka_unit_test(decimals_are_finite_and_within_their_bounds),
        cmocka_unit_test(only_true_and_false_are_booleans),
        cmocka_unit_test(lists_are_sequences_of_filled_single_values),
        cmocka_unit_test(overrides_win_over_the_file_and_over_defaults),
        cmocka_unit_test(overridden_list_is_separated_by_commas),
        cmocka_unit_test(texts_with_control_characters_are_refused),
        cmocka_unit_test(duplicate_keys_are_refused_at_every_depth),
        cmocka_unit_test(anchors_aliases_tags_and_documents_are_refused),
        cmocka_unit_test(root_is_a_mapping_and_keys_are_texts),
        cmocka_unit_test(bytes_that_are_no_yaml_are_refused_in_the_right_line),
        cmocka_unit_test(message_about_a_hostile_key_is_one_harmless_line),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(size_and_number_of_values_are_bounded),
        cmocka_unit_test(very_long_keys_and_values_fit_into_messages),
        cmocka_unit_test(entries_keep_the_order_of_the_file),
        cmocka_unit_test(empty_file_is_an_empty_mapping),
        cmocka_unit_test(file_is_read_and_a_missing_one_is_told_apart),
        cmocka_unit_test(nearest_word_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
