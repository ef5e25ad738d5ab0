/*
 * Any text as a YAML file: parsed, and its mappings bound to a table with a field of each type.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/config.h"
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** One member of each type. */
struct target {
    char *text;
    int64_t number;
    double real;
    bool truth;
    struct string_list list;
};

static const struct yaml_field fields[] = {
    YAML_TEXT(struct target, text, "t"),           YAML_INT(struct target, number, "1", 0, 10),
    YAML_DOUBLE(struct target, real, "0.5", 0, 1), YAML_BOOL(struct target, truth, "no"),
    YAML_TEXT_LIST(struct target, list),
};

/** Binds a mapping; its error must say where it is. */
static void try_bind(const struct yaml_file *file, const struct yaml_node *mapping, const char *path)
{
    struct target target = {0};
    struct arena memory = {0};
    struct error error = {0};
    if (!yaml_bind(file, mapping, path, fields, sizeof(fields) / sizeof(fields[0]), NULL, &target, &memory, &error) &&
        error.message[0] == '\0')
        abort();
    arena_clear(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct yaml_file *file =
        yaml_open_text("input.yaml", (struct str){.ptr = (const char *)data, .len = size}, NULL, NULL, &error);
    if (!file)
        return 0;
    const struct yaml_node *root = yaml_root(file);
    if (yaml_is_mapping(file, root, "root", &error)) {
        try_bind(file, root, "root");
        for (size_t i = 0; i < yaml_count(root); i++) {
            const char *key;
            const struct yaml_node *child = yaml_entry(file, root, i, &key);
            if (yaml_is_mapping(file, child, key, &error))
                try_bind(file, child, key);
        }
    }
    yaml_close(file);
    return 0;
}
