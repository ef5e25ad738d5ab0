#include "persist/jobs/assets.h"

#include "base/log.h"

#define SQL_CONFIGURE "SELECT quotebus.configure_assets($1, $2)"

void array_put_text(struct buf *literal, const char *text)
{
    if (literal->len > 1)
        buf_append_str(literal, STR(","));
    buf_append_str(literal, STR("\""));
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_append_str(literal, STR("\\"));
        buf_append(literal, text, 1);
    }
    buf_append_str(literal, STR("\""));
}

bool assets_configure(const struct config *config, struct pg *pg, struct error *error)
{
    struct buf ids = {0}, sectors = {0};
    buf_append_str(&ids, STR("{"));
    buf_append_str(&sectors, STR("{"));
    for (size_t i = 0; i < config->asset_count; i++) {
        array_put_text(&ids, config->assets[i].id);
        array_put_text(&sectors, config->assets[i].sector);
    }
    buf_append(&ids, "}", sizeof("}"));
    buf_append(&sectors, "}", sizeof("}"));
    const char *const params[] = {(const char *)ids.data, (const char *)sectors.data};
    PGresult *result = pg_query(pg, SQL_CONFIGURE, 2, params, error);
    if (result && pg_int(result, 0, 0) > 0)
        log_info("persist.jobs", "assets and sectors brought up to date", F_INT("changed", pg_int(result, 0, 0)));
    PQclear(result);
    buf_clear(&ids);
    buf_clear(&sectors);
    return result != NULL || error_prefix(error, "assets of the configuration");
}
