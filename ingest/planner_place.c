/* Where an asset stands in a job: what ranges of a lane's state are about. */
#include <string.h>

#include "ingest/planner_parts.h"

int64_t planner_place(const struct planner *planner, size_t lane, struct str job_name, struct str asset)
{
    for (size_t i = 0; i < planner->job_count; i++) {
        const struct job *job = &planner->jobs[i];
        if (job->lane != lane || !str_is(job_name, job->settings->name)) {
            continue;
        }
        for (size_t k = 0; k < job->asset_count; k++) {
            if (str_is(asset, job->assets[k]->asset.asset)) {
                return (int64_t)k;
            }
        }
    }
    return -1;
}
