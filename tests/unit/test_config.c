#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"

#define SETTINGS_MAX 8

/** A folder of its own for the configuration files of the tests. */
static char folder[] = "/tmp/test_config.XXXXXX";
static char path[64];
static char *source_folder;

static int make_folder(void **state)
{
    (void)state;
    source_folder = getcwd(NULL, 0);
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof(path), "%s/quotebus.yaml", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    free(source_folder);
    unlink(path);
    return rmdir(folder);
}

/** Two providers, two assets and a job. */
static const char small[] =
    "providers:\n"
    "  yahoo: { base_url: \"https://query1.finance.yahoo.com/\", max_in_flight: 4 }\n"
    "  coin-gecko: { base_url: https://api.coingecko.com, api_key_env: KEY }\n"
    "assets:\n"
    "  equity:AAPL: { sector: technology, symbols: { yahoo: AAPL } }\n"
    "  crypto:BTC: { symbols: { coin-gecko: bitcoin, yahoo: BTC-USD } }\n"
    "jobs:\n"
    "  crypto-prices: { provider: coin-gecko, endpoint: simple_price, every_s: 120, classes: [crypto] }\n"
    "  all: { provider: yahoo, endpoint: spark, every_s: 300, assets: [\"equity:AAPL\", \"crypto:BTC\"] }\n";

/** Writes the configuration file. */
static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/** Loads the file that was written last with up to SETTINGS_MAX settings. */
static struct config *load(struct error *error, const char *const *settings)
{
    struct config_options options = {.path = path, .settings = settings};
    while (settings && settings[options.setting_count])
        options.setting_count++;
    *error = (struct error){0};
    return config_load(&options, error);
}

/** Loads a text that is fine. */
static struct config *load_good(const char *text, const char *const *settings)
{
    struct error error;
    write_file(text);
    struct config *config = load(&error, settings);
    assert_string_equal(error.message, "");
    assert_non_null(config);
    return config;
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/** A text that is refused, with these words in the message. */
static void assert_refused(const char *text, const char *const *settings, const char *words)
{
    struct error error;
    write_file(text);
    struct config *config = load(&error, settings);
    if (config)
        fail_msg("was taken, without: %s", words);
    if (!strstr(error.message, words))
        fail_msg("'%s' is not in: %s", words, error.message);
    assert_int_equal(error.code, ERROR_USAGE);
}

/** `small` with one text replaced is refused, with these words in the message. */
static void assert_change_refused(const char *from, const char *to, const char *words)
{
    const char *at = strstr(small, from);
    assert_non_null(at);
    char text[2048];
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - small), small, to, at + strlen(from));
    assert_refused(text, NULL, words);
}

static void shipped_configuration_loads(void **state)
{
    (void)state;
    struct error error = {0};
    struct config *config = config_load(&(struct config_options){.path = SOURCE_DIR "/config/quotebus.yaml"}, &error);
    assert_string_equal(error.message, "");
    assert_non_null(config);
    assert_int_equal(config->provider_count, 9);
    assert_true(config->asset_count >= 70);
    assert_string_equal(config->ingest.http.listen, "127.0.0.1:9701");
    assert_string_equal(config->kafka.topics_file, SOURCE_DIR "/config/../schemas/topics.yaml");
    assert_string_equal(config->validate.rules_file, SOURCE_DIR "/config/rules.yaml");
    assert_int_equal(access(config->kafka.topics_file, R_OK), 0);
    assert_int_equal(access(config->validate.rules_file, R_OK), 0);
    config_free(config);
}

static void configuration_of_the_recordings_loads(void **state)
{
    (void)state;
    struct error error = {0};
    struct config *config = config_load(&(struct config_options){.path = SOURCE_DIR "/compose/recordings.yaml"}, &error);
    assert_string_equal(error.message, "");
    assert_non_null(config);
    assert_int_equal(access(config->kafka.topics_file, R_OK), 0);
    assert_int_equal(access(config->validate.rules_file, R_OK), 0);
    config_free(config);
}

