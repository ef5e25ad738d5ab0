#include "cli/subjects.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Largest schema file. */
#define SCHEMA_MAX_BYTES ((size_t)1024 * 1024)

/** One subject on its way to the registry. */
struct deployment {
    struct registry *registry;
    const char *subject;
    const char *schema_json;
    bool apply;
    bool level_missing; /* no compatibility was set */
    bool unexplained;   /* the registry refuses without a reason */
    struct finding *finding;
    struct arena *memory;
};

/** Says that the registry would not or did not take the schema. */
static bool refuse(const struct deployment *of, const char *reasons)
{
    of->finding->result = "incompatible";
    of->finding->detail = arena_strdup(of->memory, str_from(reasons));
    return true;
}

/** Looks the compatibility up; another one than ours is a difference. */
static bool check_level(struct deployment *of, struct error *error)
{
    char level[32];
    const enum registry_status status = registry_compatibility(of->registry, of->subject, level, error);
    of->level_missing = status == REGISTRY_UNKNOWN;
    if (status == REGISTRY_OK && strcmp(level, SCHEMA_COMPATIBILITY) != 0) {
        of->finding->result = "differs";
        of->finding->differences[of->finding->difference_count++] =
            (struct difference){"compatibility", arena_strdup(of->memory, str_from(level)), SCHEMA_COMPATIBILITY};
    }
    return status == REGISTRY_OK || status == REGISTRY_UNKNOWN;
}

/** Asks first, so that nothing is changed for a subject whose new version does not fit. *fits is the answer. */
static bool check_fits(struct deployment *of, bool *fits, struct error *error)
{
    struct buf reasons = {0};
    *fits = true;
    const enum registry_status status = registry_compatible(of->registry, of->subject, of->schema_json, fits, &reasons, error);
    if (status == REGISTRY_REFUSED) {
        *fits = false;
        refuse(of, error->message);
    } else if (status == REGISTRY_OK && !*fits) {
        of->unexplained = reasons.len == 0;
        buf_append(&reasons, "", 1);
        refuse(of, of->unexplained ? "the registry gives no reasons" : (const char *)reasons.data);
    }
    buf_clear(&reasons);
    return status != REGISTRY_UNAVAILABLE;
}

/** Sets the compatibility where none is. */
static bool set_level(const struct deployment *of, struct error *error)
{
    return !of->level_missing ||
           registry_set_compatibility(of->registry, of->subject, SCHEMA_COMPATIBILITY, error) == REGISTRY_OK;
}

/** Registers the version. */
static bool register_version(const struct deployment *of, struct error *error)
{
    const enum registry_status status =
        registry_register(of->registry, of->subject, of->schema_json, &of->finding->schema_id, error);
    if (status == REGISTRY_REFUSED)
        return refuse(of, error->message);
    of->finding->result = "registered";
    of->finding->detail = NULL;
    return status == REGISTRY_OK;
}

/** Registers the version that is missing, or says that it is missing. */
static bool deploy_missing(struct deployment *of, struct error *error)
{
    bool fits;
    if (!check_fits(of, &fits, error))
        return false;
    if (of->finding->difference_count)
        return true;
    /* Apicurio gives its reasons only to those who try; where a compatibility is set, trying changes nothing. */
    if (!fits)
        return !of->apply || !of->unexplained || of->level_missing || register_version(of, error);
    if (!of->apply) {
        of->finding->result = "missing";
        return true;
    }
    return set_level(of, error) && register_version(of, error);
}

bool subject_deploy(struct registry *registry, const char *subject, const char *schema_json, bool apply, struct finding *finding,
                    struct arena *memory, struct error *error)
{
    struct deployment of = {.registry = registry,
                            .subject = subject,
                            .schema_json = schema_json,
                            .apply = apply,
                            .finding = finding,
                            .memory = memory};
    *finding = (struct finding){.kind = "subject", .name = subject, .result = "unchanged", .schema_id = -1};
    const enum registry_status status = registry_lookup(registry, subject, schema_json, &finding->schema_id, error);
    if (status != REGISTRY_OK)
        finding->schema_id = -1;
    if (status == REGISTRY_UNAVAILABLE || !check_level(&of, error))
        return false;
    if (status != REGISTRY_OK)
        return deploy_missing(&of, error);
    if (of.level_missing && !apply) {
        finding->result = "differs";
        finding->differences[finding->difference_count++] = (struct difference){"compatibility", "not set", SCHEMA_COMPATIBILITY};
    }
    return !apply || set_level(&of, error);
}

/** Reads a whole file into `text`. */
static bool read_file(const char *path, struct buf *text, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, ERROR_USAGE, "%s: %s", path, strerror(errno));
    uint8_t *place = buf_reserve(text, SCHEMA_MAX_BYTES + 1);
    text->len = fread(place, 1, SCHEMA_MAX_BYTES + 1, file);
    const bool failed = ferror(file) != 0;
    fclose(file);
    if (failed || text->len > SCHEMA_MAX_BYTES)
        return error_set(error, ERROR_USAGE, "%s: %s", path, failed ? "cannot be read" : "is larger than 1 MiB");
    return true;
}

char *schema_load(const char *folder, const char *name, struct error *error)
{
    char path[PATH_MAX];
    struct buf text = {0};
    char *schema = NULL;
    const int len = snprintf(path, sizeof(path), "%s/%s.avsc", folder, name);
    if (len < 0 || (size_t)len >= sizeof(path))
        error_set(error, ERROR_USAGE, "the path of schema %s is too long", name);
    else if (read_file(path, &text, error)) {
        schema = schema_normalize(buf_str(&text), error);
        if (!schema)
            error_prefix(error, "%s", path);
    }
    buf_clear(&text);
    return schema;
}
