"""kill -9 under load: three instances of validate that die and come back write what one undisturbed instance would have written.

QB_KILLS=100 tests/run system -k under_load   is the long form; the default takes some seconds.
"""

import json
import os
import random
import time

import bus
import confluent_kafka as kafka
import streams
from pipeline import wait_for
from stack import Process, free_port

KILLS = int(os.environ.get("QB_KILLS", "3"))
QUOTES_PER_S = 20000
INSTANCES = 3
INPUTS = ("quotes.raw", "bars.raw", "rankings.raw")
OUTPUTS = ("quotes.clean", "quotes.anomalies", "prices.consensus", "bars.clean", "bars.anomalies", "rankings.clean")
BARS_A_ROUND = 200
ENVIRONMENT = {"QUOTEBUS_VALIDATE_SESSION_TIMEOUT_MS": "1500"}


class Load:
    """The writer of quotes and the instances of validate."""

    def __init__(self, pipeline):
        self.pipeline, self.stack = pipeline, pipeline.stack

    def start_writer(self):
        """Writes until it is stopped."""
        argv = [self.stack.bin / "bench_load", "--rate", QUOTES_PER_S, "--quotes", 10**9]
        return self.stack.add(Process("load", argv, self.stack.logs, env=self.stack.config_env(), stop_s=60))

    def start_validate(self, number):
        env = {**ENVIRONMENT, "QUOTEBUS_VALIDATE_INSTANCE": str(number), "QUOTEBUS_VALIDATE_LISTEN": f"127.0.0.1:{free_port()}"}
        return self.stack.start_stage("validate", name=f"validate-{number}", env=env)

    def open_records(self, prefix=""):
        """Raw records that are not committed by the group yet."""
        group = f"{self.stack.prefix}{prefix}quotebus.validate"
        consumer = kafka.Consumer({"bootstrap.servers": self.stack.brokers, "group.id": group, "enable.auto.commit": False})
        try:
            partitions = [kafka.TopicPartition(topic, number) for topic in map(self.pipeline.topic, INPUTS)
                          for number in consumer.list_topics(topic, timeout=20).topics[topic].partitions]
            ends = {(p.topic, p.partition): consumer.get_watermark_offsets(p, timeout=20)[1] for p in partitions}
            return sum(ends[p.topic, p.partition] - max(0, p.offset) for p in consumer.committed(partitions, timeout=20))
        finally:
            consumer.close()

    def write_bars(self, round_number, chance):
        """A stretch of days of four assets from two sources, one of which is now and then in another unit, and a list."""
        days = range(round_number * BARS_A_ROUND // 8, (round_number + 1) * BARS_A_ROUND // 8)
        records = [streams.scaled(streams.bar(day, asset=f"crypto:{asset}", source=source), chance.choice([1.0] * 12 + [1.8, 100.0]))
                   for day in days for asset in ("BTC", "ETH", "SOL", "XRP") for source in ("yahoo", "coingecko")]
        streams.produce(self.pipeline, "bars", records)
        streams.produce(self.pipeline, "rankings", [streams.ranking(round_number)])

    def wait_judged(self, prefix="", timeout_s=120):
        wait_for(lambda: self.open_records(prefix) == 0, timeout_s, f"all was judged into '{prefix}'", 0.3)


def test_kills_under_load_change_no_byte(pipeline):
    chance = random.Random(KILLS)
    load = Load(pipeline)
    instances = [load.start_validate(number) for number in range(INSTANCES)]
    writer = load.start_writer()
    wait_for(lambda: sum(count for count, _ in bus.digests(pipeline.stack.brokers, pipeline.topic("quotes.clean")).values()) > QUOTES_PER_S,
             60, "the load was judged", 0.5)
    for number in range(KILLS):
        load.write_bars(number, chance)
        victim = chance.choice(instances)
        victim.kill()
        victim.start()
        time.sleep(chance.uniform(0.2, 2.5))
    assert pipeline.stack.stop_process("load") == 0, writer.log_tail()
    written = json.loads(writer.log_tail().splitlines()[-1])["quotes"]
    load.wait_judged()
    assert all(instance.running() for instance in instances)

    pipeline.stack.run("quotebus", "topics", "apply", "--set", f"kafka.topic_prefix={pipeline.stack.prefix}shadow.")
    pipeline.stack.start_stage("validate", "--set", "validate.output_prefix=shadow.", "--set", f"validate.listen=127.0.0.1:{free_port()}",
                               name="validate-shadow")
    load.wait_judged("shadow.")
    judged = bus.digests(pipeline.stack.brokers, pipeline.topic("quotes.clean"))
    assert sum(count for count, _ in judged.values()) == written
    bars = {name: sum(count for count, _ in bus.digests(pipeline.stack.brokers, pipeline.topic(name)).values()) for name in OUTPUTS[3:]}
    assert bars["bars.clean"] >= KILLS * BARS_A_ROUND and bars["bars.anomalies"] > 0 and bars["rankings.clean"] == KILLS
    for name in OUTPUTS:
        live = bus.digests(pipeline.stack.brokers, pipeline.topic(name))
        again = bus.digests(pipeline.stack.brokers, pipeline.topic(f"shadow.{name}"))
        for partition, (count, blocks) in live.items():
            other_count, other_blocks = again[partition]
            first = next((i for i, (a, b) in enumerate(zip(blocks, other_blocks)) if a != b), None)
            assert first is None, f"{name} [{partition}]: first difference among records {first * bus.BLOCK} to {(first + 1) * bus.BLOCK}"
            assert count == other_count, f"{name} [{partition}]: {count} records, {other_count} from one undisturbed instance"
    print(f"{KILLS} deaths of {INSTANCES} instances under {QUOTES_PER_S} quotes/s: {written} quotes, {bars['bars.clean']} bars, not a byte differs")
