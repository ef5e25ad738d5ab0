#include "persist/columns.h"

#include "base/json_text.h"

void copy_opt_verdict(struct copy_row *row, struct opt_verdict verdict)
{
    if (verdict.set)
        copy_char(row, verdict_name(verdict.value)[0]);
    else
        copy_null(row);
}

void json_put_name(struct buf *json, bool first, const char *name)
{
    buf_append_str(json, first ? STR("{") : STR(","));
    json_put_string(json, str_from(name));
    buf_append_str(json, STR(":"));
}

void json_put_opt_double(struct buf *json, const char *name, struct opt_double value)
{
    if (!value.set)
        return;
    json_put_name(json, false, name);
    json_put_double(json, value.value);
}
