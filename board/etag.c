#include "board/etag.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv */
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

char *etag_of(struct str body, char out[ETAG_MAX])
{
    uint64_t hash = FNV_BASIS;
    for (size_t i = 0; i < body.len; i++)
        hash = (hash ^ (unsigned char)body.ptr[i]) * FNV_PRIME;
    snprintf(out, ETAG_MAX, "W/\"%016" PRIx64 "\"", hash);
    return out;
}

/** The tag without the sign of a weak one. */
static const char *opaque(const char *tag)
{
    return strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
}

bool etag_matches(const char *if_none_match, const char *etag)
{
    const char *wanted = opaque(etag);
    const size_t len = strlen(wanted);
    for (const char *at = if_none_match; at && *at;) {
        at += strspn(at, " \t,");
        if (*at == '*')
            return true;
        at = opaque(at);
        if (strncmp(at, wanted, len) == 0)
            return true;
        const char *close = *at == '"' ? strchr(at + 1, '"') : NULL;
        at = close ? close + 1 : at + strcspn(at, ",");
    }
    return false;
}
