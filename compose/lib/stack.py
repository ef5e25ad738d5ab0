"""The components of quotebus on one machine: Kafka, schema registry, PostgreSQL, simulator and the stages.

Used by compose/up and by the system tests. Everything listens on 127.0.0.1, all state is under one folder.
"""

import base64
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from process import Failure, Process, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "compose" / ".cache"
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
DEFAULT_PORTS = {"kafka": 9092, "controller": 9093, "registry": 8081, "postgres": 5433, "sim": 9700,
                 "ingest": 9701, "validate": 9702, "persist": 9703, "board": 9704}
STAGES = ("ingest", "validate", "persist")
LEAST_FREE_BYTES = 1 << 30


def free_port():
    """A loopback port nobody listens on now, below those that the kernel gives to outgoing connections by itself."""
    for _ in range(100):
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failure("no free port was found between 20000 and 32000 on 127.0.0.1: end what listens there (ss -ltnp)")


def port_open(port):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def http_ok(url, timeout_s=1.0):
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=timeout_s) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def configured_providers(path):
    """Names of the providers of a configuration, in its order."""
    section = re.search(r"^providers:.*\n((?:[ #].*\n|\n)*)", pathlib.Path(path).read_text(), re.MULTILINE)
    return re.findall(r"^  ([a-z0-9_-]+):", section[1], re.MULTILINE) if section else []


def find_java():
    """Java 17 or newer."""
    candidates = [os.environ.get("JAVA_HOME", "") + "/bin/java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
                  "/usr/lib/jvm/java-17-openjdk-arm64/bin/java", shutil.which("java") or ""]
    for path in candidates:
        if path and os.access(path, os.X_OK):
            return path
    raise Failure("no Java found: apt-get install openjdk-17-jre-headless, or set JAVA_HOME")


