"""What the benches of persist stand on: Kafka, registry and PostgreSQL of their own, a filled topic, and the runs to compare."""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

import psycopg
from stack import DEFAULT_PORTS, Failure, Stack, free_port

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def peak_rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


class Ground:
    """The components, and one topic of clean quotes."""

    def __init__(self, folder, bin_dir):
        self.folder = folder
        self.stack = Stack(folder, {name: free_port() for name in DEFAULT_PORTS}, bin_dir, prefix="bench.")
        self.stack.database = "bench"
        self.topic = "bench.quotes.clean"
        self.rows_file = folder / "rows.bin"
        self.watch = None

    def start(self):
        self.stack.prepare()
        self.stack.start_kafka({"group.min.session.timeout.ms": 1000})
        self.stack.start_registry()
        self.stack.start_postgres()
        self.stack.wait_registry()
        self.stack.run("quotebus", "topics", "apply")
        self.stack.create_database()
        self.watch = psycopg.connect(self.stack.conninfo_for("admin"), autocommit=True)
        self.watch.execute("create table flushed (at timestamptz)")
        self.columns = ", ".join(row[0] for row in self.watch.execute(
            "select attname from pg_attribute where attrelid = 'quotebus.quote'::regclass and attnum > 0 and not attisdropped order by attnum"))

    def stop(self):
        if self.watch:
            self.watch.close()
        self.stack.stop()

    def schema_id(self):
        url = f"{self.stack.registry_url}/subjects/{self.topic}-value/versions/latest"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["id"]

    def feeder(self, count, *rate):
        """The process that writes `count` quotes, at a rate if one is given."""
        argv = [self.stack.bin / "quote_feeder", self.stack.brokers, self.topic, self.schema_id(), count, *rate]
        return subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, text=True)

    def feed(self, count):
        """Fills the topic; records per second."""
        begun = time.monotonic()
        if self.feeder(count).wait() != 0:
            raise Failure("the feeder failed")
        return count / (time.monotonic() - begun)

    # ---- the table

    def empty(self):
        """No rows, no offsets, no dirty buffers of what was before."""
        self.watch.execute("truncate quotebus.quote")
        self.watch.execute("delete from quotebus.stream_offset")
        self.watch.execute("checkpoint")

    def stored(self):
        """Records of the topic that are stored, by the offsets."""
        return int(self.watch.execute("select coalesce(sum(next_offset), 0) from quotebus.stream_offset where topic = %s",
                                      [self.topic]).fetchone()[0])

    def backend_cpu_s(self):
        """CPU seconds of the server process that stores; the one of the jobs is idle."""
        rows = self.watch.execute("select pid from pg_stat_activity where application_name = 'quotebus-persist'").fetchall()
        return max(cpu_s(pid) for pid, in rows)

    def export_rows(self):
        """All rows as they lie in the table, into a file."""
        self.stack.psql(f"\\copy (select {self.columns} from quotebus.quote) to '{self.rows_file}' (format binary)")

    # ---- the runs

    def run_persist(self, rows, timeout_s=600):
        """From the first committed batch to the last one; CPU and memory of the whole run."""
        self.stack.start_stage("persist")
        process = self.stack.processes["persist"]
        deadline = time.monotonic() + timeout_s
        first = None
        begun = None
        while (done := self.stored()) < rows:
            if not begun and self.stack.ready("persist"):
                begun = time.monotonic()
            if done and not first:
                first = (time.monotonic(), done)
            if time.monotonic() > deadline or not process.running():
                raise Failure(f"persist has stored {done:,} of {rows:,} records:\n{process.log_tail(20)}")
            time.sleep(0.02)
        self.watch.execute("insert into flushed values (now())")  # waits until all before it is on the disk too
        ended = time.monotonic()
        million = rows / 1e6
        found = {"rows_per_s": (rows - first[1]) / (ended - first[0]), "writing_share": self.writing_s() / (ended - begun), "cpu_s_per_million": cpu_s(process.pid) / million,
                 "backend_cpu_s_per_million": self.backend_cpu_s() / million, "peak_rss_mb": peak_rss_mb(process.pid)}
        self.stack.stop_process("persist")
        stored = self.watch.execute("select count(*) from quotebus.quote").fetchone()[0]
        if stored != rows:
            raise Failure(f"{stored:,} rows stand for {rows:,} records")
        return found

    def writing_s(self):
        """Seconds that persist's transactions took, all together."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.stack.ports['persist']}/metrics", timeout=5) as answer:
            line = next(line for line in answer.read().decode().splitlines() if line.startswith("quotebus_persist_batch_duration_seconds_sum"))
        return float(line.split()[1])

    def run_copy(self, rows):
        """Rows per second of psql's \\copy, the connection included, and CPU seconds of its server process per million rows."""
        begun = time.monotonic()
        stat = self.stack.psql(f"\\copy quotebus.quote ({self.columns}) from '{self.rows_file}' (format binary)\n"
                               "select pg_read_file('/proc/self/stat');")
        ended = time.monotonic()
        fields = stat.rsplit(")", 1)[1].split()
        return rows / (ended - begun), (int(fields[11]) + int(fields[12])) / TICKS_PER_S / rows * 1e6
