#include "tests/sim/assets.h"

#include <string.h>
#include <strings.h>

/* Symbols are pasted together from literals: neither parentheses nor commas belong between them. */
/* NOLINTBEGIN(bugprone-macro-parentheses,bugprone-suspicious-missing-comma) */
/** A share listed in New York; volume in millions of shares a day. */
#define SHARE(code, venue_, name_, price, volume_m)                                                                              \
    {                                                                                                                            \
        .id = "equity:" code, .kind = SIM_EQUITY,                                                                                \
        .symbols = {[SIM_YAHOO] = code, [SIM_ALPHAVANTAGE] = code, [SIM_CNBC] = code, [SIM_CBOE] = code}, .name = (name_),       \
        .currency = "USD", .venue = (venue_), .start_price = (price), .daily_volume = (volume_m)*1e6                             \
    }
/** A coin quoted in dollars: its symbols at Yahoo and CoinGecko, then those at exchanges (NULL: not traded there). */
#define COIN(code, kind_, yahoo, coingecko, coinbase, kraken, binance, name_, price, supply_)                                    \
    {                                                                                                                            \
        .id = "crypto:" code, .kind = (kind_),                                                                                   \
        .symbols = {[SIM_YAHOO] = yahoo,       [SIM_COINGECKO] = coingecko, [SIM_ALPHAVANTAGE] = code "/USD",                    \
                    [SIM_COINBASE] = coinbase, [SIM_KRAKEN] = kraken,       [SIM_BINANCE] = binance},                            \
        .name = (name_), .currency = "USD", .venue = "CCC", .start_price = (price), .supply = (supply_)                          \
    }
/** A coin that all exchanges trade, under the same name. */
#define COMMON_COIN(code, yahoo, coingecko, name_, price, supply_)                                                               \
    COIN(code, SIM_CRYPTO, yahoo, coingecko, code "-USD", code "USD", code "USDT", name_, price, supply_)
/** A pair of currencies and its symbol at CNBC. */
#define PAIR(from, to, cnbc, price)                                                                                              \
    {                                                                                                                            \
        .id = "fx:" from to, .kind = SIM_FX,                                                                                     \
        .symbols =                                                                                                               \
            {[SIM_YAHOO] = from to "=X", [SIM_ALPHAVANTAGE] = from "/" to, [SIM_CNBC] = cnbc, [SIM_FRANKFURTER] = from "/" to},  \
        .name = from "/" to, .currency = (to), .venue = "CCY", .start_price = (price)                                            \
    }

