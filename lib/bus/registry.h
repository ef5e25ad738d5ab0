/*
 * Schema registry client (Confluent-compatible REST), with a cache by id.
 *
 * Schemas are immutable, so what was fetched once is kept for life. An id the registry does not know is asked again after 10 s
 * at the earliest. Bounded: 4 MiB per answer, 10,000 cached schemas, the configured time per request (redirects are not
 * followed). The registry is part of the installation, so proxies of the environment are not used; a user and password may stand
 * in its URL and do not show in messages.
 *
 * All calls block up to the timeout. Their messages name the address and say what to do. Threads: one at a time.
 */
#ifndef QUOTEBUS_BUS_REGISTRY_H
#define QUOTEBUS_BUS_REGISTRY_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"

struct registry;

enum registry_status {
    REGISTRY_OK,
    REGISTRY_UNKNOWN,     /**< the registry says there is none (ERROR_NOT_FOUND) */
    REGISTRY_UNAVAILABLE, /**< it does not answer, or not sensibly: try again later (ERROR_UNREACHABLE) */
    REGISTRY_REFUSED,     /**< it refuses: incompatible or invalid schema (ERROR_INVALID) */
};

/** Connects lazily. NULL when the URL is not http or https (ERROR_USAGE). Freed with registry_free. */
struct registry *registry_new(const struct registry_settings *settings, struct error *error) MUST_CHECK;
/** NULL is fine. */
void registry_free(struct registry *registry);

/** The Avro schema of an id. *schema_json is borrowed for the registry's life. An id of another kind of schema is unknown. */
enum registry_status registry_schema(struct registry *registry, int32_t id, const char **schema_json,
                                     struct error *error) MUST_CHECK;
/** The id under which a subject holds this schema. REGISTRY_UNKNOWN: not registered (`quotebus topics apply` does it). */
enum registry_status registry_lookup(struct registry *registry, const char *subject, const char *schema_json, int32_t *id,
                                     struct error *error) MUST_CHECK;
/** Registers a schema (idempotent). For deployment only. */
enum registry_status registry_register(struct registry *registry, const char *subject, const char *schema_json, int32_t *id,
                                       struct error *error) MUST_CHECK;
/** The compatibility level set for a subject, into `level` (e.g. FULL_TRANSITIVE); REGISTRY_UNKNOWN: none set. */
enum registry_status registry_compatibility(struct registry *registry, const char *subject, char level[32],
                                            struct error *error) MUST_CHECK;
/** Sets it. */
enum registry_status registry_set_compatibility(struct registry *registry, const char *subject, const char *level,
                                                struct error *error) MUST_CHECK;
/**
 * Asks whether a schema could be registered next to all versions of a subject. *compatible is the answer, `reasons` (may be
 * NULL) gets the registry's words, one per line, where it gives any. REGISTRY_UNKNOWN: no such subject yet.
 */
enum registry_status registry_compatible(struct registry *registry, const char *subject, const char *schema_json,
                                         bool *compatible, struct buf *reasons, struct error *error) MUST_CHECK;

#endif
