"""One pipeline under test: deploy, start, wait until all is settled, and check the guarantees from the outside."""

import json
import pathlib
import time
import urllib.request

import bus
from stack import ROOT, STAGES
from up import read_env_file

# Every job each second, without the pauses that real providers ask for; a killed instance is missed soon.
FAST = {name: ("1" if name.endswith("_EVERY_S") else value) for name, value in read_env_file(ROOT / "compose" / "demo.env").items()
        if "_PERSIST_" not in name}
FAST.update({"QUOTEBUS_PROVIDERS_YAHOO_CALLS_PER_WINDOW": "100000", "QUOTEBUS_PROVIDERS_COINGECKO_CALLS_PER_WINDOW": "100000",
             "QUOTEBUS_PROVIDERS_COINGECKO_MAX_CALLS_PER_MONTH": "0", "QUOTEBUS_PROVIDERS_COINGECKO_BATCH_DELAY_SECONDS": "0.05",
             "QUOTEBUS_PROVIDERS_ALPHAVANTAGE_MAX_CALLS": "0", "QUOTEBUS_PROVIDERS_ALPHAVANTAGE_CALLS_PER_WINDOW": "100000",
             "QUOTEBUS_PROVIDERS_ALPHAVANTAGE_BATCH_DELAY_SECONDS": "0.05",
             "QUOTEBUS_INGEST_SESSION_TIMEOUT_MS": "3000", "QUOTEBUS_INGEST_TRANSACTION_TIMEOUT_MS": "2000",
             # A call for each share each second would leave nothing to the histories, which come last.
             "QUOTEBUS_JOBS_STOCK_DETAILS_EVERY_S": "10", "QUOTEBUS_VALIDATE_SESSION_TIMEOUT_MS": "3000", "QUOTEBUS_PERSIST_SESSION_TIMEOUT_MS": "3000"})


