#!/usr/bin/env bash
# The newest keys and times by kcat, which shows what is where; and the values by `quotebus tail`, which knows the schemas.
# (kcat decodes Avro itself where it was built with libserdes: kcat -s value=avro -r "$QUOTEBUS_REGISTRY_URL" ...; Debian's is not.)
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
brokers=${QUOTEBUS_KAFKA_BROKERS:-127.0.0.1:9092}
topic=${QUOTEBUS_KAFKA_TOPIC_PREFIX:-}quotes.clean

kcat -q -C -b "$brokers" -X isolation.level=read_committed -t "$topic" -o beginning -e -c "${1:-20}" \
    -f '%k partition %p offset %o time %T value of %S bytes\n'
quotebus tail quotes.clean --from start --max "${1:-20}" --format '%k %s\n'
