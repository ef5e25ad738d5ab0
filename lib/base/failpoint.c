#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/service.h"

/** What QUOTEBUS_FAIL asks for; read once. */
static struct {
    pthread_once_t once;
    char *name; /* NULL: nothing */
    long visits_left;
    pthread_mutex_t lock;
} armed = {.once = PTHREAD_ONCE_INIT, .lock = PTHREAD_MUTEX_INITIALIZER};

/** Reads `NAME` or `NAME:N`. */
static void arm(void)
{
    const char *text = getenv("QUOTEBUS_FAIL");
    if (!text || !*text)
        return;
    char *name = xstrdup(text);
    char *colon = strchr(name, ':');
    armed.visits_left = 1;
    if (colon) {
        *colon = '\0';
        const long visits = strtol(colon + 1, NULL, 10);
        armed.visits_left = visits > 0 ? visits : 1;
    }
    armed.name = name;
}

void failpoint(const char *name)
{
    pthread_once(&armed.once, arm);
    if (!armed.name || strcmp(armed.name, name) != 0)
        return;
    pthread_mutex_lock(&armed.lock);
    if (--armed.visits_left == 0)
        kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&armed.lock);
}
