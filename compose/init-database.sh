#!/bin/sh
# Login roles of the database, once, when its volume is new. The groups they belong to are made by the migrations, and are made
# here already so that membership needs no second step. SPDX-License-Identifier: Apache-2.0
set -eu
psql -v ON_ERROR_STOP=1 -v writer="$(cat /run/secrets/writer_password)" -v reader="$(cat /run/secrets/reader_password)" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE quotebus LOGIN PASSWORD :'writer';
CREATE ROLE quotebus_read LOGIN PASSWORD :'reader';
SQL
