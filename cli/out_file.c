#include "cli/out_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** Fills `error` from errno. Returns false. */
static bool file_failed(const struct out_file *file, const char *what, enum error_code code, struct error *error)
{
    return error_set(error, code, "%s %s: %s", what, file->path ? file->path : "stdout", strerror(errno));
}

/** Cuts a file to `bytes`; it must have as many. */
static bool cut(struct out_file *file, int64_t bytes, struct error *error)
{
    struct stat status;
    if (fstat(fileno(file->stream), &status) != 0)
        return file_failed(file, "looking at", ERROR_USAGE, error);
    if (status.st_size < bytes)
        return error_set(error, ERROR_USAGE, "%s has %lld bytes, but %lld were written to it: it is not the file to go on with",
                         file->path, (long long)status.st_size, (long long)bytes);
    if (ftruncate(fileno(file->stream), bytes) != 0 || fseeko(file->stream, bytes, SEEK_SET) != 0)
        return file_failed(file, "going on with", ERROR_USAGE, error);
    return true;
}

bool out_file_open(struct out_file *file, const char *path, int64_t bytes, struct error *error)
{
    *file = (struct out_file){.path = path, .stream = path ? fopen(path, bytes >= 0 ? "r+e" : "we") : stdout};
    if (!file->stream)
        return file_failed(file, "opening", ERROR_USAGE, error);
    return !path || bytes < 0 || cut(file, bytes, error);
}

bool out_file_write(struct out_file *file, struct str text, struct error *error)
{
    if (text.len == 0 || fwrite(text.ptr, 1, text.len, file->stream) == text.len)
        return true;
    file->unread = !file->path && errno == EPIPE;
    return file_failed(file, "writing", ERROR_LIMIT, error);
}

bool out_file_sync(struct out_file *file, int64_t *bytes, struct error *error)
{
    *bytes = -1;
    if (fflush(file->stream) != 0) {
        file->unread = !file->path && errno == EPIPE;
        return file_failed(file, "writing", ERROR_LIMIT, error);
    }
    if (!file->path)
        return true;
    /* A pipe or a device has no disk to be on. */
    if (fsync(fileno(file->stream)) != 0 && errno != EINVAL && errno != EROFS)
        return file_failed(file, "writing", ERROR_LIMIT, error);
    *bytes = ftello(file->stream);
    return true;
}

void out_file_close(struct out_file *file)
{
    if (file->stream && file->path)
        fclose(file->stream);
    *file = (struct out_file){0};
}