/** The defaults in the tables and the values of the shipped file are the same, so leaving a line out changes nothing. */
static void shipped_configuration_states_the_defaults(void **state)
{
    (void)state;
    struct error error = {0};
    struct config *shipped = config_load(&(struct config_options){.path = SOURCE_DIR "/config/quotebus.yaml"}, &error);
    struct config *empty = load_good("", NULL);
    assert_string_equal(empty->kafka.brokers, shipped->kafka.brokers);
    assert_string_equal(empty->registry.url, shipped->registry.url);
    assert_int_equal(empty->registry.timeout_ms, shipped->registry.timeout_ms);
    assert_string_equal(empty->postgres.conninfo, shipped->postgres.conninfo);
    assert_string_equal(empty->log.level, shipped->log.level);
    assert_string_equal(empty->ingest.http.listen, shipped->ingest.http.listen);
    assert_string_equal(empty->ingest.user_agent, shipped->ingest.user_agent);
    assert_int_equal(empty->ingest.http.stop_timeout_ms, shipped->ingest.http.stop_timeout_ms);
    assert_int_equal(empty->ingest.max_body_bytes, shipped->ingest.max_body_bytes);
    assert_int_equal(empty->ingest.retry_max_ms, shipped->ingest.retry_max_ms);
    assert_string_equal(empty->validate.http.listen, shipped->validate.http.listen);
    assert_string_equal(empty->validate.group, shipped->validate.group);
    assert_int_equal(empty->validate.transaction_max_records, shipped->validate.transaction_max_records);
    assert_int_equal(empty->validate.transaction_timeout_ms, shipped->validate.transaction_timeout_ms);
    assert_string_equal(empty->persist.http.listen, shipped->persist.http.listen);
    assert_int_equal(empty->persist.batch_max_rows, shipped->persist.batch_max_rows);
    assert_int_equal(empty->provider_count + empty->asset_count + empty->job_count, 0);
    config_free(empty);
    config_free(shipped);
}

static void providers_assets_and_jobs_are_read(void **state)
{
    (void)state;
    struct config *config = load_good(small, NULL);
    const struct provider_settings *yahoo = config_provider(config, "yahoo");
    assert_string_equal(yahoo->base_url, "https://query1.finance.yahoo.com");
    assert_true(yahoo->enabled);
    assert_int_equal(yahoo->max_in_flight, 4);
    assert_string_equal(yahoo->api_key_env, "");
    assert_null(config_provider(config, "kraken"));
    assert_int_equal(config->asset_count, 2);
    assert_string_equal(config->assets[0].id, "equity:AAPL");
    assert_string_equal(config->assets[0].asset_class, "equity");
    assert_string_equal(config->assets[0].sector, "technology");
    assert_null(asset_symbol_at(&config->assets[0], "coin-gecko"));
    assert_string_equal(config->assets[1].sector, "");
    assert_string_equal(asset_symbol_at(&config->assets[1], "coin-gecko"), "bitcoin");
    assert_string_equal(asset_symbol_at(&config->assets[1], "yahoo"), "BTC-USD");
    assert_int_equal(config->job_count, 2);
    assert_string_equal(config->jobs[0].name, "crypto-prices");
    assert_int_equal(config->jobs[0].every_s, 120);
    assert_string_equal(config->jobs[0].classes.items[0], "crypto");
    assert_int_equal(config->jobs[0].line, 8);
    assert_int_equal(config->jobs[1].assets.count, 2);
    config_free(config);
}

static void setting_wins_over_environment_over_file_over_default(void **state)
{
    (void)state;
    static const char text[] = "log: { level: warn }\n";
    struct config *config = load_good("", NULL);
    assert_string_equal(config->log.level, "info");
    config_free(config);
    config = load_good(text, NULL);
    assert_string_equal(config->log.level, "warn");
    config_free(config);
    setenv("QUOTEBUS_LOG_LEVEL", "error", 1);
    config = load_good(text, NULL);
    assert_string_equal(config->log.level, "error");
    config_free(config);
    config = load_good(text, SETTINGS("log.level=debug", "log.format=json", "log.level=off"));
    assert_string_equal(config->log.level, "off");
    assert_string_equal(config->log.format, "json");
    config_free(config);
    unsetenv("QUOTEBUS_LOG_LEVEL");
}

/** A variable and where its value has to arrive. */
struct variable {
    const char *name;
    const char *value;
};

