#include "ingest/web_session.h"

#include <stdlib.h>
#include <string.h>

const struct endpoint *web_session_step(const struct web_session *session, const struct provider *provider)
{
    if (session->cookie == NULL) {
        return provider->session_cookie;
    }
    return session->token == NULL ? provider->session_token : NULL;
}

/** A text of its own. */
static char *copy_of(struct str text)
{
    char *copy = xcalloc(1, text.len + 1);
    memcpy(copy, text.ptr, text.len);
    return copy;
}

void web_session_take(struct web_session *session, const struct parse_result *parsed)
{
    if (parsed->cookie.len > 0) {
        web_session_clear(session); /* a token belongs to its cookie */
        session->cookie = copy_of(parsed->cookie);
    }
    if (parsed->token.len > 0) {
        free(session->token);
        session->token = copy_of(parsed->token);
    }
}

void web_session_prove(struct web_session *session)
{
    session->proven = true;
}

bool web_session_refused(struct web_session *session)
{
    bool renew = session->proven;
    web_session_clear(session);
    return renew;
}

void web_session_clear(struct web_session *session)
{
    free(session->cookie);
    free(session->token);
    memset(session, 0, sizeof *session);
}
