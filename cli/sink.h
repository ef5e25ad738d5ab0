/*
 * Where `quotebus replay` puts records: one file and one row of the table in sink.c for each kind.
 *
 * A sink takes records in order. At a checkpoint it makes sure that all it took is safe; what it took after the last one may come
 * again when a run is resumed. Threads: one.
 */
#ifndef QUOTEBUS_CLI_SINK_H
#define QUOTEBUS_CLI_SINK_H

#include "cli/playback.h"
#include "cli/record_json.h"

/** Records that a batch or an open transaction holds at most. */
#define SINK_BATCH_ROWS 5000

struct sink;

struct sink_options {
    const struct config *config;
    struct registry *registry;
    const char *topic;      /**< of the source, without prefix */
    const char *full_topic; /**< with it */
    const char *argument;   /**< what stood behind the colon, or NULL */
    int64_t bytes;          /**< resumed: the length of the file at the last checkpoint; else -1 */
    const char *name;       /**< of the run, for what outlives it in Kafka; NULL: the run is not to be resumed */
};

struct sink_kind {
    const char *name;     /**< as in --out */
    const char *argument; /**< word for what stands behind the colon; NULL: nothing may */
    bool needs_argument;
    struct sink *(*open)(const struct sink_options *options, struct error *error);
    /** Takes a record over. False with `error`; nothing is to be said when sink->unread. */
    bool (*put)(struct sink *sink, rd_kafka_message_t *message, struct error *error);
    /** All that was put is safe behind it; `spans` says where the source stands. *bytes gets the length of a file, else -1. */
    bool (*checkpoint)(struct sink *sink, const struct playback_spans *spans, int64_t *bytes, struct error *error);
    void (*close)(struct sink *sink);
    /** Moves `next` of the spans to where the target itself says it stands; NULL: the state file knows. */
    bool (*restore)(struct sink *sink, struct playback_spans *spans, struct error *error);
};

/** The beginning of each kind's own struct. */
struct sink {
    const struct sink_kind *kind;
    bool unread;           /**< nobody reads the output any more */
    int64_t left_out;      /**< records that were no rows, or could not be decoded */
    struct error left_why; /**< about the first of them */
};

/** All kinds, ended by NULL. */
extern const struct sink_kind *const sink_kinds[];
extern const struct sink_kind sink_json, sink_csv, sink_avro, sink_topic, sink_database;

/** The kind that `--out` names (`avro:FILE`); *argument gets what stands behind the colon, or NULL. NULL: ERROR_USAGE. */
const struct sink_kind *sink_kind_parse(const char *out, const char **argument, struct error *error) MUST_CHECK;
/** Counts a record that is left out. Always true: the run goes on. */
bool sink_leave_out(struct sink *sink, const struct error *why);

#endif