static void environment_reaches_every_kind_of_field(void **state)
{
    (void)state;
    static const struct variable variables[] = {
        {"QUOTEBUS_KAFKA_TOPIC_PREFIX", "test."},
        {"QUOTEBUS_KAFKA_PROPERTIES", "a=b, c=d=e"},
        {"QUOTEBUS_INGEST_LISTEN", "[::1]:0"},
        {"QUOTEBUS_PERSIST_STOP_TIMEOUT_MS", "1234"},
        {"QUOTEBUS_PROVIDERS_YAHOO_BASE_URL", "http://127.0.0.1:8099/yahoo/"},
        {"QUOTEBUS_PROVIDERS_COIN_GECKO_BATCH_DELAY_SECONDS", "0.25"},
        {"QUOTEBUS_PROVIDERS_YAHOO_ENABLED", "false"},
        {"QUOTEBUS_JOBS_CRYPTO_PRICES_EVERY_S", "5"},
        {"QUOTEBUS_JOBS_ALL_ASSETS", "crypto:BTC"},
        {"QUOTEBUS_ASSETS_EQUITY_AAPL_SECTOR", "fruit"},
        {"QUOTEBUS_ASSETS_EQUITY_AAPL_SYMBOLS_COIN_GECKO", "apple"},
        /* These mean nothing to the configuration. */
        {"QUOTEBUS_NO_SUCH_THING", "x"},
        {"QUOTEBUS_FAIL", "x"},
    };
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        setenv(variables[i].name, variables[i].value, 1);
    struct config *config = load_good(small, NULL);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i].name);
    assert_string_equal(config_topic(config, "quotes.raw"), "test.quotes.raw");
    assert_int_equal(config->kafka.properties.count, 2);
    assert_string_equal(config->kafka.properties.items[1], "c=d=e");
    assert_string_equal(config->ingest.http.listen, "[::1]:0");
    assert_int_equal(config->persist.http.stop_timeout_ms, 1234);
    assert_string_equal(config_provider(config, "yahoo")->base_url, "http://127.0.0.1:8099/yahoo");
    assert_true(config_provider(config, "coin-gecko")->batch_delay_seconds == 0.25);
    assert_false(config_provider(config, "yahoo")->enabled);
    assert_int_equal(config->jobs[0].every_s, 5);
    assert_int_equal(config->jobs[1].assets.count, 1);
    assert_string_equal(config->assets[0].sector, "fruit");
    assert_string_equal(asset_symbol_at(&config->assets[0], "coin-gecko"), "apple");
    config_free(config);
}

static void wrong_override_is_named_instead_of_the_file(void **state)
{
    (void)state;
    assert_refused(small, SETTINGS("ingest.seed=x"), "--set: ingest.seed: 'x' is not a whole number");
    assert_refused(small, SETTINGS("jobs.all.provider=yaho"), "--set: jobs.all.provider: there is no provider 'yaho'");
    assert_refused(small, SETTINGS("assets.equity:AAPL.symbols.yahoo=A B"),
                   "--set: assets.equity:AAPL.symbols.yahoo: 'A B' must be");
    setenv("QUOTEBUS_REGISTRY_URL", "ftp://x", 1);
    assert_refused(small, NULL, "QUOTEBUS_REGISTRY_URL: registry.url: 'ftp://x' must begin with https:// or http://");
    unsetenv("QUOTEBUS_REGISTRY_URL");
    setenv("QUOTEBUS_INGEST_RETRY_ATTEMPTS", "", 1);
    assert_refused(small, NULL, "QUOTEBUS_INGEST_RETRY_ATTEMPTS: ingest.retry_attempts: '' is not a whole number");
    unsetenv("QUOTEBUS_INGEST_RETRY_ATTEMPTS");
}

