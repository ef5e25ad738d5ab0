#include "base/prometheus.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/** Most buckets of one histogram. */
#define BUCKETS_MAX 256
#define BUCKET_SUFFIX "_bucket"

/** Observations up to a bound. */
struct bucket {
    double bound;
    double count;
};

/** If `line` is a sample of `name` (ended by `suffix`): its labels and value. */
static bool read_sample(const char *line, const char *name, const char *suffix, const char **labels, double *value)
{
    const size_t name_len = strlen(name), suffix_len = strlen(suffix);
    if (strncmp(line, name, name_len) != 0 || strncmp(line + name_len, suffix, suffix_len) != 0)
        return false;
    const char *at = line + name_len + suffix_len;
    const size_t line_len = strcspn(at, "\n");
    *labels = at;
    if (*at != '{' && *at != ' ')
        return false;
    /* The value is behind the last blank: labels may hold blanks too, and we write no time stamps. */
    const char *blank = at;
    for (size_t i = 0; i < line_len; i++)
        blank = at[i] == ' ' ? at + i : blank;
    *value = strtod(blank, NULL);
    return *blank == ' ';
}

/** The next line, or NULL. */
static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end && end[1] ? end + 1 : NULL;
}

bool prometheus_sum(const char *text, const char *name, double *sum)
{
    bool found = false;
    *sum = 0;
    for (const char *line = text; line; line = next_line(line)) {
        const char *labels;
        double value;
        if (!read_sample(line, name, "", &labels, &value))
            continue;
        *sum += value;
        found = true;
    }
    return found;
}

/** The bound of a bucket's sample. */
static bool read_bound(const char *labels, double *bound)
{
    const char *le = strstr(labels, "le=\"");
    const char *end = strchr(labels, '\n');
    if (!le || (end && le > end))
        return false;
    *bound = strtod(le + strlen("le=\""), NULL);
    return !isnan(*bound);
}

/** Adds a sample to the bucket of its bound. */
static void add_bucket(struct bucket *buckets, size_t *count, double bound, double value)
{
    for (size_t i = 0; i < *count; i++) {
        if (buckets[i].bound == bound) {
            buckets[i].count += value;
            return;
        }
    }
    if (*count < BUCKETS_MAX)
        buckets[(*count)++] = (struct bucket){bound, value};
}

/** Order of qsort: by bound. */
static int compare_buckets(const void *a, const void *b)
{
    const double left = ((const struct bucket *)a)->bound, right = ((const struct bucket *)b)->bound;
    return (left > right) - (left < right);
}

/** Collects the buckets of a histogram in ascending order of their bounds. Returns how many there are. */
static size_t read_buckets(const char *text, const char *name, struct bucket *buckets)
{
    size_t count = 0;
    for (const char *line = text; line; line = next_line(line)) {
        const char *labels;
        double observed, bound;
        if (read_sample(line, name, BUCKET_SUFFIX, &labels, &observed) && read_bound(labels, &bound))
            add_bucket(buckets, &count, bound, observed);
    }
    if (count)
        qsort(buckets, count, sizeof(buckets[0]), compare_buckets);
    return count;
}

bool prometheus_quantile(const char *text, const char *name, double quantile, double *value)
{
    struct bucket buckets[BUCKETS_MAX] = {0};
    const size_t count = read_buckets(text, name, buckets);
    const double total = count ? buckets[count - 1].count : 0;
    if (!(total > 0))
        return false;
    const double rank = quantile * total;
    size_t at = 0;
    while (at + 1 < count && buckets[at].count < rank)
        at++;
    const struct bucket below = at ? buckets[at - 1] : (struct bucket){0};
    const double inside = buckets[at].count - below.count;
    const double share = inside > 0 ? (rank - below.count) / inside : 1;
    *value = isinf(buckets[at].bound) ? below.bound : below.bound + (buckets[at].bound - below.bound) * share;
    return true;
}
