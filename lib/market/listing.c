#include "market/listing.h"

/** An exchange: its suffix, the currency of most that is listed there, its hours. */
struct exchange {
    const char *suffix;
    const char *currency;
    enum market market;
};

static const struct exchange exchanges[] = {
    {"AS", "EUR", MARKET_WEEKDAYS}, {"AX", "AUD", MARKET_WEEKDAYS}, {"BR", "EUR", MARKET_WEEKDAYS},
    {"CO", "DKK", MARKET_WEEKDAYS}, {"DE", "EUR", MARKET_XETR},     {"F", "EUR", MARKET_WEEKDAYS},
    {"HE", "EUR", MARKET_WEEKDAYS}, {"HK", "HKD", MARKET_WEEKDAYS}, {"IR", "EUR", MARKET_WEEKDAYS},
    {"JO", "ZAR", MARKET_WEEKDAYS}, {"KS", "KRW", MARKET_WEEKDAYS}, {"L", "GBP", MARKET_XLON},
    {"LS", "EUR", MARKET_WEEKDAYS}, {"MC", "EUR", MARKET_WEEKDAYS}, {"MI", "EUR", MARKET_WEEKDAYS},
    {"MX", "MXN", MARKET_WEEKDAYS}, {"NS", "INR", MARKET_WEEKDAYS}, {"NZ", "NZD", MARKET_WEEKDAYS},
    {"OL", "NOK", MARKET_WEEKDAYS}, {"PA", "EUR", MARKET_WEEKDAYS}, {"SA", "BRL", MARKET_WEEKDAYS},
    {"SI", "SGD", MARKET_WEEKDAYS}, {"SS", "CNY", MARKET_WEEKDAYS}, {"ST", "SEK", MARKET_WEEKDAYS},
    {"SW", "CHF", MARKET_WEEKDAYS}, {"SZ", "CNY", MARKET_WEEKDAYS}, {"T", "JPY", MARKET_WEEKDAYS},
    {"TO", "CAD", MARKET_WEEKDAYS}, {"TW", "TWD", MARKET_WEEKDAYS}, {"UK", "GBP", MARKET_XLON},
    {"US", "USD", MARKET_XNYS},     {"V", "CAD", MARKET_WEEKDAYS},  {"VI", "EUR", MARKET_WEEKDAYS},
    {"WA", "PLN", MARKET_WEEKDAYS},
};

static const struct exchange united_states = {"", "USD", MARKET_XNYS};
static const struct exchange unknown = {"", "", MARKET_WEEKDAYS};

/** The exchange that the name of an asset stands for. */
static const struct exchange *exchange_of(struct str asset)
{
    size_t start = asset.len;
    while (start > 0 && asset.ptr[start - 1] != '.' && asset.ptr[start - 1] != ':')
        start--;
    const struct str suffix = {.ptr = asset.ptr + start, .len = asset.len - start};
    if (start == 0 || asset.ptr[start - 1] != '.')
        return suffix.len > 0 && suffix.ptr[0] == '^' ? &unknown : &united_states;
    for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
        if (str_is(suffix, exchanges[i].suffix))
            return &exchanges[i];
    return suffix.len == 1 ? &united_states : &unknown; /* a share class, as in BRK.B */
}

struct str listing_currency(struct str asset)
{
    return str_from(exchange_of(asset)->currency);
}

/** Whether the name of an asset begins with a class and a colon. */
static bool has_class(struct str asset, struct str prefix)
{
    return asset.len >= prefix.len && str_equal((struct str){.ptr = asset.ptr, .len = prefix.len}, prefix);
}

enum market listing_market(struct str asset)
{
    if (has_class(asset, STR("crypto:")))
        return MARKET_ALWAYS;
    return has_class(asset, STR("fx:")) ? MARKET_FX : exchange_of(asset)->market;
}