static void setting_that_nothing_asks_for_is_refused(void **state)
{
    (void)state;
    assert_refused(small, SETTINGS("nonsense"), "--set nonsense: write --set path=value");
    assert_refused(small, SETTINGS("=x"), "--set =x: write --set path=value");
    assert_refused(small, SETTINGS("kafka.no_such_key=1"), "--set: kafka.no_such_key: there is no such setting");
    assert_refused(small, SETTINGS("log.level=info", "kafka.borkers=1"), "did you mean kafka.brokers?");
    assert_refused(small, SETTINGS("kafka=1"), "--set: kafka: there is no such setting");
    assert_refused(small, SETTINGS("kafka.brokersx=1"), "did you mean kafka.brokers?");
    assert_refused(small, SETTINGS("providers.kraken.enabled=true"), "there is no such setting");
    assert_refused(small, SETTINGS("jobs.all.every=5"), "did you mean jobs.all.every_s?");
}

static void errors_name_file_line_and_field(void **state)
{
    (void)state;
    char words[300];
    snprintf(words, sizeof(words), "%s:8: jobs.crypto-prices.every_s: 'often' is not a whole number", path);
    assert_change_refused("every_s: 120", "every_s: often", words);
    assert_change_refused("max_in_flight: 4", "max_in_flight: 65",
                          ":2: providers.yahoo.max_in_flight: 65 is not between 1 and 64");
    assert_change_refused("max_in_flight: 4", "max_in_fligth: 4", ":2: providers.yahoo.max_in_fligth: unknown key; did you mean");
    assert_change_refused("sector: technology", "sektor: technology",
                          ":5: assets.equity:AAPL.sektor: unknown key; did you mean sector?");
    assert_change_refused("jobs:", "job:", ":7: job: unknown key; did you mean jobs?");
    assert_refused("log: {}\njobs: []\n", NULL, ":2: jobs: must be a mapping");
    assert_change_refused("every_s: 120, ", "", ":8: jobs.crypto-prices.every_s: is required");
}

static void names_of_unknown_things_are_refused(void **state)
{
    (void)state;
    assert_change_refused(
        "provider: coin-gecko", "provider: coin-geko",
        ":8: jobs.crypto-prices.provider: there is no provider 'coin-geko' in the configuration; did you mean coin-gecko?");
    assert_change_refused("[crypto]", "[krypto]", "there is no asset class 'krypto' in the configuration; did you mean crypto?");
    assert_change_refused("\"crypto:BTC\"]", "\"crypto:BTX\"]",
                          "there is no asset 'crypto:BTX' in the configuration; did you mean");
    assert_change_refused("{ yahoo: AAPL }", "{ yaho: AAPL }",
                          ":5: assets.equity:AAPL.symbols.yaho: unknown key; did you mean yahoo?");
    assert_change_refused("{ yahoo: AAPL }", "{}", ":5: assets.equity:AAPL: has no symbol at any provider");
    assert_change_refused(
        "{ provider: yahoo,", "{ provider: coin-gecko,",
        ":9: jobs.all.assets: 'equity:AAPL' has no symbol at coin-gecko: add it under assets.equity:AAPL.symbols");
}

/** `small` without its jobs, with one asset more. */
static void assert_asset(const char *line, bool good)
{
    char text[2048];
    struct error error;
    snprintf(text, sizeof(text), "%.*s  %s\n", (int)(strstr(small, "jobs:") - small), small, line);
    write_file(text);
    struct config *config = load(&error, NULL);
    if ((config != NULL) != good)
        fail_msg("%s: %s", line, error.message);
    config_free(config);
}

