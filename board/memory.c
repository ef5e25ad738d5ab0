#include "board/memory.h"

/** /api/dead-letters */
static void answer_dead_letters(const struct memory *memory, struct buf *out)
{
    buf_append_str(out, STR("{\"items\":"));
    refusals_write(memory->refusals, out);
    buf_append_str(out, STR("}"));
}

/** /api/pipeline */
static void answer_pipeline(const struct memory *memory, struct buf *out)
{
    buf_append_str(out, STR("{\"items\":"));
    pipeline_write(memory->pipeline, out);
    buf_append_str(out, STR("}"));
}

static const struct {
    const char *name; /* behind /api/ */
    void (*answer)(const struct memory *memory, struct buf *out);
} answers[] = {
    {"dead-letters", answer_dead_letters},
    {"pipeline", answer_pipeline},
};

bool memory_answer(const struct memory *memory, const struct target *target, struct buf *out)
{
    if (target->segment_count != 2)
        return false;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (str_is(target->segments[1], answers[i].name)) {
            answers[i].answer(memory, out);
            return true;
        }
    }
    return false;
}
