#include "ingest/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ingest/reply.h"

#define COMPONENT "ingest.record"
#define PATH_TEXT_MAX 1024
#define HEADER "file\turl\tstatus\trecorded\tsource\tlicence\tbytes\tcontent_type\tretry_after_s\tetag\n"

struct recorder {
    char *folder;
    int index; /* descriptor of index.tsv, opened for appending */
    size_t files;
    int64_t bytes;
    bool over; /* a bound was reached, or writing failed */
};

/** Says once why no more is captured. Returns false. */
static bool give_up(struct recorder *recorder, const char *why)
{
    recorder->over = true;
    log_warn(COMPONENT, "responses are not captured any more", F_STR("why", why), F_STR("folder", recorder->folder),
             F_INT("files", recorder->files), F_INT("bytes", recorder->bytes));
    return false;
}

/** Writes all of a text. */
static bool write_all(int file, struct str text)
{
    while (text.len > 0) {
        ssize_t done = write(file, text.ptr, text.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        text.ptr += done;
        text.len -= (size_t)done;
    }
    return true;
}

/** Counts the lines of the index that is there, or begins it. */
static bool open_index(struct recorder *recorder, struct error *error)
{
    char path[PATH_TEXT_MAX];
    char block[4096];
    ssize_t got;
    snprintf(path, sizeof path, "%s/index.tsv", recorder->folder);
    recorder->index = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (recorder->index < 0) {
        return error_set(error, ERROR_USAGE, "ingest.record: %.300s: %s", path, strerror(errno));
    }
    size_t lines = 0;
    while ((got = read(recorder->index, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            lines += block[i] == '\n' ? 1 : 0;
        }
    }
    recorder->files = lines > 0 ? lines - 1 : 0;
    return lines > 0 || write_all(recorder->index, STR(HEADER)) ||
           error_set(error, ERROR_USAGE, "ingest.record: %.300s: %s", path, strerror(errno));
}

struct recorder *recorder_new(const char *folder, struct error *error)
{
    struct recorder *recorder = xcalloc(1, sizeof *recorder);
    recorder->folder = xstrdup(folder);
    recorder->index = -1;
    if (strlen(folder) > PATH_TEXT_MAX / 2 || (mkdir(folder, 0755) != 0 && errno != EEXIST)) {
        error_set(error, ERROR_USAGE, "ingest.record: the folder %.300s cannot be made: %s", folder, strerror(errno));
    } else if (open_index(recorder, error)) {
        return recorder;
    }
    recorder_free(recorder);
    return NULL;
}

void recorder_free(struct recorder *recorder)
{
    if (recorder == NULL) {
        return;
    }
    if (recorder->index >= 0) {
        close(recorder->index);
    }
    free(recorder->folder);
    free(recorder);
}

/** Whether the value of a parameter is a secret. */
static bool is_secret(struct str name)
{
    static const char *const names[] = {"apikey", "api_key", "key", "token", "crumb", "x_cg_demo_api_key", "x_cg_pro_api_key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (name.len == strlen(names[i]) && strncasecmp(name.ptr, names[i], name.len) == 0) {
            return true;
        }
    }
    return false;
}

/** Appends one `name=value` of a query. */
static void append_param(struct buf *out, struct str param, const char *secret)
{
    const char *equals = memchr(param.ptr, '=', param.len);
    size_t name_len = equals != NULL ? (size_t)(equals - param.ptr) : param.len;
    bool masked = equals != NULL && is_secret((struct str){.ptr = param.ptr, .len = name_len});
    if (!masked && secret != NULL && secret[0] != '\0') {
        masked = equals != NULL && text_has((struct str){.ptr = equals, .len = param.len - name_len}, secret);
    }
    buf_append(out, param.ptr, masked ? name_len + 1 : param.len);
    buf_append_str(out, masked ? STR("***") : STR(""));
}

void recorder_url(const struct recorded *recorded, struct buf *out)
{
    const char *rest = recorded->url;
    size_t base_len = strlen(recorded->base_url);
    if (strncmp(rest, recorded->base_url, base_len) == 0) {
        const char *host = strstr(recorded->base_url, "://");
        size_t origin_len = host != NULL ? (size_t)(host - recorded->base_url) + 3 + strcspn(host + 3, "/") : base_len;
        buf_append(out, recorded->base_url, origin_len);
        rest += base_len;
    }
    size_t path_len = strcspn(rest, "?");
    buf_append(out, rest, path_len + (rest[path_len] == '?' ? 1 : 0));
    rest += path_len + (rest[path_len] == '?' ? 1 : 0);
    while (*rest != '\0') {
        size_t len = strcspn(rest, "&");
        append_param(out, (struct str){.ptr = rest, .len = len}, recorded->secret);
        buf_append(out, rest + len, rest[len] == '&' ? 1 : 0);
        rest += len + (rest[len] == '&' ? 1 : 0);
    }
}

/** Writes a body under its name, whole or not at all. */
static bool write_body(const struct recorder *recorder, const char *name, const char *provider, struct str body)
{
    char path[PATH_TEXT_MAX];
    char unfinished[PATH_TEXT_MAX];
    snprintf(path, sizeof path, "%s/%.64s", recorder->folder, provider);
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        return false;
    }
    snprintf(path, sizeof path, "%s/%.200s", recorder->folder, name);
    snprintf(unfinished, sizeof unfinished, "%s/.unfinished", recorder->folder);
    int file = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) {
        return false;
    }
    bool written = write_all(file, body);
    return close(file) == 0 && written && rename(unfinished, path) == 0;
}

