#include "cli/replay_state.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/** Makes a name that no other run has. */
static bool make_name(char name[REPLAY_NAME_MAX], struct error *error)
{
    uint8_t bytes[8];
    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(error, ERROR_FATAL, "no random numbers: %s", strerror(errno));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(name + 2 * i, 3, "%02x", bytes[i]);
    return true;
}

/** A whole number of an object into *value. */
static bool get_number(const json_t *object, const char *key, int64_t *value)
{
    const json_t *number = json_object_get(object, key);
    *value = (int64_t)json_integer_value(number);
    return json_is_integer(number);
}

/** Whether an object has a text, and it is this one. */
static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *found = json_string_value(json_object_get(object, key));
    return found && strcmp(found, text) == 0;
}

/** Reads the partitions. */
static bool read_spans(const json_t *list, struct playback_spans *spans)
{
    *spans = (struct playback_spans){0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        struct playback_span span;
        int64_t partition;
        if (spans->count == PLAYBACK_PARTITIONS_MAX || !get_number(entry, "partition", &partition) || partition < 0 ||
            partition > INT32_MAX || !get_number(entry, "begin", &span.begin) || !get_number(entry, "next", &span.next) ||
            !get_number(entry, "end", &span.end) || span.begin < 0 || span.next < span.begin || span.end < span.next)
            return false;
        span.partition = (int32_t)partition;
        spans->items[spans->count++] = span;
    }
    return spans->count > 0;
}

/** Takes the parsed file apart. */
static bool read_state(const char *path, const json_t *root, struct replay_state *state, struct error *error)
{
    const char *name = json_string_value(json_object_get(root, "run"));
    if (!name || strlen(name) >= REPLAY_NAME_MAX || !get_number(root, "bytes", &state->bytes) ||
        !read_spans(json_object_get(root, "partitions"), &state->spans))
        return error_set(error, ERROR_USAGE, "%s is no file of --resume: name another one", path);
    if (!is_text(root, "topic", state->topic) || !is_text(root, "out", state->out))
        return error_set(error, ERROR_USAGE, "%s belongs to a replay of %s to %s: name another file, or remove it to begin anew",
                         path, json_string_value(json_object_get(root, "topic")),
                         json_string_value(json_object_get(root, "out")));
    snprintf(state->name, sizeof(state->name), "%s", name);
    state->complete = json_is_true(json_object_get(root, "complete"));
    return true;
}

bool replay_state_load(const char *path, struct replay_state *state, bool *found, struct error *error)
{
    json_error_t why;
    *found = access(path, F_OK) == 0;
    if (!*found) {
        state->bytes = -1;
        return make_name(state->name, error);
    }
    json_t *root = json_load_file(path, 0, &why);
    if (!root)
        return error_set(error, ERROR_USAGE, "%s is no file of --resume: %s", path, why.text);
    const bool ok = read_state(path, root, state, error);
    json_decref(root);
    return ok;
}

/** The file's content; NULL when the memory is out. */
static json_t *make_json(const struct replay_state *state)
{
    json_t *list = json_array();
    for (size_t i = 0; i < state->spans.count; i++) {
        const struct playback_span *span = &state->spans.items[i];
        json_array_append_new(list,
                              json_pack("{s:i, s:I, s:I, s:I}", "partition", (int)span->partition, "begin",
                                        (json_int_t)span->begin, "next", (json_int_t)span->next, "end", (json_int_t)span->end));
    }
    return json_pack("{s:s, s:s, s:s, s:I, s:b, s:o}", "topic", state->topic, "out", state->out, "run", state->name, "bytes",
                     (json_int_t)state->bytes, "complete", (int)state->complete, "partitions", list);
}

/** Writes a file and sees to it that it is on the disk. */
static bool write_file(const char *path, const json_t *root)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    bool ok =
        json_dumpf(root, file, JSON_INDENT(1)) == 0 && fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fileno(file)) == 0;
    ok = fclose(file) == 0 && ok;
    return ok;
}

bool replay_state_save(const char *path, const struct replay_state *state, struct error *error)
{
    char temporary[PATH_MAX];
    json_t *root = make_json(state);
    const int len = snprintf(temporary, sizeof(temporary), "%s.new", path);
    const bool ok =
        root && len > 0 && (size_t)len < sizeof(temporary) && write_file(temporary, root) && rename(temporary, path) == 0;
    json_decref(root);
    return ok || error_set(error, ERROR_USAGE, "--resume %s cannot be written: %s", path, strerror(errno));
}
