#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "cli/what_if.h"

/** Rows of assets that people are shown; machines get all. */
#define ASSETS_SHOWN 20

static const struct column flag_columns[] = {
    {"flag", "FLAG", COLUMN_TEXT},          {"before", "BEFORE", COLUMN_COUNT},     {"after", "AFTER", COLUMN_COUNT},
    {"appeared", "APPEARED", COLUMN_COUNT}, {"vanished", "VANISHED", COLUMN_COUNT},
};

/** Columns of a group: its name, then the counts. */
#define GROUP_COLUMNS(name, heading)                                                                                             \
    {                                                                                                                            \
        {name, heading, COLUMN_TEXT}, {"quotes", "QUOTES", COLUMN_COUNT}, {"changed", "CHANGED", COLUMN_COUNT},                  \
            {"pass_to_suspect", "PASS>SUSPECT", COLUMN_COUNT}, {"pass_to_reject", "PASS>REJECT", COLUMN_COUNT},                  \
            {"suspect_to_pass", "SUSPECT>PASS", COLUMN_COUNT}, {"suspect_to_reject", "SUSPECT>REJECT", COLUMN_COUNT},            \
            {"reject_to_pass", "REJECT>PASS", COLUMN_COUNT}, {"reject_to_suspect", "REJECT>SUSPECT", COLUMN_COUNT},              \
    }
static const struct column class_columns[] = GROUP_COLUMNS("class", "CLASS");
static const struct column asset_columns[] = GROUP_COLUMNS("asset", "ASSET");
#define GROUP_COLUMN_COUNT (sizeof(class_columns) / sizeof(class_columns[0]))

static const struct column sample_columns[] = {
    {"partition", "PARTITION", COLUMN_COUNT},
    {"offset", "OFFSET", COLUMN_COUNT},
    {"fetched_at", NULL, COLUMN_TEXT},
    {"asset", "ASSET", COLUMN_TEXT},
    {"source", "SOURCE", COLUMN_TEXT},
    {"price", "PRICE", COLUMN_NUMBER},
    {"before", "BEFORE", COLUMN_STATE},
    {"after", "AFTER", COLUMN_STATE},
    {"flags_before", "FLAGS BEFORE", COLUMN_TEXT},
    {"flags_after", "FLAGS AFTER", COLUMN_TEXT},
};

/** A table with its rows. */
typedef void (*fill_fn)(struct grid *grid, struct what_if *what_if);

/** Fills the flags. */
static void fill_flags(struct grid *grid, struct what_if *what_if)
{
    grid_init(grid, flag_columns, sizeof(flag_columns) / sizeof(flag_columns[0]));
    for (size_t i = 0; i < what_if->flag_count; i++) {
        const struct what_if_flag *flag = &what_if->flags[i];
        grid_text(grid, arena_strdup(&grid->memory, flag->name));
        grid_number(grid, (double)flag->before);
        grid_number(grid, (double)flag->after);
        grid_number(grid, (double)flag->appeared);
        grid_number(grid, (double)flag->vanished);
    }
}

/** Order of groups: most changes first, then by name. */
static int compare_groups(const struct what_if_group *a, const struct what_if_group *b)
{
    if (a->changed != b->changed)
        return a->changed > b->changed ? -1 : 1;
    return strcmp(a->name, b->name);
}

/** Fills a table of groups. */
static void fill_groups(struct grid *grid, struct what_if_group **groups, const struct column *columns)
{
    grid_init(grid, columns, GROUP_COLUMN_COUNT);
    HASH_SORT(*groups, compare_groups);
    for (const struct what_if_group *group = *groups; group; group = group->hh.next) {
        grid_text(grid, group->name);
        grid_number(grid, (double)group->quotes);
        grid_number(grid, (double)group->changed);
        for (int before = 0; before < WHAT_IF_VERDICTS; before++) {
            for (int after = 0; after < WHAT_IF_VERDICTS; after++) {
                if (before != after)
                    grid_number(grid, (double)group->moves[before][after]);
            }
        }
    }
}

/** Fills the classes. */
static void fill_classes(struct grid *grid, struct what_if *what_if)
{
    fill_groups(grid, &what_if->classes, class_columns);
}

/** Fills the assets. */
static void fill_assets(struct grid *grid, struct what_if *what_if)
{
    fill_groups(grid, &what_if->assets, asset_columns);
}

/** Fills the samples. */
static void fill_samples(struct grid *grid, struct what_if *what_if)
{
    grid_init(grid, sample_columns, sizeof(sample_columns) / sizeof(sample_columns[0]));
    for (size_t i = 0; i < what_if->sample_count; i++) {
        const struct what_if_sample *sample = &what_if->samples[i];
        grid_number(grid, sample->partition);
        grid_number(grid, (double)sample->offset);
        grid_text(grid, sample->fetched_at);
        grid_text(grid, sample->asset);
        grid_text(grid, sample->source);
        grid_number(grid, sample->price);
        grid_text(grid, verdict_name(sample->before));
        grid_text(grid, verdict_name(sample->after));
        grid_text(grid, sample->flags_before);
        grid_text(grid, sample->flags_after);
    }
}

/** Appends a table for people, behind an empty line. */
static void write_table(struct buf *out, struct what_if *what_if, fill_fn fill, struct grid_layout layout)
{
    struct grid grid;
    fill(&grid, what_if);
    if (grid_rows(&grid))
        buf_append_str(out, STR("\n"));
    grid_table(out, &grid, &layout);
    grid_clear(&grid);
}

void what_if_write_text(struct buf *out, struct what_if *what_if, const struct what_if_names *names,
                        const struct grid_layout *layout)
{
    struct grid_layout few = *layout;
    few.lines_max = ASSETS_SHOWN + 1;
    buf_printf(out,
               "before: %s (%s)\nafter:  %s (%s)\n%" PRId64 " quotes: %" PRId64 " with another verdict, %" PRId64
               " with other flags\n",
               names->before, names->before_version, names->after, names->after_version, what_if->quotes, what_if->changed,
               what_if->reflagged);
    write_table(out, what_if, fill_flags, *layout);
    write_table(out, what_if, fill_classes, *layout);
    write_table(out, what_if, fill_assets, few);
    write_table(out, what_if, fill_samples, *layout);
}

/** Appends a table as a member of an object. */
static void write_member(struct buf *out, struct what_if *what_if, const char *name, fill_fn fill)
{
    struct grid grid;
    fill(&grid, what_if);
    buf_printf(out, ",\"%s\":", name);
    grid_json_array(out, &grid);
    grid_clear(&grid);
}

/** Appends a rule file as a member of an object. */
static void write_rules(struct buf *out, const char *name, const char *file, const char *version)
{
    buf_printf(out, "\"%s\":{\"file\":", name);
    json_put_string(out, str_from(file));
    buf_append_str(out, STR(",\"version\":"));
    json_put_string(out, str_from(version));
    buf_append_str(out, STR("},"));
}

void what_if_write_json(struct buf *out, struct what_if *what_if, const struct what_if_names *names)
{
    buf_append_str(out, STR("{"));
    write_rules(out, "before", names->before, names->before_version);
    write_rules(out, "after", names->after, names->after_version);
    buf_printf(out, "\"quotes\":%" PRId64 ",\"changed\":%" PRId64 ",\"reflagged\":%" PRId64, what_if->quotes, what_if->changed,
               what_if->reflagged);
    write_member(out, what_if, "flags", fill_flags);
    write_member(out, what_if, "classes", fill_classes);
    write_member(out, what_if, "assets", fill_assets);
    write_member(out, what_if, "samples", fill_samples);
    buf_append_str(out, STR("}\n"));
}
