#include "board/sse.h"

#include <string.h>

void sse_write(struct buf *out, const char *name, int64_t id, struct str data)
{
    buf_printf(out, "event: %s\n", name);
    if (id >= 0)
        buf_printf(out, "id: %lld\n", (long long)id);
    do {
        size_t len = 0;
        while (len < data.len && data.ptr[len] != '\n' && data.ptr[len] != '\r')
            len++;
        buf_append_str(out, STR("data: "));
        buf_append(out, data.ptr, len);
        buf_append_str(out, STR("\n"));
        len += len < data.len ? 1 : 0;
        data = (struct str){.ptr = data.ptr + len, .len = data.len - len};
    } while (data.len);
    buf_append_str(out, STR("\n"));
}
