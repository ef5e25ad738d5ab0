#include "persist/evidence.h"

#include "base/json_text.h"

void copy_evidence(struct copy_row *row, const struct source_price *prices, size_t count)
{
    struct buf *json = copy_jsonb_begin(row);
    buf_append_str(json, STR("["));
    for (size_t i = 0; i < count; i++) {
        buf_append_str(json, i ? STR(",{\"source\":") : STR("{\"source\":"));
        json_put_string(json, prices[i].source);
        buf_append_str(json, STR(",\"price\":"));
        json_put_double(json, prices[i].price);
        buf_append_str(json, STR(",\"observed_at\":"));
        json_put_time(json, prices[i].observed_at_us);
        buf_append_str(json, STR(",\"weight\":"));
        json_put_double(json, prices[i].weight);
        buf_append_str(json, STR("}"));
    }
    buf_append_str(json, STR("]"));
    copy_jsonb_end(row);
}
