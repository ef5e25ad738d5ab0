"""The same work as persist's in Python, as one would write it well: confluent-kafka, fastavro, psycopg's binary COPY.

    python_consumer.py BROKERS TOPIC SCHEMA_FILE CONNINFO COLUMNS COUNT

Takes COUNT records in batches of 5,000: decodes, looks the keys of asset and source up (kept in a dictionary), and stores the rows
together with the next offsets in one transaction. Prints the seconds from the first batch on and the records of those seconds.
"""

import io
import json
import pathlib
import sys
import time
from datetime import datetime, timezone

import confluent_kafka as kafka
import fastavro
import psycopg

BATCH = 5000
TYPES = {"fetched_at": "timestamptz", "observed_at": "timestamptz", "usd_rate_at": "timestamptz", "raw_offset": "int8", "clean_offset": "int8",
         "asset_id": "int4", "observed_resolution_s": "int4", "source_count": "int4", "raw_partition": "int4", "clean_partition": "int4",
         "source_id": "int2", "verdict": "bytea", "symbol": "text", "currency": "text", "request_id": "text", "rules_version": "text",
         "usd_rate_source": "text", "flags": "text[]"}


class Keys:
    """Keys of names, asked once."""

    def __init__(self, connection, select, insert):
        self.connection, self.select, self.insert, self.known = connection, select, insert, {}

    def __getitem__(self, name):
        key = self.known.get(name)
        if key is None:
            row = self.connection.execute(self.select, [name]).fetchone() or self.connection.execute(self.insert, {"name": name}).fetchone()
            key = self.known[name] = row[0]
        return key


def reader(schema_file):
    """A function from a record's value to a dictionary."""
    schema = fastavro.parse_schema(json.loads(pathlib.Path(schema_file).read_text()))
    return lambda value: fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)


def store(connection, columns, messages, decode, assets, sources):
    """One batch, one transaction."""
    offsets = {}
    rows = []
    for message in messages:
        quote = decode(message.value())
        quote |= {"asset_id": assets[quote["asset"]], "source_id": sources[quote["source"]], "clean_partition": message.partition(),
                  "clean_offset": message.offset(), "verdict": quote["verdict"][:1].encode()}  # one byte, as type "char" has it
        rows.append([quote[name] for name in columns])
        offsets[message.partition()] = message.offset() + 1
    with connection.cursor() as cursor:
        with cursor.copy(f"copy quotebus.quote ({', '.join(columns)}) from stdin (format binary)") as copy:
            copy.set_types([TYPES.get(name, "float8") for name in columns])
            for row in rows:
                copy.write_row(row)
        for partition, offset in offsets.items():
            cursor.execute("insert into quotebus.stream_offset values (%s, %s, %s) on conflict (topic, partition) do update "
                           "set next_offset = excluded.next_offset", [messages[0].topic(), partition, offset])
    connection.commit()


def main():
    brokers, topic, schema_file, conninfo, columns, count = sys.argv[1:]
    connection = psycopg.connect(conninfo)
    assets = Keys(connection, "select asset_id from quotebus.asset where id = %s",
                  "insert into quotebus.asset (id, class) values (%(name)s, split_part(%(name)s, ':', 1)) returning asset_id")
    sources = Keys(connection, "select source_id from quotebus.source where name = %s",
                   "insert into quotebus.source (name) values (%(name)s) returning source_id")
    decode = reader(schema_file)
    for day in ("2026-01-02", "2026-01-03", "2026-01-04"):
        connection.execute("select quotebus.ensure_day('quote', %s)", [day])
    connection.commit()
    consumer = kafka.Consumer({"bootstrap.servers": brokers, "group.id": "rival.python", "auto.offset.reset": "earliest",
                               "enable.auto.commit": False, "isolation.level": "read_committed"})
    consumer.subscribe([topic])
    done, begun = 0, None
    while done < int(count):
        messages = [message for message in consumer.consume(BATCH, 0.2) if message.error() is None]
        if not messages:
            continue
        store(connection, columns.split(", "), messages, decode, assets, sources)
        if begun is None:
            begun, first = time.monotonic(), len(messages)
        done += len(messages)
    print(json.dumps({"seconds": time.monotonic() - begun, "records": done - first, "at": datetime.now(timezone.utc).isoformat()}))
    consumer.close()


if __name__ == "__main__":
    main()
