#include "board/resource.h"

#include <string.h>

/** Whether the segments of a target are those of a path; fills the texts of its braces. */
static bool path_fits(const char *path, const struct target *target, struct str *path_values)
{
    size_t at = 0;
    for (; *path == '/'; at++) {
        const struct str wanted = {.ptr = path + 1, .len = strcspn(path + 1, "/")};
        if (at == target->segment_count)
            return false;
        if (wanted.ptr[0] == '{')
            *path_values++ = target->segments[at];
        else if (!str_equal(wanted, target->segments[at]))
            return false;
        path = wanted.ptr + wanted.len;
    }
    return at == target->segment_count;
}

const struct resource *resource_find(const struct resource *const *table, const struct target *target, struct str *path_values)
{
    for (; *table; table++) {
        if (path_fits((*table)->path, target, path_values))
            return *table;
    }
    return NULL;
}
