/*
 * What the table of topics asks for, and how that differs from what is there. Pure.
 */
#ifndef QUOTEBUS_CLI_TOPIC_PLAN_H
#define QUOTEBUS_CLI_TOPIC_PLAN_H

#include <stdint.h>

#include "base/bytes.h"
#include "bus/topics.h"
#include "cli/kafka_admin.h"

/** The compatibility that every subject has. */
#define SCHEMA_COMPATIBILITY "FULL_TRANSITIVE"
/** Most differences of one topic or subject. */
#define DIFFERENCES_MAX 8

/** One field that is not as it should be. Texts are borrowed. */
struct difference {
    const char *field;
    const char *found;
    const char *wanted;
};

/** What is said about one topic or one subject. Texts are borrowed. */
struct finding {
    const char *kind;   /**< topic or subject */
    const char *name;   /**< full */
    const char *result; /**< created, registered, unchanged, differs, missing or incompatible */
    const char *detail; /**< more of it, may be NULL */
    int32_t schema_id;  /**< of a subject, -1: none */
    struct difference differences[DIFFERENCES_MAX];
    size_t difference_count;
};

/** The topic that a row asks for, named `prefix` + its name; texts go into `memory`. */
struct topic_wish topic_wish_of(const struct topic_spec *spec, const char *prefix, struct arena *memory);
/** Compares an existing topic with the wish and adds what differs to `finding`; texts go into `memory`. */
void topic_compare(const struct topic_wish *wish, const struct topic_state *state, struct finding *finding, struct arena *memory);
/** Whether a finding is fine: nothing differs, is missing or was refused. */
bool finding_is_fine(const struct finding *finding);
/** Appends the finding as one line: text for people, or with `json` one object. */
void finding_write(struct buf *out, const struct finding *finding, bool json);

/**
 * Schema text as the generated codecs have it: compact JSON, keys in their order. NULL when it is no JSON or has a key twice
 * (ERROR_USAGE). Freed with free().
 */
char *schema_normalize(struct str text, struct error *error) MUST_CHECK;

#endif
