#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void slices_compare_by_bytes_and_then_by_length(void **state)
{
    (void)state;
    assert_true(str_compare(STR("abc"), STR("abd")) < 0);
    assert_true(str_compare(STR("abd"), STR("abc")) > 0);
    assert_true(str_compare(STR("ab"), STR("abc")) < 0);
    assert_true(str_compare(STR("abc"), STR("ab")) > 0);
    assert_int_equal(str_compare(STR("a\0b"), STR("a\0b")), 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_compare((struct str){0}, STR("")), 0);
}

static void equality_looks_at_every_byte(void **state)
{
    (void)state;
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_equal((struct str){0}, STR("")));
    assert_true(str_is(STR("price"), "price"));
    assert_false(str_is(STR("price"), "prices"));
    assert_int_equal(str_from(NULL).len, 0);
}

static void buffer_keeps_its_content_while_it_grows(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (int i = 0; i < 10000; i++)
        buf_append(&buf, &(uint8_t){(uint8_t)i}, 1);
    assert_int_equal(buf.len, 10000);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(buf.data[i], (uint8_t)i);
    buf_append(&buf, NULL, 0);
    assert_int_equal(buf.len, 10000);
    buf_clear(&buf);
    assert_null(buf.data);
}

static void reserve_gives_room_without_moving_the_end(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_non_null(buf_reserve(&buf, 0));
    memset(buf_reserve(&buf, 100000), 'x', 100000);
    assert_int_equal(buf.len, 0);
    assert_true(buf.cap >= 100000);
    const uint8_t *data = buf.data;
    buf.len = 500;
    buf_reset(&buf);
    assert_int_equal(buf.len, 0);
    assert_ptr_equal(buf_reserve(&buf, 100000), data);
    buf_clear(&buf);
}

static void printf_appends_texts_of_every_length(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'y', sizeof(text));
    for (int len = 0; len < 300; len++) {
        struct buf buf = {0};
        buf_printf(&buf, "%d:", 7);
        buf_printf(&buf, "%.*s", len, text);
        assert_int_equal(buf.len, 2 + len);
        assert_memory_equal(buf.data, "7:", 2);
        assert_memory_equal(buf.data + 2, text, (size_t)len);
        buf_clear(&buf);
    }
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int round = 0; round < 3; round++) {
        unsigned char *before = NULL;
        size_t before_size = 0;
        for (size_t size = 0; size < 2000; size += 7) {
            unsigned char *memory = arena_alloc(&arena, size);
            assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 0xee, size);
            for (size_t i = 0; i < before_size; i++)
                assert_int_equal(before[i], 0xee);
            before = memory;
            before_size = size;
        }
        arena_reset(&arena);
    }
    arena_clear(&arena);
}

static void arena_takes_large_allocations_too(void **state)
{
    (void)state;
    struct arena arena = {0};
    char *large = arena_alloc(&arena, 10 * 1024 * 1024);
    memset(large, 1, 10 * 1024 * 1024);
    char *small = arena_strdup(&arena, STR("small"));
    assert_string_equal(small, "small");
    assert_true(arena.used_total >= 10 * 1024 * 1024 + 6);
    arena_clear(&arena);
    assert_int_equal(arena.used_total, 0);
}

/** Allocates a batch of mixed sizes; counts the memory that earlier rounds had not handed out at the same place. */
static size_t new_places(struct arena *arena, void **places, size_t count, bool first)
{
    size_t fresh = 0;
    for (size_t i = 0; i < count; i++) {
        void *place = arena_alloc(arena, i % 10 == 3 ? 40000 : 100 + i);
        fresh += !first && place != places[i];
        places[i] = place;
    }
    arena_reset(arena);
    return fresh;
}

static void reset_arena_reaches_a_fixed_size(void **state)
{
    (void)state;
    struct arena arena = {0};
    void *places[200];
    new_places(&arena, places, 200, true);
    for (int round = 0; round < 5; round++)
        assert_int_equal(new_places(&arena, places, 200, false), 0);
    assert_int_equal(arena.used_total, 0);
    arena_clear(&arena);
}

static void copies_end_with_nul_and_keep_every_byte(void **state)
{
    (void)state;
    struct arena arena = {0};
    const struct str copy = arena_str(&arena, STR("a\0b"));
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.ptr, "a\0b", 4);
    assert_string_equal(arena_strdup(&arena, (struct str){0}), "");
    arena_clear(&arena);
    char *text = xstrdup("text");
    assert_string_equal(text, "text");
    free(text);
    free(xcalloc(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_bytes_and_then_by_length), cmocka_unit_test(equality_looks_at_every_byte),
        cmocka_unit_test(buffer_keeps_its_content_while_it_grows),    cmocka_unit_test(reserve_gives_room_without_moving_the_end),
        cmocka_unit_test(printf_appends_texts_of_every_length),       cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(arena_takes_large_allocations_too),          cmocka_unit_test(reset_arena_reaches_a_fixed_size),
        cmocka_unit_test(copies_end_with_nul_and_keep_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
