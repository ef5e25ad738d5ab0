/*
 * Which asset a symbol of another system means. Pure.
 */
#ifndef QUOTEBUS_CLI_SYMBOLS_H
#define QUOTEBUS_CLI_SYMBOLS_H

#include "base/bytes.h"
#include "base/config.h"
#include "base/error.h"

/**
 * The asset id of a symbol, in the arena: the symbol itself when it is a configured asset's id; else the configured asset that
 * has it as its code or as its symbol at a provider, of `asset_class` where that is given; else `asset_class:SYMBOL`.
 * ERROR_INVALID: none, or several (the message names them).
 */
bool symbol_asset(const struct config *config, struct str symbol, const char *asset_class, struct arena *arena, struct str *asset,
                  struct error *error) MUST_CHECK;

#endif
