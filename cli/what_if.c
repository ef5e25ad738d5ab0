#include "cli/what_if.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/** Frees a table of groups. */
static void clear_groups(struct what_if_group **table)
{
    struct what_if_group *next = *table;
    HASH_CLEAR(hh, *table); /* frees the table; the groups stay linked */
    while (next) {
        struct what_if_group *group = next;
        next = group->hh.next;
        free(group);
    }
}

void what_if_clear(struct what_if *what_if)
{
    clear_groups(&what_if->classes);
    clear_groups(&what_if->assets);
    free(what_if->flags);
    free(what_if->samples);
    arena_clear(&what_if->memory);
    *what_if = (struct what_if){.sample_max = what_if->sample_max};
}

/** Counts in the group of a name, which is made when it is new. */
static void count_group(struct what_if_group **table, struct str name, enum verdict before, enum verdict after)
{
    struct what_if_group *group = NULL;
    HASH_FIND(hh, *table, name.ptr, name.len, group);
    if (!group) {
        group = xcalloc(1, sizeof(*group) + name.len + 1);
        if (name.len)
            memcpy(group->name, name.ptr, name.len);
        HASH_ADD_KEYPTR(hh, *table, group->name, name.len, group);
    }
    group->quotes++;
    group->changed += before != after;
    group->moves[before][after]++;
}

/** The counts of a flag, made when it is new. */
static struct what_if_flag *find_flag(struct what_if *what_if, struct str name)
{
    for (size_t i = 0; i < what_if->flag_count; i++) {
        if (str_equal(what_if->flags[i].name, name))
            return &what_if->flags[i];
    }
    what_if->flags = xrealloc(what_if->flags, (what_if->flag_count + 1) * sizeof(what_if->flags[0]));
    what_if->flags[what_if->flag_count] = (struct what_if_flag){.name = arena_str(&what_if->memory, name)};
    return &what_if->flags[what_if->flag_count++];
}

/** Whether a quote has a flag. */
static bool has_flag(const struct clean_quote *clean, struct str flag)
{
    for (size_t i = 0; i < clean->flags_count; i++) {
        if (str_equal(clean->flags[i], flag))
            return true;
    }
    return false;
}

/** Counts the flags of both; whether they are not the same ones. */
static bool count_flags(struct what_if *what_if, const struct clean_quote *before, const struct clean_quote *after)
{
    bool changed = false;
    for (size_t i = 0; i < before->flags_count; i++) {
        struct what_if_flag *flag = find_flag(what_if, before->flags[i]);
        const bool vanished = !has_flag(after, before->flags[i]);
        flag->before++;
        flag->vanished += vanished;
        changed = changed || vanished;
    }
    for (size_t i = 0; i < after->flags_count; i++) {
        struct what_if_flag *flag = find_flag(what_if, after->flags[i]);
        const bool appeared = !has_flag(before, after->flags[i]);
        flag->after++;
        flag->appeared += appeared;
        changed = changed || appeared;
    }
    return changed;
}

/** The flags as one text. */
static const char *join_flags(struct arena *memory, const struct clean_quote *clean)
{
    struct buf text = {0};
    for (size_t i = 0; i < clean->flags_count; i++)
        buf_printf(&text, "%s%.*s", i ? " " : "", STR_ARG(clean->flags[i]));
    const char *joined = arena_strdup(memory, buf_str(&text));
    buf_clear(&text);
    return joined;
}

/** Keeps a quote whose verdict is another one. */
static void keep_sample(struct what_if *what_if, const struct clean_quote *before, const struct clean_quote *after)
{
    char fetched_at[TIME_TEXT_MAX];
    struct arena *memory = &what_if->memory;
    what_if->samples = xrealloc(what_if->samples, (what_if->sample_count + 1) * sizeof(what_if->samples[0]));
    what_if->samples[what_if->sample_count++] =
        (struct what_if_sample){.partition = before->raw_partition,
                                .offset = before->raw_offset,
                                .asset = arena_strdup(memory, before->asset),
                                .source = arena_strdup(memory, before->source),
                                .fetched_at = arena_strdup(memory, str_from(time_format_us(before->fetched_at_us, fetched_at))),
                                .price = before->price,
                                .before = before->verdict,
                                .after = after->verdict,
                                .flags_before = join_flags(memory, before),
                                .flags_after = join_flags(memory, after)};
}

void what_if_take(struct what_if *what_if, const struct clean_quote *before, const struct clean_quote *after)
{
    const char *colon = before->asset.len ? memchr(before->asset.ptr, ':', before->asset.len) : NULL;
    const struct str class = {.ptr = before->asset.ptr, .len = colon ? (size_t)(colon - before->asset.ptr) : 0};
    const bool changed = before->verdict != after->verdict;
    what_if->quotes++;
    what_if->changed += changed;
    what_if->reflagged += count_flags(what_if, before, after);
    count_group(&what_if->classes, class, before->verdict, after->verdict);
    count_group(&what_if->assets, before->asset, before->verdict, after->verdict);
    if (changed && what_if->sample_count < what_if->sample_max && what_if->sample_count < WHAT_IF_SAMPLES_MAX)
        keep_sample(what_if, before, after);
}