static void asset_ids_and_symbols_are_bounded(void **state)
{
    (void)state;
    assert_asset("equity:BRK-B.X_1: { symbols: { yahoo: x } }", true);
    assert_asset("\"commodity:GC=F\": { symbols: { yahoo: x } }", true);
    assert_asset("\"index:^GSPC\": { symbols: { yahoo: x } }", true);
    assert_asset("equity:X23456789012345678901234567890123456789012345678901234567: { symbols: { yahoo: x } }", true);
    assert_asset("equity:X234567890123456789012345678901234567890123456789012345678: { symbols: { yahoo: x } }", false);
    assert_asset("AAPL: { symbols: { yahoo: x } }", false);
    assert_asset("\"equity:\": { symbols: { yahoo: x } }", false);
    assert_asset("\":AAPL\": { symbols: { yahoo: x } }", false);
    assert_asset("Equity:X: { symbols: { yahoo: x } }", false);
    assert_asset("\"equity:A B\": { symbols: { yahoo: x } }", false);
    assert_asset("\"equity:A:B\": { symbols: { yahoo: x } }", false);
    assert_asset("\"equity:\\u00c4\": { symbols: { yahoo: x } }", false);
    assert_asset("abcdefghijklmnop:X: { symbols: { yahoo: x } }", true);
    assert_asset("abcdefghijklmnopq:X: { symbols: { yahoo: x } }", false);
    assert_asset("equity:X: { symbols: { yahoo: \"^GSPC\" } }", true);
    assert_asset("equity:X: { symbols: { yahoo: BTC/USD } }", true);
    assert_asset("equity:X: { symbols: { yahoo: \"A,B\" } }", false);
    assert_asset("equity:X: { symbols: { yahoo: \"A B\" } }", false);
    assert_asset("equity:X: { symbols: { yahoo: \"\\u00c4\" } }", false);
    assert_asset("equity:X: { symbols: [yahoo] }", false);
    assert_asset("equity:X: { symbols: { yahoo: [x] } }", false);
    assert_asset("equity:X: {}", false);
    assert_asset("equity:X:", false);
}

static void names_of_providers_and_jobs_are_bounded(void **state)
{
    (void)state;
    assert_change_refused("coin-gecko:", "Coin:", ":3: providers.Coin: the key must be 1 to 64 lower case letters");
    assert_change_refused("crypto-prices:", "crypto.prices:", ":8: jobs.crypto.prices: the key must be");
    assert_change_refused("endpoint: spark", "endpoint: \"../spark\"", ":9: jobs.all.endpoint: '../spark' must be");
    assert_change_refused("api_key_env: KEY", "api_key_env: \"a key\"",
                          ":3: providers.coin-gecko.api_key_env: 'a key' is not the name");
    assert_change_refused("api_key_env: KEY", "api_key_env: 1KEY", "is not the name of an environment variable");
}

/** Whether a base URL of a provider is taken. */
static void assert_base_url(const char *url, bool good)
{
    struct error error;
    char setting[700];
    snprintf(setting, sizeof(setting), "providers.yahoo.base_url=%s", url);
    struct config *config = load(&error, SETTINGS(setting));
    if ((config != NULL) != good)
        fail_msg("%s: %s", url, error.message);
    config_free(config);
}

static void base_url_is_https_unless_the_host_is_loopback(void **state)
{
    (void)state;
    static const char *const right[] = {
        "https://example.com",         "https://example.com:8443/prefix",
        "https://93.184.216.34",       "https://[2001:db8::1]:443/x",
        "https://example.com/a/b/",    "http://127.0.0.1",
        "http://127.0.0.1:8099/yahoo", "http://127.255.255.254:1",
        "http://localhost:8099",       "http://LOCALHOST/",
        "http://[::1]:8099/x",         "http://[::1]",
        "https://a.b:65535",
    };
    static const char *const wrong[] = {
        "",
        "example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "HTTP://127.0.0.1",
        "http:/127.0.0.1",
        "http://",
        "https://",
        "https:///x",
        "http://example.com",
        "http://10.0.0.1",
        "http://128.0.0.1",
        "http://126.255.255.255",
        "http://0.0.0.0",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://localhost.",
        "http://[::2]",
        "http://[::ffff:127.0.0.1]",
        "http://::1",
        "http://[::1",
        "http://::1]",
        "http://[]",
        "http://[::1]x",
        "http://[::1]@example.com",
        "https://user@example.com",
        "https://user:password@example.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1:80@example.com",
        "http://127.0.0.1\\@example.com",
        "http://127.0.0.1%2f",
        "https://example.com?x=1",
        "https://example.com/#x",
        "https://example.com/?",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://example.com/\"x",
        "https://ex\xc3\xa4mple.com",
        "https://example.com:",
        "https://x:0",
        "https://x:65536",
        "https://x:99999999999",
        "https://x:-1",
        "https://x:8o",
        "https://x:443:443",
        "http://127.0.0.1:80:80",
        "https://example_.com/",
        "https://x/\r\nHost: y",
    };
    write_file(small);
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        assert_base_url(right[i], true);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_base_url(wrong[i], false);
    char url[600] = "https://example.com/";
    memset(url + strlen(url), 'x', 500 - strlen(url));
    assert_base_url(url, true);
    url[500] = 'x';
    assert_base_url(url, false);
    memset(url + 8, 'h', 256);
    url[264] = '\0';
    assert_base_url(url, false);
    url[263] = '\0';
    assert_base_url(url, true);
    assert_refused(small, SETTINGS("providers.yahoo.base_url=http://example.com"),
                   "must begin with https://, since its host is not loopback");
}

