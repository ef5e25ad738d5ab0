/*
 * The session that some endpoints want beside or instead of a key: a cookie that a page sets, and a token that is given for the
 * cookie (Yahoo calls it crumb). One per provider and instance; it is made when it is first needed, and anew when the provider
 * refuses it.
 *
 *     while ((step = web_session_step(&session, provider)) != NULL) ask step and web_session_take its answer;
 *     ask the endpoint; when it refuses and web_session_refused says so: from the beginning
 *
 * Each step is a request of its own that counts in the quota. A session that has not had a good answer yet is not replaced when
 * it is refused, so that a provider who refuses all of them is not asked over and over.
 *
 * Pure; threads: one.
 */
#ifndef QUOTEBUS_INGEST_WEB_SESSION_H
#define QUOTEBUS_INGEST_WEB_SESSION_H

#include "ingest/provider.h"

/** Zero-initialised is a session that has to be made. */
struct web_session {
    char *cookie; /**< value of the Cookie header; NULL: none yet */
    char *token;  /**< NULL: none yet */
    bool proven;  /**< an endpoint gave a good answer with it */
};

/** The endpoint that is to be asked next to make the session; NULL when it is ready, or the provider has none. */
const struct endpoint *web_session_step(const struct web_session *session, const struct provider *provider);
/** Keeps what the good answer to a step gave (copied). */
void web_session_take(struct web_session *session, const struct parse_result *parsed);
/** Notes that an endpoint gave a good answer. */
void web_session_prove(struct web_session *session);
/** Forgets a session that was refused; true when it was proven, so that a new one may help. */
bool web_session_refused(struct web_session *session);
void web_session_clear(struct web_session *session);

#endif
