"""Schemas change while readers go on; any Avro client can read."""

import copy
import datetime
import json
import shutil

import bus
import fastavro
from confluent_kafka import DeserializingConsumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from pipeline import wait_for
from stack import ROOT


def with_new_field(tmp_path, name):
    """A copy of schemas/ in which one record has a new optional field. Returns its folder and the new schema."""
    folder = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", folder)
    path = folder / f"{name}.avsc"
    content = json.loads(path.read_text())
    content["fields"].insert(5, {"name": "venue", "type": ["null", "string"], "default": None, "doc": "Where it traded."})
    path.write_text(json.dumps(content))
    return folder, fastavro.parse_schema(copy.deepcopy(content), named_schemas={})


def test_new_optional_field_is_deployed_while_old_readers_go_on(pipeline, tmp_path):
    pipeline.start()
    pipeline.wait_rows(100)
    old_id = pipeline.schema_id("quotes.raw")
    folder, parsed = with_new_field(tmp_path, "quote")
    done = pipeline.stack.run("quotebus", "topics", "apply", "--topics", folder / "topics.yaml")
    print(done.stdout)
    new_id = pipeline.schema_id("quotes.raw")
    assert new_id != old_id, "the new version was not registered"

    sample = bus.decode(pipeline.read("quotes.raw")[0], bus.schema("quote"))
    sample |= {"venue": "XNAS", "price": 123.25, "request_id": "from-a-newer-ingest",
               "fetched_at": sample["fetched_at"] + datetime.timedelta(milliseconds=1)}  # the key of a row
    pipeline.produce("quotes.raw", [(sample["asset"].encode(), bus.encode(new_id, parsed, sample))])
    wait_for(lambda: pipeline.sql("select price from quotebus.quotes where request_id = 'from-a-newer-ingest'") == [["123.25"]], 30,
             "the newer record became a row")
    assert not pipeline.read("quotes.raw.dlq")
    pipeline.stop_ingest()
    pipeline.settle()
    pipeline.check_exactly_once()


def test_incompatible_schema_is_refused_and_nothing_changes(pipeline, tmp_path):
    folder = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", folder)
    path = folder / "quote.avsc"
    content = json.loads(path.read_text())
    next(field for field in content["fields"] if field["name"] == "price")["type"] = "string"
    path.write_text(json.dumps(content))
    before = pipeline.schema_id("quotes.raw")
    done = pipeline.stack.run("quotebus", "topics", "apply", "--topics", folder / "topics.yaml", check=False)
    assert done.returncode == 4, done.stderr
    assert "quotes.raw" in done.stdout + done.stderr
    assert pipeline.schema_id("quotes.raw") == before


def test_apply_is_idempotent_and_shows_differences_instead_of_changing_them(pipeline, tmp_path):
    again = pipeline.stack.run("quotebus", "topics", "apply")
    assert again.returncode == 0
    assert pipeline.stack.run("quotebus", "topics", "diff").returncode == 0
    folder = tmp_path / "schemas"
    shutil.copytree(ROOT / "schemas", folder)
    table = folder / "topics.yaml"
    table.write_text(table.read_text().replace("partitions: 4, cleanup: delete,  retention_d: 90", "partitions: 8, cleanup: delete,  retention_d: 30"))
    done = pipeline.stack.run("quotebus", "topics", "apply", "--topics", table, check=False)
    assert done.returncode == 4
    text = done.stdout + done.stderr
    assert "quotes.raw" in text and "partitions" in text and "retention" in text
    assert pipeline.stack.run("quotebus", "topics", "diff").returncode == 0, "something was changed"


def test_python_consumer_with_its_own_deserializer_reads_clean_quotes(pipeline):
    pipeline.start()
    pipeline.wait_rows(200)
    pipeline.stop_ingest()
    pipeline.settle()
    registry = SchemaRegistryClient({"url": pipeline.stack.registry_url})
    consumer = DeserializingConsumer({"bootstrap.servers": pipeline.stack.brokers, "group.id": "a-quant", "auto.offset.reset": "earliest",
                                      "isolation.level": "read_committed", "value.deserializer": AvroDeserializer(registry)})
    consumer.subscribe([pipeline.topic("quotes.clean")])
    expected = len(pipeline.read("quotes.clean"))
    quotes = []

    def all_read():
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            quotes.append(message.value())
        return len(quotes) == expected
    try:
        wait_for(all_read, 60, f"{expected} quotes", 0)
    finally:
        consumer.close()
    assert {quote["verdict"] for quote in quotes} <= {"PASS", "SUSPECT", "REJECT"}
    assert {"yahoo", "coingecko", "alphavantage"} <= {quote["source"] for quote in quotes}
    assert all(quote["fetched_at"].tzinfo is not None for quote in quotes)
