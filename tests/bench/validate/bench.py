"""What the parts of the bench share: Kafka and registry of its own, topics, instances of validate, and their figures."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "compose" / "lib"))

from process import Failure, Process  # noqa: E402
from stack import DEFAULT_PORTS, Stack, find_java, free_port  # noqa: E402

SAMPLE_S = 0.05
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
OUTPUTS = ("quotes.clean", "quotes.anomalies", "prices.consensus", "validate.reports", "prices.latest", "validate.state")


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_s(pid):
    """Processor time of a process so far, all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(pid, what="VmRSS"):
    """Resident memory: VmRSS now, VmHWM at its highest; 0 of a process that is ending."""
    found = re.search(rf"^{what}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) / 1024 if found else 0.0


class Instance:
    """A running validate."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    @property
    def pid(self):
        return self.process.pid

    def metrics(self):
        """Sums of its metrics over their labels, or nothing while it starts."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return {}
        sums = {}
        for name, value in re.findall(r"^(\w+)(?:\{[^}]*\})? (\S+)$", "\n".join(lines), re.M):
            sums[name] = sums.get(name, 0.0) + float(value)
        return sums

    def count(self, name):
        return self.metrics().get(name, 0.0)


class Bench:
    """Kafka and registry on free ports in a folder of its own, both gone at the end."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="quotebus-bench-", dir=options.folder))
        self.stack = Stack(self.folder, {name: free_port() for name in DEFAULT_PORTS}, ROOT / "build" / "release" / "bin", prefix="bench.")
        self.started = 0
        self.quotes_written = 0

    def __enter__(self):
        try:
            self.stack.prepare()
            self.stack.start_kafka()
            self.stack.start_registry()
            self.stack.wait_registry()
            self.stack.run("quotebus", "topics", "apply")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stack.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- topics

    def topic(self, name):
        return f"{self.stack.prefix}{name}"

    def make_outputs(self, name):
        """The topics of a run of its own over the same raw topic; returns validate's output_prefix for it."""
        self.stack.run("quotebus", "topics", "apply", "--set", f"kafka.topic_prefix={self.topic(name)}.")
        return f"{name}."

    def records(self, prefix, transactions):
        """Records per output topic: offsets without the markers, one per transaction and partition."""
        listed = self.stack.run("quotebus", "topics", "list", "--json", "--set", f"kafka.topic_prefix={self.topic(prefix)}").stdout
        rows = {row["topic"].removeprefix(self.topic(prefix)): row for row in map(json.loads, listed.splitlines())}
        return {name: max(0, round(rows[name]["offsets"] - transactions * rows[name]["partitions"])) for name in OUTPUTS}

    # ---- programs

    def tool(self, name, *args):
        """Runs a program of tests/bench to its end; returns the object of its last line."""
        done = self.stack.run(name, *args, timeout_s=900)
        return json.loads(done.stdout.splitlines()[-1])

    def spawn(self, name, argv, env=None):
        """Starts any program beside the others."""
        return self.stack.add(Process(name, argv, self.stack.logs, env={**self.stack.config_env(), **(env or {})}))

    def load(self, *args):
        """Writes quotes to the raw topic."""
        done = self.tool("bench_load", *args)
        self.quotes_written += done["quotes"]
        return done

    def broker_cpu_s(self):
        return cpu_s(self.stack.processes["kafka"].pid)

    def start_validate(self, prefix="", *settings):
        """One more instance of validate, with an output_prefix."""
        self.started += 1
        port = free_port()
        sets = (f"validate.output_prefix={prefix}", f"validate.instance={self.started}", f"validate.listen=127.0.0.1:{port}", *settings)
        process = self.stack.start_stage("validate", *(part for text in sets for part in ("--set", text)), name=f"validate-{self.started}")
        return Instance(process, port)

    @contextlib.contextmanager
    def validates(self, prefix, count, *settings):
        """`count` instances, stopped at the end."""
        instances = [self.start_validate(prefix, *settings) for _ in range(count)]
        try:
            yield instances
        finally:
            for instance in instances:
                self.stack.stop_process(instance.process.name)

    # ---- measuring

    def wait(self, check, what, timeout_s=600, dying=None):
        """Samples until check() is true; returns the time of that. Fails when a process other than `dying` ends meanwhile."""
        deadline = time.monotonic() + timeout_s
        while not check():
            for process in self.stack.processes.values():
                if process is not dying and not process.running():
                    raise Failure(f"{process.name} ended with status {process.child.returncode}: {process.log_tail()}")
            if time.monotonic() > deadline:
                raise Failure(f"{what} within {timeout_s} s; logs are in {self.stack.logs}")
            time.sleep(SAMPLE_S)
        return time.monotonic()

    def judge(self, prefix, count, *settings):
        """Lets `count` instances judge the whole raw topic. Returns time, rate and processor time from the first record on."""
        quotes = self.options.quotes
        with self.validates(prefix, count, *settings) as instances:
            def total(name):
                return sum(instance.count(name) for instance in instances)
            began = self.wait(lambda: total("quotebus_validate_records_total") > 0, "a first record was judged")
            done_before = total("quotebus_validate_records_total")
            spent = [cpu_s(i.pid) for i in instances]
            broker = self.broker_cpu_s()
            ended = self.wait(lambda: total("quotebus_validate_records_total") >= quotes, "all records were judged")
            seconds = ended - began
            spent = sum(cpu_s(i.pid) for i in instances) - sum(spent)
            broker = self.broker_cpu_s() - broker
            memory = max(memory_mb(i.pid, "VmHWM") for i in instances)
            time.sleep(0.3)
            transactions = total("quotebus_transactions_total")
        quotes -= done_before
        return {"instances": count, "seconds": seconds, "quotes_per_s": quotes / seconds, "cpu_us_per_quote": spent / quotes * 1e6,
                "broker_cpu_us_per_quote": broker / quotes * 1e6, "transactions": transactions, "memory_mb": memory}
