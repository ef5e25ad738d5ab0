"""Starts quotebus on this machine and shows it. Called by compose/up, which has installed and built what is needed."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

import stack as stack_module
from process import Failure
from stack import ROOT, STAGES, Stack, free_port

EXAMPLES = """examples:
  compose/up                     live providers; Ctrl+C stops everything, the next `up` resumes
  compose/up --demo              no network needed: a simulator plays the providers, prices move every few seconds
  compose/up --demo --for 60s --json   stop after a minute; the last line of stdout is one JSON object
"""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def say(text):
    print(f"quotebus: {text}", file=sys.stderr, flush=True)


def duration(text):
    match = re.fullmatch(r"(\d{1,6})([smh]?)", text)
    if not match or int(match[1]) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a duration like 60s, 5m or 2h")
    return int(match[1]) * UNITS[match[2]]


def port_choice(text):
    if text == "auto":
        return {name: None for name in stack_module.DEFAULT_PORTS}
    name, _, number = text.partition("=")
    if name not in stack_module.DEFAULT_PORTS or not number.isdigit() or not 1 <= int(number) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=PORT with NAME one of {', '.join(stack_module.DEFAULT_PORTS)}; or auto")
    return {name: int(number)}


def scale_choice(text):
    stage, _, number = text.partition("=")
    if stage not in STAGES or not number.isdigit() or not 1 <= int(number) <= 16:
        raise argparse.ArgumentTypeError(f"'{text}' is not STAGE=N with STAGE one of {', '.join(STAGES)} and N from 1 to 16")
    return {stage: int(number)}


def default_state():
    if os.environ.get("QUOTEBUS_STATE"):
        return os.environ["QUOTEBUS_STATE"]
    if os.geteuid() == 0:
        return "/var/lib/quotebus"
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "quotebus")


def arguments(argv):
    parser = argparse.ArgumentParser(prog="compose/up", description="Starts the whole pipeline on this machine and shows it.",
                                     epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", action="store_true", help="providers are played by the simulator, polled every few seconds")
    parser.add_argument("--recordings", metavar="DIR", help="with --demo: the simulator serves the recorded responses in DIR")
    parser.add_argument("--for", dest="seconds", metavar="TIME", type=duration, help="stop by itself after 60s, 5m, 2h")
    parser.add_argument("--json", action="store_true", help="the summary at the end is one JSON object on the last line of stdout")
    parser.add_argument("--state", metavar="DIR", default=default_state(), help="folder of all state and logs (default: %(default)s)")
    parser.add_argument("--config", metavar="FILE", help="configuration (default: config/quotebus.yaml)")
    parser.add_argument("--port", metavar="NAME=PORT", type=port_choice, action="append", default=[],
                        help="another port for kafka, controller, registry, postgres, sim, ingest, validate, persist or board; `auto`: any free ones")
    parser.add_argument("--scale", metavar="STAGE=N", type=scale_choice, action="append", default=[],
                        help="N instances of ingest, validate or persist that share the work (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of the simulator (default: 1)")
    parser.add_argument("--brokers", help="use this Kafka instead of starting one")
    parser.add_argument("--registry-url", help="use this Confluent-compatible schema registry instead of starting one")
    parser.add_argument("--postgres", metavar="CONNINFO", help="use this PostgreSQL database instead of starting one")
    options = parser.parse_args(argv)
    if options.recordings and not options.demo:
        parser.error("--recordings goes with --demo")
    if options.recordings and not os.path.isfile(os.path.join(options.recordings, "index.tsv")):
        parser.error(f"--recordings {options.recordings}: there is no index.tsv in that folder")
    return options


def read_env_file(path):
    """KEY=VALUE lines; # begins a comment."""
    rows = (line.split("#", 1)[0].strip() for line in path.read_text().splitlines())
    return dict(row.split("=", 1) for row in rows if row)


def make_stack(options):
    env = {}
    for value, name in ((options.brokers, "KAFKA_BROKERS"), (options.registry_url, "REGISTRY_URL"), (options.postgres, "POSTGRES_CONNINFO")):
        if value:
            env[f"QUOTEBUS_{name}"] = value
    config = options.config or (ROOT / "compose" / "recordings.yaml" if options.recordings else None)
    if config:
        env["QUOTEBUS_CONFIG"] = str(pathlib.Path(config).resolve())
    if options.demo and not options.recordings:
        env.update(read_env_file(ROOT / "compose" / "demo.env"))
    ports = {name: port or free_port() for choice in options.port for name, port in choice.items()}
    stack = Stack(options.state, ports, env=env)
    if options.demo:
        env.update(stack.sim_env())
    return stack


