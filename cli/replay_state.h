/*
 * How far a replay is, in a small JSON file, so that it can go on after an interruption.
 *
 * It is replaced as a whole: a crash leaves the old one or the new one. Threads: one.
 */
#ifndef QUOTEBUS_CLI_REPLAY_STATE_H
#define QUOTEBUS_CLI_REPLAY_STATE_H

#include "cli/playback.h"

/** Longest name of a run, with the NUL. */
#define REPLAY_NAME_MAX 40

struct replay_state {
    const char *topic;          /**< full name; borrowed */
    const char *out;            /**< --out as it was given; borrowed */
    char name[REPLAY_NAME_MAX]; /**< of the run: random, made with the file */
    struct playback_spans spans;
    int64_t bytes; /**< length of the output file that belongs to the spans; -1: none */
    bool complete;
};

/**
 * Reads the file. `state->topic` and `state->out` are set before and must be those of the file. *found is false when there is no
 * file: then the run gets a name. ERROR_USAGE: it is another replay's, or no such file at all.
 */
bool replay_state_load(const char *path, struct replay_state *state, bool *found, struct error *error) MUST_CHECK;
/** Writes it. */
bool replay_state_save(const char *path, const struct replay_state *state, struct error *error) MUST_CHECK;

#endif