static void registry_may_be_plain_http_anywhere(void **state)
{
    (void)state;
    struct config *config = load_good(small, SETTINGS("registry.url=http://registry.internal:8081/apis/ccompat/v7"));
    config_free(config);
    assert_refused(small, SETTINGS("registry.url=http://user:secret@registry"), "must not contain a user or a password");
}

/** One text of a section and whether it is taken. */
struct text_case {
    const char *setting;
    bool good;
};

static void texts_of_sections_are_judged(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        {"kafka.brokers=", false},
        {"kafka.topic_prefix=staging.", true},
        {"kafka.topic_prefix=a b", false},
        {"kafka.topic_prefix=a/b", false},
        {"kafka.topics_file=", false},
        {"kafka.properties=security.protocol=ssl", true},
        {"kafka.properties=security.protocol", false},
        {"kafka.properties==ssl", false},
        {"postgres.conninfo=", false},
        {"postgres.conninfo=postgresql:///quotebus?host=/tmp", true},
        {"log.format=xml", false},
        {"log.level=loud", false},
        {"log.level=Debug", false},
        {"ingest.listen=", true},
        {"ingest.listen=127.0.0.1:0", true},
        {"ingest.listen=localhost:65535", true},
        {"ingest.listen=[::1]:80", true},
        {"ingest.listen=127.0.0.1", false},
        {"ingest.listen=127.0.0.1:65536", false},
        {"ingest.listen=example.com:80", false},
        {"ingest.listen=:80", false},
        {"ingest.listen=[::1:80", false},
        {"ingest.listen=[127.0.0.1]:80", false},
        {"validate.listen=x", false},
        {"persist.listen=x", false},
        {"ingest.user_agent=", false},
        {"ingest.user_agent=a\nCookie: b", false},
        {"ingest.contact=", true},
        {"ingest.contact=mailto:ops@example.org", true},
        {"ingest.contact=ops (night)", false},
        {"ingest.contact=a\rb", false},
        {"validate.instance=", false},
        {"validate.instance=a b", false},
        {"validate.group=", false},
        {"validate.output_prefix=shadow.", true},
        {"validate.output_prefix=a b", false},
        {"validate.rules_file=", false},
        {"persist.instance=a/b", false},
        {"persist.group=a b", false},
        {"persist.mode=upsert", true},
        {"persist.mode=insert", false},
        {"ingest.retry_max_ms=499", false},
        {"ingest.retry_max_ms=500", true},
        {"validate.transaction_interval_ms=12000", false},
        {"validate.transaction_interval_ms=11999", true},
    };
    write_file(small);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error;
        struct config *config = load(&error, SETTINGS(cases[i].setting));
        if ((config != NULL) != cases[i].good)
            fail_msg("%s: %s", cases[i].setting, error.message);
        if (!config)
            assert_ptr_equal(strstr(error.message, "--set: "), error.message);
        config_free(config);
    }
}

static void files_beside_are_found_from_the_folder_of_the_configuration(void **state)
{
    (void)state;
    char expected[128];
    struct config *config =
        load_good("kafka: { topics_file: /etc/topics.yaml }\nvalidate: { rules_file: sub/rules.yaml }\n", NULL);
    assert_string_equal(config->kafka.topics_file, "/etc/topics.yaml");
    snprintf(expected, sizeof(expected), "%s/sub/rules.yaml", folder);
    assert_string_equal(config->validate.rules_file, expected);
    config_free(config);
    assert_int_equal(chdir(folder), 0);
    struct error error = {0};
    config = config_load(&(struct config_options){.path = "quotebus.yaml"}, &error);
    assert_int_equal(chdir(source_folder), 0);
    assert_non_null(config);
    assert_string_equal(config->validate.rules_file, "sub/rules.yaml");
    config_free(config);
}

