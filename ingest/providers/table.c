#include "ingest/providers/table.h"

const struct provider *const providers[] = {
    &provider_yahoo,
    &provider_coingecko,
    &provider_alphavantage,
    NULL,
};
