/*
 * Judges one partition of the raw topic again and compares what comes of it with what stands on the topics, record by record.
 *
 * A verdict depends on all earlier records of its partition, so judging begins at the oldest one that is there; comparing begins
 * at `from_ms`. Each raw record is judged by the rules that its clean record names. Each record that comes of it must be the next
 * one of its topic, with the same key, time stamp and bytes (in the schema of this program). The compacted topics (prices.latest,
 * validate.state) have lost what they held before and are not compared.
 *
 * Where retention has removed the beginning, judging begins blind, and comparing RERUN_WARM_UP_MS later: what still depends on
 * the lost records may come out differently even then. Threads: one.
 */
#ifndef QUOTEBUS_CLI_RERUN_H
#define QUOTEBUS_CLI_RERUN_H

#include "cli/rule_shelf.h"
#include "validate/outputs.h"

/** How long judging goes on before anything is compared, where the oldest records are gone: a day of stream time. */
#define RERUN_WARM_UP_MS INT64_C(86400000)

/** What stands on the topics against what came again. */
enum rerun_kind {
    RERUN_EQUAL,
    RERUN_DIFFERS, /**< a record has another key, time stamp or value */
    RERUN_MISSING, /**< judging again made a record that is not on the topic */
    RERUN_SURPLUS, /**< a record on the topic did not come again */
};

/** One side of a difference. */
struct rerun_side {
    struct str key;
    struct str body;
    int64_t timestamp_ms;
};

/** The first difference of a partition. */
struct rerun_difference {
    enum rerun_kind kind;
    enum output output;
    int64_t raw_offset;
    int64_t offset; /**< of the record on the topic; -1: missing */
    struct rerun_side live, again;
};

/** Records of one topic that were compared and found equal. */
struct rerun_topic {
    enum output output;
    int64_t records;
    uint64_t checksum; /**< FNV-1a over keys, values and time stamps */
};
/** Most topics of one result. */
#define RERUN_TOPICS 4

struct rerun_options {
    const struct config *config;
    struct registry *registry;
    const struct rule_shelf *shelf;
    int64_t from_ms;
};

/** What is known of a partition before. */
struct rerun_span {
    int32_t partition;
    int64_t raw_begin;   /**< oldest offset of the raw topic */
    int64_t clean_begin; /**< oldest offset of the clean topic */
    int64_t judged_to;   /**< the group's committed offset: all before it was judged; -1: not known, then the clean topic tells */
};

struct rerun_result {
    int32_t partition;
    bool blind;            /**< the oldest records are gone */
    int64_t judged;        /**< raw records that were judged again */
    int64_t waiting;       /**< raw records that validate has not judged yet */
    int64_t compared_from; /**< raw offset from which on was compared; -1: nothing was */
    struct rerun_topic topics[RERUN_TOPICS];
    size_t topic_count;
    struct rerun_difference difference; /**< judging ended there unless it is RERUN_EQUAL */
};

/** Judges a partition again. Texts of the result go into `memory`. False: something could not be read. */
bool rerun_partition(const struct rerun_options *options, const struct rerun_span *span, struct arena *memory,
                     struct rerun_result *result, struct error *error) MUST_CHECK;

#endif