def wait_for(check, timeout_s, what, pause_s=0.1):
    """Waits until check() is true; returns its value."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = check()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} within {timeout_s} s"
        time.sleep(pause_s)


class Pipeline:
    """Wraps a Stack tenant with what tests need."""

    def __init__(self, stack):
        self.stack = stack
        self.stack.extra_env.update(self.stack.sim_env())
        self.stack.extra_env.update(FAST)

    # ---- life

    def deploy(self):
        self.stack.run("quotebus", "topics", "apply")
        self.stack.create_database()

    def start(self, *sim_arguments, stages=STAGES, seed=1, env=None):
        """The simulator and the stages; `env` maps a stage to more environment."""
        if "ingest" in stages:
            self.stack.start_sim(*sim_arguments, seed=seed)
        for stage in reversed(stages):
            self.stack.start_stage(stage, env=(env or {}).get(stage))
        self.stack.wait_ready(stages)

    def stop(self):
        self.stack.stop()

    def remove(self):
        """Takes its topics and its database away: what a hundred tests leave would make every restart of a component slow."""
        bus.delete_topics(self.stack.brokers, self.stack.prefix)
        self.stack.psql(f"drop database if exists {self.stack.database} with (force)", database="postgres", check=False)

    def process(self, name):
        return self.stack.processes[name]

    def kill_and_restart(self, name):
        """kill -9, then the same again."""
        process = self.process(name)
        process.kill()
        process.start()

    def stop_ingest(self):
        assert self.stack.stop_process("ingest") == 0, "ingest did not end with status 0"

    def log_tails(self):
        return "\n".join(f"---- {process.name}\n{process.log_tail(25)}" for process in self.stack.processes.values())

    # ---- looking at it

    def topic(self, name):
        return f"{self.stack.prefix}{name}"

    def read(self, name):
        return bus.read_all(self.stack.brokers, self.topic(name))

    def produce(self, name, records):
        return bus.produce(self.stack.brokers, self.topic(name), records)

    def sql(self, text):
        """Rows as lists of text."""
        out = self.stack.psql(text, role="admin")
        return [line.split("|") for line in out.splitlines()]

    def count(self, table):
        return int(self.sql(f"select count(*) from quotebus.{table}")[0][0])

    def http(self, stage, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.stack.ports[stage]}{path}", timeout=5) as answer:
            return answer.read().decode()

    def sim(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.stack.ports['sim']}{path}", timeout=5) as answer:
            return json.load(answer)

    def schema_id(self, name):
        """Id of a topic's schema in the registry."""
        url = f"{self.stack.registry_url}/subjects/{self.topic(name)}-value/versions/latest"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["id"]

    def rss_mb(self, stage):
        status = pathlib.Path(f"/proc/{self.process(stage).pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def wait_rows(self, least, timeout_s=60):
        wait_for(lambda: self.count("quote") >= least, timeout_s, f"{least} rows in the quote table")

    # ---- guarantees

    def settle(self, timeout_s=60):
        """Waits until every raw record was judged or is a dead letter, and every clean record is a row or a dead letter."""
        def settled():
            raw = len(self.read("quotes.raw"))
            clean = len(self.read("quotes.clean"))
            return raw == clean + len(self.read("quotes.raw.dlq")) and clean == self.count("quote") + len(self.read("quotes.clean.dlq")) \
                and len(self.read("prices.consensus")) == self.count("consensus") and len(self.read("quotes.anomalies")) == self.count("anomaly")
        try:
            wait_for(settled, timeout_s, "the pipeline settled", 0.5)
        except AssertionError as error:
            figures = {name: len(self.read(name)) for name in
                       ("quotes.raw", "quotes.raw.dlq", "quotes.clean", "quotes.clean.dlq", "prices.consensus", "quotes.anomalies")}
            figures |= {table: self.count(table) for table in ("quote", "consensus", "anomaly")}
            raise AssertionError(f"{error}: {figures}") from None

    def check_exactly_once(self):
        """Each raw record has one clean record, each clean record one row with the same figures. Returns the number of raw records."""
        raw = self.read("quotes.raw")
        letters = {(int(r.headers["__connect.errors.partition"]), int(r.headers["__connect.errors.offset"])) for r in self.read("quotes.raw.dlq")}
        expected = {(r.partition, r.offset) for r in raw} - letters
        parsed = bus.schema("clean_quote")
        clean = [(record, bus.decode(record, parsed)) for record in self.read("quotes.clean")]
        origins = [(value["raw_partition"], value["raw_offset"]) for _, value in clean]
        assert len(origins) == len(set(origins)), "a raw record was judged twice"
        assert set(origins) == expected, "a raw record was not judged"
        assert all(record.partition == value["raw_partition"] for record, value in clean)

        keys = [(value["asset"], value["source"], value["fetched_at"]) for _, value in clean]
        assert len(keys) == len(set(keys)), "one poll stands twice in the raw topic"
        rows = self.sql("select raw_partition, raw_offset, clean_partition, clean_offset, price from quotebus.quotes")
        stored = sorted((int(a), int(b), int(c), int(d), float(e)) for a, b, c, d, e in rows)
        wanted = sorted((v["raw_partition"], v["raw_offset"], r.partition, r.offset, v["price"]) for r, v in clean)
        assert stored == wanted, "rows differ from the clean topic"
        return len(raw)

    def check_reproducible(self):
        """Judging the raw topic again, into other topics, gives the same bytes."""
        names = ("quotes.clean", "quotes.anomalies", "prices.consensus", "validate.reports")
        stack = self.stack
        stack.run("quotebus", "topics", "apply", "--set", f"kafka.topic_prefix={stack.prefix}shadow.")
        stack.start_stage("validate", "--set", "validate.output_prefix=shadow.", "--set", "validate.listen=127.0.0.1:0", name="validate-shadow")
        try:
            live = {name: self.read(name) for name in names}
            wait_for(lambda: all(len(self.read(f"shadow.{name}")) >= len(live[name]) for name in names), 90, "the raw topic was judged again", 0.5)
        finally:
            assert stack.stop_process("validate-shadow") == 0
        for name in names:
            again = self.read(f"shadow.{name}")
            for one, other in zip(live[name], again):
                assert one.value == other.value, f"{name}: first difference at partition {one.partition}, offset {one.offset}"
            assert bus.checksum(live[name]) == bus.checksum(again), f"{name} came out differently"
        return bus.checksum(live["quotes.clean"])
