#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config_parts.h"
#include "base/listen.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
/** What Kafka takes in the name of a topic. */
#define TOPIC_CHARACTERS LOWER UPPER DIGITS "._-"

#define PREFIX_MAX 100
#define NAME_MAX_LEN 100
#define KEY_MAX_LEN 64
#define CLASS_MAX_LEN 16
#define ASSET_MAX_LEN 64
#define SYMBOL_MAX_LEN 64
#define URL_MAX_LEN 500
#define HOST_MAX_LEN 255
#define HEADER_MAX_LEN 200

/** Whether the text consists of the characters only and has a length within the bounds. */
static bool consists_of(const char *text, const char *characters, size_t min, size_t max)
{
    const size_t len = strlen(text);
    return len >= min && len <= max && strspn(text, characters) == len;
}

const char *config_judge_filled(const char *text)
{
    return *text ? NULL : "must not be empty";
}

const char *config_judge_prefix(const char *text)
{
    return consists_of(text, TOPIC_CHARACTERS, 0, PREFIX_MAX) ? NULL : "must be at most 100 letters, digits, `.`, `_` and `-`";
}

const char *config_judge_name(const char *text)
{
    return consists_of(text, TOPIC_CHARACTERS, 1, NAME_MAX_LEN) ? NULL : "must be 1 to 100 letters, digits, `.`, `_` and `-`";
}

const char *config_judge_key(const char *text)
{
    return consists_of(text, LOWER DIGITS "_-", 1, KEY_MAX_LEN) ? NULL
                                                                : "must be 1 to 64 lower case letters, digits, `-` and `_`";
}

const char *config_judge_variable(const char *text)
{
    const bool good = consists_of(text, LOWER UPPER DIGITS "_", 0, NAME_MAX_LEN) && !(*text >= '0' && *text <= '9');
    return good ? NULL : "is not the name of an environment variable";
}

const char *config_judge_asset(const char *text)
{
    const size_t class_len = strspn(text, LOWER DIGITS "_-");
    const bool good = class_len > 0 && class_len <= CLASS_MAX_LEN && text[class_len] == ':' &&
                      consists_of(text + class_len + 1, LOWER UPPER DIGITS "._-^=", 1, ASSET_MAX_LEN - class_len - 1);
    return good ? NULL
                : "is not class:CODE, e.g. equity:AAPL (64 characters at most; of signs the code may have `.` `_` `-` `^` `=`)";
}

const char *config_judge_symbol(const char *text)
{
    bool good = strlen(text) <= SYMBOL_MAX_LEN;
    /* A comma would split one symbol of a batched request into two. */
    for (const char *p = text; *p; p++)
        good = good && *p > ' ' && *p < 0x7f && *p != ',';
    return good ? NULL : "must be at most 64 printable characters without blanks and commas";
}

const char *config_judge_calendar(const char *text)
{
    static const char *const words[] = {"", "always", "weekdays", "fx", "XNYS", "XLON", "XETR"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0)
            return NULL;
    }
    return "is no calendar: always, weekdays, fx, XNYS (New York and Nasdaq), XLON or XETR";
}

/** Whether a host is this machine, by what it says itself: no name but localhost is looked up. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;
    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/** Whether a host is a name, an IPv4 address, or an IPv6 address in brackets. */
static bool host_is_good(const char *host)
{
    char inside[INET6_ADDRSTRLEN];
    struct in6_addr v6;
    const size_t len = strlen(host);
    if (*host != '[')
        return consists_of(host, LOWER UPPER DIGITS ".-", 1, HOST_MAX_LEN);
    if (len < 3 || len - 2 >= sizeof(inside) || host[len - 1] != ']')
        return false;
    snprintf(inside, sizeof(inside), "%.*s", (int)(len - 2), host + 1);
    return inet_pton(AF_INET6, inside, &v6) == 1;
}

/** Whether a port is a number that a port can be. */
static bool port_is_good(const char *port)
{
    const long number = consists_of(port, DIGITS, 1, 5) ? strtol(port, NULL, 10) : 0;
    return number >= 1 && number <= 65535;
}

