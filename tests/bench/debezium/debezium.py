"""Kafka Connect with the Debezium JDBC sink over one topic, tuned, in one process (standalone, one task)."""

import glob
import json
import time

from process import Process
from stack import COMPONENTS, ROOT, Failure, find_java, free_port

WORKER = {
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "io.apicurio.registry.utils.converter.AvroConverter",
    "value.converter.apicurio.registry.as-confluent": "true", "value.converter.apicurio.registry.use-id": "contentId",
    "plugin.discovery": "only_scan", "offset.flush.interval.ms": "5000",
    # What the sink gets at once is what the consumer polls at once.
    "consumer.max.poll.records": "5000", "consumer.fetch.min.bytes": "100000", "consumer.auto.offset.reset": "earliest",
    "consumer.isolation.level": "read_committed",
}
SINK = {
    "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector", "tasks.max": "1", "batch.size": "5000",
    "primary.key.mode": "record_value", "primary.key.fields": "asset,source,fetched_at", "schema.evolution": "none",
    "connection.pool.min_size": "1", "connection.pool.max_size": "2",
}


def write_properties(path, properties):
    path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))


def make_table(ground, table):
    """A table with the record's own fields; the sink cannot make it itself, since it knows no default of an array."""
    fields = json.loads((ROOT / "schemas" / "clean_quote.avsc").read_text())["fields"]

    def sql_type(avro):
        if isinstance(avro, list):
            return sql_type(next(part for part in avro if part != "null"))
        name = avro["type"] if isinstance(avro, dict) else avro
        return {"double": "float8", "long": "int8", "int": "int4", "array": "text[]"}.get(name, "text")

    columns = ", ".join(f"{field['name']} {sql_type(field['type'])}" for field in fields)
    ground.watch.execute(f"drop table if exists {table}")
    ground.watch.execute(f"create table {table} ({columns}, primary key (asset, source, fetched_at))")


def start(ground, mode):
    """Starts the sink in a mode (insert or upsert) into table public.rival_<mode>."""
    stack = ground.stack
    worker, sink = ground.folder / f"worker-{mode}.properties", ground.folder / f"sink-{mode}.properties"
    write_properties(worker, WORKER | {
        "bootstrap.servers": stack.brokers, "listeners": f"http://127.0.0.1:{free_port()}",
        "offset.storage.file.filename": ground.folder / f"offsets-{mode}",
        "value.converter.apicurio.registry.url": f"http://127.0.0.1:{stack.ports['registry']}/apis/registry/v2"})
    write_properties(sink, SINK | {
        "name": f"rival-{mode}", "topics": ground.topic, "insert.mode": mode, "collection.name.format": f"rival_{mode}",
        "connection.url": f"jdbc:postgresql://127.0.0.1:{stack.ports['postgres']}/{stack.database}?reWriteBatchedInserts=true",
        "connection.username": "admin", "connection.password": stack.passwords["admin"]})
    logging = glob.glob(f"{COMPONENTS}/kafka/log4j-*.jar")
    argv = [find_java(), "-Xmx768m", f"-Dlog4j2.configurationFile={ground.folder / 'kafka' / 'log4j2.properties'}",
            "-cp", ":".join([f"{COMPONENTS}/connect/*", *logging]), "org.apache.kafka.connect.cli.ConnectStandalone", worker, sink]
    return stack.add(Process(f"connect-{mode}", argv, stack.logs, stop_s=10.0))


def rows_per_s(ground, mode, sample, timeout_s=600):
    """Rows per second from a quarter of the sample (by then it is warm) to the whole."""
    make_table(ground, f"rival_{mode}")
    process = start(ground, mode)
    deadline = time.monotonic() + timeout_s
    first = None
    try:
        while (rows := ground.watch.execute(f"select count(*) from rival_{mode}").fetchone()[0]) < sample:
            if not first and rows >= sample // 4:
                first = (time.monotonic(), rows)
            if not process.running() or time.monotonic() > deadline:
                raise Failure(f"the Debezium sink has stored {rows:,} of {sample:,} rows:\n{process.log_tail(30)}")
            time.sleep(0.2)
        return (rows - first[1]) / (time.monotonic() - first[0])
    finally:
        ground.stack.stop_process(f"connect-{mode}")