static void file_is_looked_for_in_the_documented_order(void **state)
{
    (void)state;
    struct error error = {0};
    char local_folder[64], local[80];
    const struct config_options nothing = {0};
    write_file("log: { level: warn }\n");
    snprintf(local_folder, sizeof(local_folder), "%s/config", folder);
    snprintf(local, sizeof(local), "%s/quotebus.yaml", local_folder);
    assert_int_equal(mkdir(local_folder, 0700), 0);
    assert_int_equal(rename(path, local), 0);
    write_file("log: { level: error }\n");
    assert_int_equal(chdir(folder), 0);

    unsetenv("QUOTEBUS_CONFIG");
    struct config *config = config_load(&nothing, &error);
    assert_string_equal(config->path, "config/quotebus.yaml");
    config_free(config);
    setenv("QUOTEBUS_CONFIG", "", 1);
    config = config_load(&nothing, &error);
    assert_string_equal(config->path, "config/quotebus.yaml");
    config_free(config);
    setenv("QUOTEBUS_CONFIG", path, 1);
    config = config_load(&nothing, &error);
    assert_string_equal(config->log.level, "error");
    config_free(config);
    config = config_load(&(struct config_options){.path = local}, &error);
    assert_string_equal(config->log.level, "warn");
    config_free(config);
    /* What is asked for and missing is not replaced by another file. */
    setenv("QUOTEBUS_CONFIG", "/does/not/exist.yaml", 1);
    assert_null(config_load(&nothing, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "/does/not/exist.yaml"));
    unsetenv("QUOTEBUS_CONFIG");
    unlink(local);
    rmdir(local_folder);
    if (access("/etc/quotebus/quotebus.yaml", F_OK) != 0) {
        assert_null(config_load(&nothing, &error));
        assert_int_equal(error.code, ERROR_NOT_FOUND);
        assert_non_null(strstr(error.message, "--config"));
    }
    assert_int_equal(chdir(source_folder), 0);
}

static void many_assets_load_quickly(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    fputs("providers: { yahoo: { base_url: \"https://x\" } }\nassets:\n", file);
    for (int i = 0; i < 20000; i++)
        fprintf(file, "  equity:A%d: { symbols: { yahoo: A%d } }\n", i, i);
    fclose(file);
    struct error error;
    struct config *config = load(&error, SETTINGS("log.level=debug"));
    assert_non_null(config);
    assert_int_equal(config->asset_count, 20000);
    config_free(config);
    file = fopen(path, "a");
    for (int i = 20000; i < 100001; i++)
        fprintf(file, "  equity:A%d: { symbols: { yahoo: A%d } }\n", i, i);
    fclose(file);
    assert_null(load(&error, NULL));
    assert_non_null(strstr(error.message, "has 100001 entries, at most 100000 are taken"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_configuration_loads),
        cmocka_unit_test(configuration_of_the_recordings_loads),
        cmocka_unit_test(shipped_configuration_states_the_defaults),
        cmocka_unit_test(providers_assets_and_jobs_are_read),
        cmocka_unit_test(setting_wins_over_environment_over_file_over_default),
        cmocka_unit_test(environment_reaches_every_kind_of_field),
        cmocka_unit_test(wrong_override_is_named_instead_of_the_file),
        cmocka_unit_test(setting_that_nothing_asks_for_is_refused),
        cmocka_unit_test(errors_name_file_line_and_field),
        cmocka_unit_test(names_of_unknown_things_are_refused),
        cmocka_unit_test(asset_ids_and_symbols_are_bounded),
        cmocka_unit_test(names_of_providers_and_jobs_are_bounded),
        cmocka_unit_test(base_url_is_https_unless_the_host_is_loopback),
        cmocka_unit_test(registry_may_be_plain_http_anywhere),
        cmocka_unit_test(texts_of_sections_are_judged),
        cmocka_unit_test(files_beside_are_found_from_the_folder_of_the_configuration),
        cmocka_unit_test(file_is_looked_for_in_the_documented_order),
        cmocka_unit_test(many_assets_load_quickly),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
