"""Prints judged quotes, or puts an hour of them into a pandas DataFrame.

    pip install 'confluent-kafka[avro,schemaregistry]' pandas
    python quotes.py --count 20
    python quotes.py --group my-research --since=-1h --frame

With --group the position is kept at the broker; --since puts it back to a time, which is how a group reads an hour once more.
SPDX-License-Identifier: Apache-2.0
"""

import argparse
import os
import re
import time

from confluent_kafka import DeserializingConsumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def start_ms(text):
    """Milliseconds since the epoch of a text like -1h."""
    match = re.fullmatch(r"-(\d+)([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text}: write -30m, -1h, -2d")
    return int((time.time() - int(match[1]) * SECONDS[match[2]]) * 1000)


def open_consumer(args):
    registry = SchemaRegistryClient({"url": args.registry})
    consumer = DeserializingConsumer({
        "bootstrap.servers": args.brokers, "group.id": args.group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "isolation.level": "read_committed", "value.deserializer": AvroDeserializer(registry)})

    def assigned(consumer, partitions):
        """Puts each partition back to the first record at or after --since."""
        asked = [TopicPartition(p.topic, p.partition, args.since) for p in partitions]
        consumer.assign(consumer.offsets_for_times(asked, timeout=10))
    consumer.subscribe([args.prefix + "quotes.clean"], **({"on_assign": assigned} if args.since else {}))
    return consumer


def quotes(consumer, count, idle_s):
    """Up to `count` quotes; ends when none came for `idle_s` seconds."""
    deadline = time.monotonic() + idle_s
    while count > 0 and time.monotonic() < deadline:
        message = consumer.poll(0.5)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error().str())
        yield message.value()
        count -= 1
        deadline = time.monotonic() + idle_s


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", default=os.environ.get("QUOTEBUS_KAFKA_BROKERS", "127.0.0.1:9092"))
    parser.add_argument("--registry", default=os.environ.get("QUOTEBUS_REGISTRY_URL", "http://127.0.0.1:8081/apis/ccompat/v7"))
    parser.add_argument("--prefix", default=os.environ.get("QUOTEBUS_KAFKA_TOPIC_PREFIX", ""))
    parser.add_argument("--group", default="quotes-example")
    parser.add_argument("--since", type=start_ms, help="begin there, e.g. -1h; without it where the group stopped")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--idle", type=float, default=5, metavar="SECONDS", help="end when nothing came for so long")
    parser.add_argument("--frame", action="store_true", help="collect into a DataFrame and print a summary per asset")
    args = parser.parse_args()
    consumer = open_consumer(args)
    found = quotes(consumer, args.count, args.idle)
    if args.frame:
        import pandas
        frame = pandas.DataFrame(found).set_index("fetched_at")
        print(frame.groupby("asset")["price"].describe()[["count", "min", "50%", "max"]].to_string())
    else:
        for quote in found:
            print(quote["asset"], quote["source"], quote["price"], quote["currency"], quote["verdict"], ",".join(quote["flags"]))
    if consumer.assignment():
        consumer.commit(asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    main()
