#include "base/thread.h"

#include <signal.h>
#include <string.h>

bool thread_start(pthread_t *thread, void *(*work)(void *ctx), void *ctx, const char *what, struct error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const int failure = pthread_create(thread, NULL, work, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failure || error_set(error, ERROR_FATAL, "starting %s: %s", what, strerror(failure));
}
