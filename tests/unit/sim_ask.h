/* What the simulator's unit tests share: asking a world at one fixed time, and the folder of the recordings. */
#ifndef QUOTEBUS_UNIT_SIM_ASK_H
#define QUOTEBUS_UNIT_SIM_ASK_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/world.h"

/** 2026-01-02T15:00:00Z, a Friday. */
#define NOW_US (INT64_C(1767366000) * US_PER_S)

/** Answers `method uri` at `now_us`; free the body. */
static inline struct sim_answer ask_at(struct sim_world *world, const char *method, const char *uri, const char *body,
                                       int64_t now_us)
{
    struct sim_answer answer;
    const struct sim_incoming incoming = {.method = method, .uri = uri, .body = str_from(body)};
    world_answer(world, &incoming, now_us, &answer);
    return answer;
}

/** GET at NOW_US. */
static inline struct sim_answer ask(struct sim_world *world, const char *uri)
{
    return ask_at(world, "GET", uri, "", NOW_US);
}

/** The JSON of GET at `now_us`, NULL when it is none; *status may be NULL. */
static inline json_t *ask_json_at(struct sim_world *world, const char *uri, int64_t now_us, int *status)
{
    struct sim_answer answer = ask_at(world, "GET", uri, "", now_us);
    json_t *json = json_loadb((const char *)answer.body.data, answer.body.len, JSON_REJECT_DUPLICATES, NULL);
    if (status)
        *status = answer.status;
    buf_clear(&answer.body);
    return json;
}

static inline json_t *ask_json(struct sim_world *world, const char *uri, int *status)
{
    return ask_json_at(world, uri, NOW_US, status);
}

/** Whether two bodies are the same bytes. */
static inline bool same_body(const struct sim_answer *a, const struct sim_answer *b)
{
    return str_equal(buf_str(&a->body), buf_str(&b->body));
}

/** The folder of the recordings, or NULL (and a word) when there is none; one that was named has to exist. */
static inline const char *recordings_folder(void)
{
    const char *named = getenv("QUOTEBUS_RECORDINGS");
    const char *folder = named && *named ? named : SOURCE_DIR "/../shared/fixtures/providers";
    char index[1024];
    snprintf(index, sizeof(index), "%s/index.tsv", folder);
    if (access(index, R_OK) == 0 || (named && *named))
        return folder;
    fprintf(stderr, "recordings were left out: set QUOTEBUS_RECORDINGS to their folder\n");
    return NULL;
}

#endif
