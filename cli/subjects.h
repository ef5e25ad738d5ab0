/*
 * The schemas of topics in the registry: compatibility first, then the version.
 */
#ifndef QUOTEBUS_CLI_SUBJECTS_H
#define QUOTEBUS_CLI_SUBJECTS_H

#include "bus/registry.h"
#include "cli/topic_plan.h"

/**
 * Compares `subject` with `schema_json` and, with `apply`, registers a version that is missing after SCHEMA_COMPATIBILITY was
 * set. A version that does not fit, or another compatibility, is a finding and nothing is changed. Texts go into `memory`. False
 * only when the registry does not answer sensibly (ERROR_UNREACHABLE).
 */
bool subject_deploy(struct registry *registry, const char *subject, const char *schema_json, bool apply, struct finding *finding,
                    struct arena *memory, struct error *error) MUST_CHECK;

/** The schema in `folder`/`name`.avsc, normalised. NULL on failure (ERROR_USAGE). Freed with free(). */
char *schema_load(const char *folder, const char *name, struct error *error) MUST_CHECK;

#endif