def providers_reachable(config_path):
    """Names of the providers of the configuration whose host accepts a connection (a proxy of the environment counts)."""
    text = pathlib.Path(config_path).read_text()
    hosts = [urllib.parse.urlsplit(url) for url in re.findall(r"base_url:\s*(\S+)", text)]
    if os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY"):
        return hosts

    def reach(url):
        try:
            socket.create_connection((url.hostname, url.port or 443), timeout=3).close()
            return url
        except OSError:
            return None
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return [url for url in pool.map(reach, hosts) if url]


def start_components(stack, options):
    stack.prepare()
    say(f"state and logs are in {stack.state}")
    if not options.brokers:
        say("starting Kafka")
        stack.start_kafka()
    if not options.registry_url:
        say("starting the schema registry")
        stack.start_registry()
    if not options.postgres:
        say("starting PostgreSQL")
        stack.start_postgres()
    if not options.registry_url:
        stack.wait_registry()
    say("applying topics, schemas and migrations")
    stack.run("quotebus", "topics", "apply")
    stack.create_database()


def start_pipeline(stack, options):
    if options.demo:
        extra = ["--recordings", os.path.abspath(options.recordings)] if options.recordings else \
            ["--faults", str(ROOT / "compose" / "demo-faults.yaml")]
        stack.start_sim(*extra, seed=options.seed)
    elif not providers_reachable(stack.config_env()["QUOTEBUS_CONFIG"]):
        say("WARNING: no live provider is reachable from here. The pipeline starts and keeps trying; `compose/up --demo` needs no network")
    counts = {stage: count for choice in options.scale for stage, count in choice.items()}
    for stage in reversed(STAGES):
        stack.start_stage(stage)
        for number in range(2, counts.get(stage, 1) + 1):
            stack.start_instance(stage, number)
    stack.wait_ready()
    stack.start_board()


class View:
    """What is shown while it runs: the live table on a terminal, else a block now and then."""

    def __init__(self, stack, quiet):
        self.stack, self.quiet, self.child, self.next_block = stack, quiet, None, time.monotonic() + 10

    def tick(self):
        if self.quiet:
            return
        if sys.stdout.isatty():
            if self.child is None or self.child.poll() is not None:
                self.child = subprocess.Popen([str(self.stack.bin / "quotebus"), "status", "--watch", "2"],
                                              env={**os.environ, **self.stack.config_env("quotebus_read")})
        elif time.monotonic() >= self.next_block:
            self.next_block = time.monotonic() + 30
            print(self.stack.run("quotebus", "status", check=False).stdout, flush=True)

    def close(self):
        if self.child and self.child.poll() is None:
            self.child.terminate()
            self.child.wait()


def watch(stack, options, stopping):
    """Until time is up or a stop is asked for: revive what dies, bound the logs, show the view."""
    deadline = time.monotonic() + options.seconds if options.seconds else None
    view = View(stack, options.json)
    try:
        while not stopping and (deadline is None or time.monotonic() < deadline):
            for process in list(stack.processes.values()):
                if process.revive():
                    say(f"{process.name} died (status in {process.log_path}); it was started again")
                    stack.write_pids()
                process.bound_log()
            view.tick()
            time.sleep(0.2)
    finally:
        view.close()


def summarize(stack, options):
    """Stops the source, lets the rest settle, counts. Printed to stdout."""
    for name in [name for name in stack.processes if name.split("-")[0] == "ingest"]:
        stack.stop_process(name)
    done = stack.run("quotebus", "summary", "--wait-settled", "20", *(["--json"] if options.json else []), check=False)
    if done.returncode not in (0, 4):
        raise Failure(f"the summary failed: {done.stderr.strip()[-500:]}")
    if options.json:
        json.loads(done.stdout)
    print(done.stdout, end="", flush=True)
    return done.returncode


def main(argv):
    options = arguments(argv)
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.append(1) if not stopping else None)
    stack = None
    status = 0
    try:
        stack = make_stack(options)
        start_components(stack, options)
        if not stopping:
            start_pipeline(stack, options)
            say("running" + (f" for {options.seconds} s" if options.seconds else "; Ctrl+C stops everything"))
            say(f"in another terminal: source {stack.write_env()}; quotebus status")
            say(f"board: {stack.board_url}")
            say("database: psql \"" + stack.conninfo_for("quotebus_read") + "\"")
            watch(stack, options, stopping)
            if options.seconds and not stopping:
                status = summarize(stack, options)
    except Failure as failure:
        status = 1
        if not stopping:
            say(f"ERROR: {failure}")
    finally:
        if stack:
            say("stopping")
            begun = time.monotonic()
            stack.stop()
            say(f"stopped in {time.monotonic() - begun:.1f} s; state is kept in {stack.state}")
    return 0 if stopping else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
