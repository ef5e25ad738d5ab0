/*
 * Errors as values.
 *
 * A function that can fail returns bool (or a status) and fills the caller's `struct error`. A message says what was tried,
 * on what, and what to do about it; callers add context in front with error_prefix. `cause` is a stable word for machines: it
 * goes into dead letter headers and metric labels, so it must be a string literal.
 *
 * Threads: an error belongs to the thread that owns the variable.
 */
#ifndef QUOTEBUS_BASE_ERROR_H
#define QUOTEBUS_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/** What kind of failure: it decides between dead letter, retry and exit. */
enum error_code {
    ERROR_NONE = 0,
    ERROR_INVALID,     /**< the input is wrong: retrying cannot help (dead letter, exit 1) */
    ERROR_USAGE,       /**< the command line or the configuration is wrong (exit 2) */
    ERROR_UNREACHABLE, /**< a broker, registry, database or provider does not answer (retry; exit 3 in the CLI) */
    ERROR_RETRY,       /**< a passing condition: the same call may succeed later */
    ERROR_FENCED,      /**< another instance took over: give up what is in flight */
    ERROR_NOT_FOUND,   /**< the thing asked for does not exist */
    ERROR_LIMIT,       /**< a bound on size, count or time was reached */
    ERROR_FATAL,       /**< cannot go on (out of memory, a broken invariant outside our code) */
};

/**
 * One failure. Zero-initialised means "no error". The message is one line of well-formed UTF-8 whatever the arguments were, since
 * it goes to terminals and into records: a line end becomes a blank, another control or a stray byte `?`; a long one is cut.
 */
struct error {
    enum error_code code;
    const char *cause; /**< stable machine word (string literal), or NULL */
    char message[480];
};

/** Fills `error` and returns false, so that `return error_set(...)` reads well. `error` may be NULL. */
bool error_set(struct error *error, enum error_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** Like error_set, with a stable cause word (a string literal: not copied). */
bool error_cause(struct error *error, enum error_code code, const char *cause, const char *fmt, ...) PRINTF_LIKE(4, 5);

/** Puts context and ": " in front of the message. Returns false. */
bool error_prefix(struct error *error, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Back to "no error". */
void error_clear(struct error *error);

/** The exit status that the documented table gives a failure of this code: 1, 2 or 3. */
int error_exit_status(enum error_code code);

#endif