const struct sim_asset sim_assets[] = {
    SHARE("AAPL", "NMS", "Apple Inc.", 270.37, 48),
    SHARE("MSFT", "NMS", "Microsoft Corporation", 480.21, 22),
    SHARE("GOOGL", "NMS", "Alphabet Inc.", 299.66, 36),
    SHARE("AMZN", "NMS", "Amazon.com, Inc.", 225.12, 45),
    SHARE("TSLA", "NMS", "Tesla, Inc.", 421.5, 85),
    SHARE("META", "NMS", "Meta Platforms, Inc.", 602.88, 15),
    SHARE("NVDA", "NMS", "NVIDIA Corporation", 181.04, 190),
    SHARE("ADBE", "NMS", "Adobe Inc.", 321.47, 4),
    SHARE("CRM", "NYQ", "Salesforce, Inc.", 236.15, 7),
    SHARE("INTC", "NMS", "Intel Corporation", 36.42, 80),
    SHARE("AMD", "NMS", "Advanced Micro Devices, Inc.", 211.33, 45),
    SHARE("QCOM", "NMS", "QUALCOMM Incorporated", 165.79, 8),
    SHARE("AVGO", "NMS", "Broadcom Inc.", 349.55, 24),
    SHARE("CSCO", "NMS", "Cisco Systems, Inc.", 76.71, 20),
    SHARE("IBM", "NYQ", "International Business Machines Corporation", 304.6, 4),
    SHARE("ORCL", "NYQ", "Oracle Corporation", 199.84, 20),
    SHARE("JPM", "NYQ", "JPMorgan Chase & Co.", 300.44, 9),
    SHARE("BAC", "NYQ", "Bank of America Corporation", 52.38, 36),
    SHARE("V", "NYQ", "Visa Inc.", 330.9, 6),
    SHARE("MA", "NYQ", "Mastercard Incorporated", 539.27, 3),
    SHARE("JNJ", "NYQ", "Johnson & Johnson", 205.18, 8),
    SHARE("UNH", "NYQ", "UnitedHealth Group Incorporated", 321.62, 9),
    SHARE("PFE", "NYQ", "Pfizer Inc.", 25.34, 50),
    SHARE("WMT", "NYQ", "Walmart Inc.", 105.06, 16),
    SHARE("PG", "NYQ", "The Procter & Gamble Company", 148.23, 8),
    SHARE("KO", "NYQ", "The Coca-Cola Company", 71.95, 16),
    SHARE("PEP", "NMS", "PepsiCo, Inc.", 146.01, 7),
    SHARE("COST", "NMS", "Costco Wholesale Corporation", 891.46, 2),
    SHARE("DIS", "NYQ", "The Walt Disney Company", 104.28, 10),
    SHARE("NFLX", "NMS", "Netflix, Inc.", 106.97, 35),
    SHARE("CAT", "NYQ", "Caterpillar Inc.", 561.3, 3),
    SHARE("DE", "NYQ", "Deere & Company", 479.81, 2),
    SHARE("GE", "NYQ", "GE Aerospace", 294.72, 5),
    SHARE("HON", "NMS", "Honeywell International Inc.", 190.65, 4),
    SHARE("MMM", "NYQ", "3M Company", 168.14, 3),
    SHARE("BA", "NYQ", "The Boeing Company", 180.52, 9),
    SHARE("NOC", "NYQ", "Northrop Grumman Corporation", 565.09, 1),
    SHARE("RTX", "NYQ", "RTX Corporation", 171.83, 5),
    SHARE("GD", "NYQ", "General Dynamics Corporation", 340.26, 1),
    SHARE("LMT", "NYQ", "Lockheed Martin Corporation", 460.7, 1),
    SHARE("XOM", "NYQ", "Exxon Mobil Corporation", 116.87, 15),
    SHARE("CVX", "NYQ", "Chevron Corporation", 150.33, 8),
    SHARE("COP", "NYQ", "ConocoPhillips", 88.19, 7),
    SHARE("SLB", "NYQ", "SLB N.V.", 36.08, 15),
    SHARE("TXN", "NMS", "Texas Instruments Incorporated", 160.94, 6),
    SHARE("NOW", "NYQ", "ServiceNow, Inc.", 165.21, 8),
    SHARE("INTU", "NMS", "Intuit Inc.", 651.37, 2),
    SHARE("ACN", "NYQ", "Accenture plc", 245.55, 3),
    COIN("BTC", SIM_CRYPTO, "BTC-USD", "bitcoin", "BTC-USD", "XBTUSD", "BTCUSDT", "Bitcoin", 90250.0, 19955000),
    COMMON_COIN("ETH", "ETH-USD", "ethereum", "Ethereum", 3012.4, 120695000),
    COIN("BNB", SIM_CRYPTO, "BNB-USD", "binancecoin", NULL, "BNBUSD", "BNBUSDT", "BNB", 871.6, 137735000),
    COMMON_COIN("XRP", "XRP-USD", "ripple", "XRP", 2.1184, 60331000000),
    COMMON_COIN("ADA", "ADA-USD", "cardano", "Cardano", 0.4217, 35900000000),
    COIN("DOGE", SIM_CRYPTO, "DOGE-USD", "dogecoin", "DOGE-USD", "XDGUSD", "DOGEUSDT", "Dogecoin", 0.1503, 152000000000),
    COMMON_COIN("SOL", "SOL-USD", "solana", "Solana", 135.72, 559000000),
    COMMON_COIN("DOT", "DOT-USD", "polkadot", "Polkadot", 2.316, 1640000000),
    COIN("MATIC", SIM_CRYPTO, "POL28321-USD", "polygon-ecosystem-token", "POL-USD", "POLUSD", "POLUSDT", "POL (ex-MATIC)", 0.1389,
         10500000000),
    COMMON_COIN("LTC", "LTC-USD", "litecoin", "Litecoin", 84.93, 76600000),
    COMMON_COIN("AVAX", "AVAX-USD", "avalanche-2", "Avalanche", 14.11, 429000000),
    COMMON_COIN("ATOM", "ATOM-USD", "cosmos", "Cosmos Hub", 2.524, 478000000),
    COMMON_COIN("XLM", "XLM-USD", "stellar", "Stellar", 0.2478, 32300000000),
    COMMON_COIN("ETC", "ETC-USD", "ethereum-classic", "Ethereum Classic", 13.86, 154600000),
    COIN("XMR", SIM_CRYPTO, "XMR-USD", "monero", NULL, "XMRUSD", NULL, "Monero", 389.5, 18446744),
    COMMON_COIN("ALGO", "ALGO-USD", "algorand", "Algorand", 0.1394, 8830000000),
    COMMON_COIN("LINK", "LINK-USD", "chainlink", "Chainlink", 12.97, 696800000),
    COMMON_COIN("UNI", "UNI7083-USD", "uniswap", "Uniswap", 6.181, 630300000),
    COMMON_COIN("AAVE", "AAVE-USD", "aave", "Aave", 174.8, 15300000),
    COMMON_COIN("FIL", "FIL-USD", "filecoin", "Filecoin", 1.611, 716000000),
    COIN("VET", SIM_CRYPTO, "VET-USD", "vechain", NULL, NULL, "VETUSDT", "VeChain", 0.01348, 85985000000),
    COMMON_COIN("NEAR", "NEAR-USD", "near", "NEAR Protocol", 1.893, 1280000000),
    COMMON_COIN("XTZ", "XTZ-USD", "tezos", "Tezos", 0.5032, 1064000000),
    COIN("USDT", SIM_STABLE, "USDT-USD", "tether", "USDT-USD", "USDTUSD", NULL, "Tether", 0.9994, 183000000000),
    PAIR("EUR", "USD", "EUR=", 1.1602),
    PAIR("GBP", "USD", "GBP=", 1.3187),
    PAIR("USD", "JPY", "JPY=", 156.21),
    {.id = "equity:OCDO.L",
     .kind = SIM_EQUITY,
     .symbols = {[SIM_YAHOO] = "OCDO.L", [SIM_ALPHAVANTAGE] = "OCDO.LON"},
     .name = "Ocado Group plc",
     .currency = "GBp",
     .venue = "LSE",
     .start_price = 189.4,
     .daily_volume = 4e6},
    {.id = "equity:WSU.DE",
     .kind = SIM_EQUITY,
     .symbols = {[SIM_YAHOO] = "WSU.DE", [SIM_ALPHAVANTAGE] = "WSU.DEX"},
     .name = "WashTec AG",
     .currency = "EUR",
     .venue = "GER",
     .start_price = 43.2,
     .daily_volume = 9e3},
    {.id = "commodity:GC",
     .kind = SIM_FUTURE,
     .symbols = {[SIM_YAHOO] = "GC=F"},
     .name = "Gold",
     .currency = "USD",
     .venue = "CMX",
     .start_price = 4120.5,
     .daily_volume = 180e3},
};
/* NOLINTEND(bugprone-macro-parentheses,bugprone-suspicious-missing-comma) */
const size_t sim_asset_count = sizeof(sim_assets) / sizeof(sim_assets[0]);

const struct sim_asset *sim_asset_by_id(const char *id)
{
    for (size_t i = 0; i < sim_asset_count; i++) {
        if (strcmp(sim_assets[i].id, id) == 0)
            return &sim_assets[i];
    }
    return NULL;
}

const struct sim_asset *sim_asset_by_symbol(enum sim_source source, const char *symbol)
{
    for (size_t i = 0; i < sim_asset_count; i++) {
        if (sim_assets[i].symbols[source] && strcasecmp(sim_assets[i].symbols[source], symbol) == 0)
            return &sim_assets[i];
    }
    return NULL;
}
