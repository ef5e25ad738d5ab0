#include "ingest/providers/table.h"

const struct provider *const providers[] = {
    &provider_yahoo,   &provider_coingecko, &provider_alphavantage, &provider_coinbase,    &provider_kraken,
    &provider_binance, &provider_cnbc,      &provider_cboe,         &provider_frankfurter, NULL,
};