class Stack:
    """All components of one state folder."""

    def __init__(self, state, ports=None, bin_dir=None, prefix="", env=None):
        self.state = pathlib.Path(state).resolve()
        self.ports = {**DEFAULT_PORTS, **(ports or {})}
        self.bin = pathlib.Path(bin_dir or ROOT / "build" / "release" / "bin")
        self.logs = self.state / "log"
        self.prefix = prefix
        self.extra_env = env or {}
        self.processes = {}
        self.database = "quotebus"
        self.conninfo = {}

    def tenant(self, name, env=None):
        """Another pipeline on the same Kafka, registry and PostgreSQL: own topics, database, simulator and stages."""
        ports = {**self.ports, **{port: free_port() for port in ("sim", *STAGES, "board")}}
        other = Stack(self.state, ports, self.bin, prefix=f"{name}.", env={**self.extra_env, **(env or {})})
        other.logs = self.logs / name
        other.logs.mkdir(parents=True, exist_ok=True)
        other.database, other.passwords = name, self.passwords
        return other

    # ---- ground

    def prepare(self):
        """Makes the state folder; checks disk and Java before anything starts."""
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f"cannot make the state folder {self.state}: {error.strerror}. Choose another with --state DIR") from error
        free = shutil.disk_usage(self.state).free
        if free < LEAST_FREE_BYTES:
            raise Failure(f"only {free >> 20} MiB are free on the disk of {self.state}: at least {LEAST_FREE_BYTES >> 20} MiB are "
                          "needed. Free some, or choose another folder with --state DIR")
        find_java()

    def need_port(self, name):
        if port_open(self.ports[name]):
            raise Failure(f"port {self.ports[name]} on 127.0.0.1 is in use, {name} needs it: end what listens there "
                          f"(ss -ltnp 'sport = :{self.ports[name]}'), or choose another with --port {name}=N")

    def add(self, process):
        self.processes[process.name] = process
        process.start()
        self.write_pids()
        return process

    def write_pids(self):
        """For compose/down: name, pid and program of each live component."""
        rows = [f"{p.name} {p.pid} {os.path.basename(p.argv[0])}\n" for p in self.processes.values() if p.running()]
        (self.state / "pids").write_text("".join(rows))

    # ---- Kafka

    @property
    def brokers(self):
        return self.extra_env.get("QUOTEBUS_KAFKA_BROKERS") or f"127.0.0.1:{self.ports['kafka']}"

    def start_kafka(self, properties=None):
        self.need_port("kafka")
        folder = self.state / "kafka"
        folder.mkdir(exist_ok=True)
        settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self.ports['controller']}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.ports['kafka']},CONTROLLER://127.0.0.1:{self.ports['controller']}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.ports['kafka']}",
            "controller.listener.names": "CONTROLLER", "log.dirs": folder / "data",
            "auto.create.topics.enable": "false", "message.timestamp.type": "CreateTime",
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 8,
            "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 8, "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1, "group.initial.rebalance.delay.ms": 0,
            "log.cleaner.dedupe.buffer.size": 16777216, "num.network.threads": 2, "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": 1, "log.index.size.max.bytes": 1048576, **(properties or {}),
        }
        config = folder / "server.properties"
        config.write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        logging = folder / "log4j2.properties"
        logging.write_text("rootLogger.level=warn\nrootLogger.appenderRef.c.ref=c\nappender.c.type=Console\nappender.c.name=c\n"
                           "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%d{ISO8601} %p %c{1} %m%n\n")
        java = [find_java(), "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                f"-Dlog4j2.configurationFile={logging}", "-cp", f"{COMPONENTS}/kafka/*"]
        if not (folder / "data" / "meta.properties").exists():
            number = uuid.uuid4().bytes
            # The first bit is cleared: an id that begins with `-` would be taken for a flag.
            cluster = base64.urlsafe_b64encode(bytes([number[0] & 0x7F]) + number[1:]).decode().rstrip("=")
            done = subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config)],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failure(f"formatting Kafka's storage in {folder} failed: {done.stderr.strip()[-500:]}")
        kafka = self.add(Process("kafka", [*java, "kafka.Kafka", config], self.logs, stop_s=9.0))
        wait_until(lambda: port_open(self.ports["kafka"]), kafka, 60, "Kafka did not listen")

    # ---- schema registry

    @property
    def registry_url(self):
        return self.extra_env.get("QUOTEBUS_REGISTRY_URL") or f"http://127.0.0.1:{self.ports['registry']}/apis/ccompat/v7"

    def start_registry(self):
        self.need_port("registry")
        argv = [find_java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
                f"-Dquarkus.http.port={self.ports['registry']}", "-Dquarkus.log.level=WARN", "-Dapicurio.storage.kind=kafkasql",
                f"-Dapicurio.kafkasql.bootstrap.servers={self.brokers}",
                "-jar", COMPONENTS / "registry" / "apicurio-registry-app-3.0.9-runner.jar"]
        return self.add(Process("registry", argv, self.logs, stop_s=3.0))

    def wait_registry(self, timeout_s=90):
        wait_until(lambda: http_ok(f"{self.registry_url}/subjects"), self.processes["registry"], timeout_s,
                   "the schema registry did not answer")

    # ---- PostgreSQL

    @staticmethod
    def postgres_user():
        """PostgreSQL refuses to run as root: then Debian's own user runs it."""
        return "postgres" if os.geteuid() == 0 else None

    def start_postgres(self):
        self.need_port("postgres")
        folder = self.state / "postgres"
        user = self.postgres_user()
        folder.mkdir(exist_ok=True)
        if user:
            shutil.chown(folder, user, user)
            self.check_reachable(folder, user)
        if not (folder / "data" / "PG_VERSION").exists():
            self.init_postgres(folder, user)
        argv = [POSTGRES_BIN / "postgres", "-D", folder / "data", "-p", self.ports["postgres"], "-c", "listen_addresses=127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "shared_buffers=64MB", "-c", "max_wal_size=512MB",
                "-c", "max_connections=40", "-c", "timezone=UTC", "-c", "log_timezone=UTC"]
        postgres = self.add(Process("postgres", argv, self.logs, user=user, stop_signal=signal.SIGINT, stop_s=8.0))
        self.load_passwords()
        wait_until(lambda: self.psql("select 1", role="admin", database="postgres", check=False) == "1", postgres, 60,
                   "PostgreSQL did not answer")

    @staticmethod
    def check_reachable(folder, user):
        if subprocess.run(["runuser", "-u", user, "--", "test", "-w", str(folder)], check=False).returncode != 0:
            raise Failure(f"the user {user}, who runs PostgreSQL, cannot reach {folder}: choose a folder all of whose parents "
                          "others may enter, e.g. --state /var/lib/quotebus")

    def init_postgres(self, folder, user):
        password = secrets.token_urlsafe(18)
        file = folder / "initial-password"
        file.touch(mode=0o600)
        file.write_text(password + "\n")
        shutil.rmtree(folder / "data", ignore_errors=True)
        argv = [str(POSTGRES_BIN / "initdb"), "-D", str(folder / "data"), "-U", "admin", f"--pwfile={file}", "-A", "scram-sha-256",
                "-E", "UTF8", "--locale=C.UTF-8"]
        if user:
            shutil.chown(file, user, user)
            argv = ["runuser", "-u", user, "--", *argv]
        done = subprocess.run(argv, capture_output=True, text=True, cwd="/", check=False)
        file.unlink()
        if done.returncode != 0:
            raise Failure(f"initdb in {folder} failed: {done.stderr.strip()[-500:]}")
        words = {"admin": password, "quotebus": secrets.token_urlsafe(18), "quotebus_read": secrets.token_urlsafe(18)}
        passfile = self.state / "pgpass"
        passfile.touch(mode=0o600)
        passfile.write_text("".join(f"127.0.0.1:*:*:{role}:{word}\n" for role, word in words.items()))

    def load_passwords(self):
        rows = [line.split(":") for line in (self.state / "pgpass").read_text().splitlines()]
        self.passwords = {row[3]: row[4] for row in rows}

    def conninfo_for(self, role, database=None):
        given = self.extra_env.get("QUOTEBUS_POSTGRES_CONNINFO")
        if given:
            return given
        return (f"host=127.0.0.1 port={self.ports['postgres']} dbname={database or self.database} user={role} "
                f"passfile={self.state / 'pgpass'}")

    def psql(self, sql, role="admin", database=None, check=True):
        """Runs SQL; returns unaligned output without headers."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-",
                               self.conninfo_for(role, database)], input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0 and check:
            raise Failure(f"psql failed: {done.stderr.strip()[-500:]}")
        return done.stdout.strip()

    def create_database(self):
        """The database and the login roles, then the migrations. Repeatable."""
        if "QUOTEBUS_POSTGRES_CONNINFO" not in self.extra_env:
            if self.psql(f"select 1 from pg_database where datname = '{self.database}'", database="postgres") != "1":
                self.psql(f"create database {self.database}", database="postgres")
        self.run("quotebus-persist", "--migrate", env={"QUOTEBUS_POSTGRES_CONNINFO": self.conninfo_for("admin")})
        if "QUOTEBUS_POSTGRES_CONNINFO" not in self.extra_env:
            for role, group in (("quotebus", "quotebus_writer"), ("quotebus_read", "quotebus_reader")):
                self.psql(f"""do $$ begin
                    if not exists (select from pg_roles where rolname = '{role}') then create role {role} login; end if; end $$;
                    alter role {role} password '{self.passwords[role]}'; grant {group} to {role};""")

    # ---- our own programs

    def config_env(self, role="quotebus"):
        """The environment that points our programs to this stack."""
        env = {"QUOTEBUS_CONFIG": str(ROOT / "config" / "quotebus.yaml"), "QUOTEBUS_KAFKA_BROKERS": self.brokers,
               "QUOTEBUS_KAFKA_TOPIC_PREFIX": self.prefix, "QUOTEBUS_REGISTRY_URL": self.registry_url,
               "QUOTEBUS_POSTGRES_CONNINFO": self.conninfo_for(role)}
        for stage in (*STAGES, "board"):
            env[f"QUOTEBUS_{stage.upper()}_LISTEN"] = f"127.0.0.1:{self.ports[stage]}"
        return {**env, **self.extra_env}

    def write_env(self):
        """A file to source in another shell, so that `quotebus` there looks at this stack. Returns its path."""
        rows = {"PATH": f"{self.bin}:$PATH", **self.config_env("quotebus_read")}
        path = self.state / "env"
        path.touch(mode=0o600)  # a connection string of the user's may hold a password
        path.write_text("".join(f'export {name}="{value}"\n' for name, value in rows.items()))
        return path

    def run(self, program, *args, env=None, check=True, timeout_s=120):
        """Runs one of our programs to its end; returns the finished process with text output."""
        done = subprocess.run([str(self.bin / program), *map(str, args)], capture_output=True, text=True, check=False,
                              timeout=timeout_s, env={**os.environ, **self.config_env("quotebus_read"), **(env or {})})
        if check and done.returncode != 0:
            raise Failure(f"{program} {' '.join(map(str, args))} ended with status {done.returncode}: {done.stderr.strip()[-800:]}")
        return done

    def start_stage(self, stage, *args, name=None, env=None):
        """Starts a stage. `name`: of a second instance; its `env` must then give it another port and instance."""
        if not name:
            self.need_port(stage)
        return self.add(Process(name or stage, [self.bin / f"quotebus-{stage}", *args], self.logs,
                                env={**self.config_env(), **(env or {})}, stop_s=9.0))

    def start_instance(self, stage, number, *args, env=None):
        """Starts one more instance of a stage, NAME-NUMBER, on a port of its own."""
        name = f"{stage}-{number}"
        self.ports[name] = free_port()
        return self.start_stage(stage, *args, name=name, env={f"QUOTEBUS_{stage.upper()}_INSTANCE": name, **(env or {}),
                                                              f"QUOTEBUS_{stage.upper()}_LISTEN": f"127.0.0.1:{self.ports[name]}"})

    @property
    def board_url(self):
        return f"http://127.0.0.1:{self.ports['board']}/"

    def start_board(self):
        """The page. It reads only, so it gets the login that may do no more."""
        self.need_port("board")
        return self.add(Process("board", [self.bin / "quotebus-board"], self.logs, env=self.config_env("quotebus_read"), stop_s=9.0))

    def start_sim(self, *args, seed=1):
        self.need_port("sim")
        sim = self.add(Process("sim", [self.bin / "quotebus-sim", "--listen", f"127.0.0.1:{self.ports['sim']}", "--seed", seed, *args],
                               self.logs, stop_s=2.0))
        wait_until(lambda: port_open(self.ports["sim"]), sim, 10, "the simulator did not listen")

    def sim_env(self):
        """Overrides that send every provider of the configuration to the simulator."""
        base = f"http://127.0.0.1:{self.ports['sim']}"
        config = self.extra_env.get("QUOTEBUS_CONFIG") or ROOT / "config" / "quotebus.yaml"
        return {f"QUOTEBUS_PROVIDERS_{name.upper()}_{field}": f"{base}/{name}"
                for name in configured_providers(config) for field in ("BASE_URL", "SESSION_URL")}

    def ready(self, stage):
        return http_ok(f"http://127.0.0.1:{self.ports[stage]}/readyz")

    def wait_ready(self, stages=STAGES, timeout_s=60):
        for stage in stages:
            wait_until(lambda stage=stage: self.ready(stage), self.processes[stage], timeout_s, f"{stage} was not ready")

    def stop_process(self, name):
        process = self.processes.pop(name, None)
        status = process.stop() if process else 0
        self.write_pids()
        return status

    def stop(self):
        """Everything in order: stages from the source to the sink, then what they stand on, together. Bounded to 15 s."""
        begun = time.monotonic()
        named = list(self.processes)
        for stage in STAGES:
            group = [self.processes[n] for n in named if n == stage or n.startswith(f"{stage}-")]
            for process in group:
                process.begin_stop()
            for process in group:
                process.finish_stop(begun + 6.0)
        rest = [p for n, p in self.processes.items() if n != "kafka" and p.running()]
        for process in rest:
            process.begin_stop()
        if "kafka" in self.processes:
            self.processes["kafka"].begin_stop()
        for process in [*rest, *([self.processes["kafka"]] if "kafka" in self.processes else [])]:
            process.finish_stop(min(begun + 14.0, time.monotonic() + process.stop_s))
        self.processes.clear()
        (self.state / "pids").unlink(missing_ok=True)
