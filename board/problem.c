#include "board/problem.h"

#include "base/json_text.h"

/** What a status is called (RFC 9110, 15). */
static const char *title_of(unsigned status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 414:
        return "URI Too Long";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void problem_write(struct buf *out, unsigned status, const char *detail)
{
    buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,\"detail\":", title_of(status), status);
    json_put_string(out, str_from(detail));
    buf_printf(out, "}\n");
}

unsigned problem_status(const struct error *error)
{
    switch (error->code) {
    case ERROR_INVALID:
    case ERROR_USAGE:
        return 400;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_LIMIT:
        return 414;
    case ERROR_UNREACHABLE:
    case ERROR_RETRY:
        return 503;
    default:
        return 500;
    }
}
