#include "validate/judging.h"

#include "validate/reports/reports.h"

/** Where reports go. */
struct report_path {
    struct outputs *outputs;
    const struct output_sink *sink;
};

/** Hands a report over. */
static bool put_report(void *ctx, const struct report *report, struct error *error)
{
    const struct report_path *path = ctx;
    return outputs_put_report(path->outputs, path->sink, report, error);
}

bool judging_take(struct partition_memory *memory, const struct quote *quote, const struct raw_origin *origin,
                  struct arena *arena, struct outputs *outputs, const struct output_sink *sink, struct judgement *judgement,
                  struct error *error)
{
    struct report_path path = {.outputs = outputs, .sink = sink};
    if (!reports_close(memory, origin, put_report, &path, error))
        return false;
    engine_judge(memory, quote, origin, arena, judgement);
    reports_count(memory, judgement, origin);
    return outputs_put_judgement(outputs, sink, judgement, origin, error);
}
