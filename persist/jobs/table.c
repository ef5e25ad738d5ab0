#include "persist/jobs/table.h"

#define DAY_S 86400

const struct job *const jobs_table[] = {&job_partitions, &job_cleanup, &job_sizes, &job_aggregate, NULL};

int64_t job_daily_s(const struct persist_settings *settings)
{
    (void)settings;
    return DAY_S;
}