/**
 * Checks host and port of a URL and copies the host. Strict, since whatever a URL library would read in another way could turn
 * a loopback host into a far one.
 */
static const char *judge_authority(struct str authority, char host[HOST_MAX_LEN + 1])
{
    if (memchr(authority.ptr, '@', authority.len))
        return "must not contain a user or a password";
    if (authority.len > HOST_MAX_LEN)
        return "has a host that is too long";
    snprintf(host, HOST_MAX_LEN + 1, "%.*s", STR_ARG(authority));
    char *colon = strrchr(host, ':');
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
        if (!port_is_good(colon + 1))
            return "has a port that is not a number from 1 to 65535";
    }
    return host_is_good(host) ? NULL : "has a host that is not readable";
}

/** Checks a whole URL; `public_only`: http is for loopback. */
static const char *judge_url(const char *text, bool public_only)
{
    char host[HOST_MAX_LEN + 1];
    const bool secure = strncmp(text, "https://", 8) == 0;
    if (!secure && strncmp(text, "http://", 7) != 0)
        return "must begin with https:// or http://";
    if (strlen(text) > URL_MAX_LEN)
        return "is too long for a URL";
    if (strpbrk(text, "?#"))
        return "must not have a query or a fragment";
    for (const char *p = text; *p; p++) {
        if (*p <= ' ' || *p >= 0x7f || strchr("\\\"<>`{}", *p))
            return "has characters that do not belong into a URL";
    }
    const char *authority = text + (secure ? 8 : 7);
    const char *problem = judge_authority((struct str){.ptr = authority, .len = strcspn(authority, "/")}, host);
    if (problem)
        return problem;
    return public_only && !secure && !is_loopback(host) ? "must begin with https://, since its host is not loopback" : NULL;
}

const char *config_judge_url(const char *text)
{
    return judge_url(text, false);
}

const char *config_judge_public_url(const char *text)
{
    return judge_url(text, true);
}

const char *config_judge_listen(const char *text)
{
    union listen_address address;
    return *text == '\0' || listen_parse(text, &address, NULL)
               ? NULL
               : "is not ADDRESS:PORT, e.g. 127.0.0.1:9701 or [::1]:9701 (port 0: any free one)";
}

/** Whether all characters are printable ASCII from `first` on, and none is of `without`. */
static bool is_printable(const char *text, char first, const char *without)
{
    for (const char *p = text; *p; p++) {
        if (*p < first || *p > '~' || strchr(without, *p))
            return false;
    }
    return strlen(text) <= HEADER_MAX_LEN;
}

const char *config_judge_header(const char *text)
{
    return *text && is_printable(text, ' ', "") ? NULL : "must be 1 to 200 printable ASCII characters";
}

const char *config_judge_contact(const char *text)
{
    return is_printable(text, '!', "()\\\"")
               ? NULL
               : "is no mail address or URL: at most 200 printable ASCII characters without blanks, "
                 "quotes and parentheses";
}

const char *config_judge_log_format(const char *text)
{
    return strcmp(text, "logfmt") == 0 || strcmp(text, "json") == 0 ? NULL : "is neither logfmt nor json";
}

const char *config_judge_write_mode(const char *text)
{
    const bool good = strcmp(text, "append") == 0 || strcmp(text, "upsert") == 0 || strcmp(text, "auto") == 0;
    return good ? NULL : "is none of append, upsert and auto";
}

const char *config_judge_log_level(const char *text)
{
    static const char *const levels[] = {"debug", "info", "warn", "error", "off"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcmp(text, levels[i]) == 0)
            return NULL;
    }
    return "is none of debug, info, warn, error, off";
}

bool config_check_field(const struct config_reader *reader, const struct yaml_node *mapping, const char *path, const char *field,
                        const char *text, config_judge_fn judge)
{
    const char *problem = judge(text);
    return !problem || yaml_field_error(reader->file, mapping, path, field, reader->error, "'%.100s' %s", text, problem);
}
