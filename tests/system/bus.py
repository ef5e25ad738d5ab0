"""Reading and writing topics from the outside, with librdkafka's Python binding: an independent witness of what the stages did."""

import collections
import hashlib
import io
import json
import pathlib
import struct
import time

import confluent_kafka as kafka
import fastavro
from confluent_kafka.admin import AdminClient

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = 1000
Record = collections.namedtuple("Record", "partition offset key value timestamp headers")


def schema(name):
    """A parsed schema of schemas/."""
    return fastavro.parse_schema(json.loads((ROOT / "schemas" / f"{name}.avsc").read_text()), named_schemas={})


def scan(brokers, topic, take, timeout_s=60):
    """Gives all committed records of a topic as it stands now to take(message), those of a partition in order."""
    consumer = kafka.Consumer({"bootstrap.servers": brokers, "group.id": "witness", "enable.auto.commit": False,
                               "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "earliest",
                               "fetch.wait.max.ms": 50, "allow.auto.create.topics": False})
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        consumer.assign([kafka.TopicPartition(topic, number, kafka.OFFSET_BEGINNING) for number in partitions])
        ended, deadline = set(), time.monotonic() + timeout_s
        while len(ended) < len(partitions):
            assert time.monotonic() < deadline, f"{topic} was not read to its end within {timeout_s} s"
            for message in consumer.consume(5000, 0.2):
                if message.error() is None:
                    take(message)
                elif message.error().code() == kafka.KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
                else:
                    raise kafka.KafkaException(message.error())
    finally:
        consumer.close()


def read_all(brokers, topic, timeout_s=60):
    """All committed records of a topic as it stands now, by partition and offset."""
    records = []

    def take(message):
        records.append(Record(message.partition(), message.offset(), message.key(), message.value(), message.timestamp()[1],
                              dict(message.headers() or [])))
    scan(brokers, topic, take, timeout_s)
    return sorted(records, key=lambda record: (record.partition, record.offset))


def digests(brokers, topic, timeout_s=300):
    """Of each partition that has records: their number, and a checksum after each BLOCK of them and at the end (keys, values, time stamps)."""
    running = {}

    def take(message):
        count, digest, blocks = running.get(message.partition()) or (0, hashlib.sha256(), [])
        for part in (message.key() or b"", message.value() or b"", str(message.timestamp()[1]).encode()):
            digest.update(struct.pack(">I", len(part)) + part)
        if (count + 1) % BLOCK == 0:
            blocks.append(digest.digest())
        running[message.partition()] = (count + 1, digest, blocks)
    scan(brokers, topic, take, timeout_s)
    return {partition: (count, [*blocks, digest.digest()]) for partition, (count, digest, blocks) in running.items()}


def decode(record, parsed):
    """The value of a record in the Confluent wire format, as a dictionary."""
    assert record.value[0] == 0
    body = io.BytesIO(record.value[5:])
    value = fastavro.schemaless_reader(body, parsed, None)
    assert not body.read(1), "bytes behind the record"
    return value


def encode(schema_id, parsed, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, parsed, value)
    return struct.pack(">bI", 0, schema_id) + out.getvalue()


def checksum(records):
    """Of keys, values and time stamps per partition in order; offsets left out, since aborted transactions leave gaps."""
    digest = hashlib.sha256()
    for record in records:
        for part in (str(record.partition).encode(), record.key or b"", record.value or b"", str(record.timestamp).encode()):
            digest.update(struct.pack(">I", len(part)) + part)
    return digest.hexdigest()


def delete_topics(brokers, prefix):
    """Deletes the topics whose name begins with the prefix; a broker that does not answer keeps them."""
    admin = AdminClient({"bootstrap.servers": brokers})
    try:
        names = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
        for done in (admin.delete_topics(names, operation_timeout=10) if names else {}).values():
            done.result(20)
    except kafka.KafkaException as error:
        print(f"topics {prefix}* were not deleted: {error}")


def produce(brokers, topic, records):
    """Writes (key, value[, partition[, time stamp in ms]]) rows and waits for them. Returns the (partition, offset) of each."""
    placed = []

    def delivered(error, message):
        assert error is None, error
        placed.append((message.partition(), message.offset()))

    producer = kafka.Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random", "message.max.bytes": 5000000})
    for row in records:
        more = {name: value for name, value in zip(("partition", "timestamp"), row[2:]) if value is not None}
        producer.produce(topic, key=row[0], value=row[1], on_delivery=delivered, **more)
        producer.poll(0)
    assert producer.flush(30) == 0
    assert len(placed) == len(records)
    return placed
