#include "cli/sink.h"

#include <string.h>

const struct sink_kind *const sink_kinds[] = {&sink_json, &sink_csv, &sink_avro, &sink_topic, &sink_database, NULL};

const struct sink_kind *sink_kind_parse(const char *out, const char **argument, struct error *error)
{
    const char *colon = strchr(out, ':');
    const struct str name = {.ptr = out, .len = colon ? (size_t)(colon - out) : strlen(out)};
    const struct sink_kind *kind = NULL;
    for (size_t i = 0; sink_kinds[i] && !kind; i++)
        kind = str_is(name, sink_kinds[i]->name) ? sink_kinds[i] : NULL;
    *argument = colon && colon[1] ? colon + 1 : NULL;
    if (!kind)
        error_set(error, ERROR_USAGE, "--out '%.60s': write json, csv, avro:FILE, topic:NAME or database", out);
    else if (kind->needs_argument && !*argument)
        error_set(error, ERROR_USAGE, "--out %s needs a name: %s:%s", kind->name, kind->name, kind->argument);
    else if (colon && !kind->argument)
        error_set(error, ERROR_USAGE, "--out %s takes nothing behind a colon: --set postgres.conninfo=... names the database",
                  kind->name);
    else
        return kind;
    return NULL;
}

bool sink_leave_out(struct sink *sink, const struct error *why)
{
    if (sink->left_out++ == 0)
        sink->left_why = *why;
    return true;
}
