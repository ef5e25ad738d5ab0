/*
 * The command line of quotebus-sim.
 */
#ifndef QUOTEBUS_SIM_OPTIONS_H
#define QUOTEBUS_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** Texts are borrowed from argv. */
struct sim_options {
    const char *listen;
    uint64_t seed;
    const char *faults;     /**< NULL: none */
    const char *recordings; /**< NULL: answers are made */
    int64_t start_us;       /**< --start-time; 0: not given */
    int64_t fixed_clock_us; /**< --clock fixed:TIME; 0: the wall clock */
    bool validators;        /**< answers have an ETag, and 304 is said to who has it */
    bool help, version;
};

/** Reads the command line. ERROR_USAGE. `now_us` is for relative times such as -1h. */
bool sim_options_parse(int argc, char *const *argv, int64_t now_us, struct sim_options *options, struct error *error) MUST_CHECK;

/** The help, examples first. */
extern const char sim_help[];

#endif