/** Appends a text without the characters that separate columns and lines. */
static void append_column(struct buf *line, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        buf_append(line, (unsigned char)c < ' ' ? "?" : &c, 1);
    }
}

/** Appends the line of a response to the index, in one write. */
static bool write_line(const struct recorder *recorder, const struct recorded *recorded, const char *name)
{
    char time[TIME_TEXT_MAX];
    struct buf line = {0};
    struct buf url = {0};
    const struct http_response *response = recorded->response;
    recorder_url(recorded, &url);
    buf_printf(&line, "%s\t", name);
    append_column(&line, buf_str(&url));
    buf_printf(&line, "\t%d\t%s\tquotebus\t\t%zu\t", response->status, time_format_us(response->fetched_at_us, time),
               response->body.len);
    append_column(&line, response->content_type);
    buf_append_str(&line, STR("\t"));
    if (response->retry_after_s.set) {
        buf_printf(&line, "%lld", (long long)response->retry_after_s.value);
    }
    buf_append_str(&line, STR("\t"));
    append_column(&line, buf_str(&recorded->head->etag));
    buf_append_str(&line, STR("\n"));
    bool fine = write_all(recorder->index, buf_str(&line));
    buf_clear(&line);
    buf_clear(&url);
    return fine;
}

bool recorder_take(struct recorder *recorder, const struct recorded *recorded)
{
    char name[200];
    const struct http_response *response = recorded->response;
    if (recorder->over || response->status == 304 || response->status < 200 || response->status > 599) {
        return false;
    }
    if (recorder->files >= RECORDER_FILES_MAX) {
        return give_up(recorder, "the folder has as many responses as it may");
    }
    if ((int64_t)response->body.len > RECORDER_BYTES_MAX - recorder->bytes) {
        return give_up(recorder, "as many bytes were captured as may be");
    }
    snprintf(name, sizeof name, "%.64s/%05zu-%.64s.json", recorded->provider, recorder->files + 1, recorded->endpoint);
    if (!write_body(recorder, name, recorded->provider, response->body) || !write_line(recorder, recorded, name)) {
        return give_up(recorder, strerror(errno));
    }
    recorder->files++;
    recorder->bytes += (int64_t)response->body.len;
    return true;
}
