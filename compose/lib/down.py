"""Stops what compose/up started and, with --purge, removes its state."""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import time

from stack import COMPONENTS
from up import default_state, say


def alive(pid, program):
    """Whether the process is still the one that was noted: its program's name stands in its command line."""
    try:
        return program.encode() in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def read_pids(state):
    path = state / "pids"
    rows = [line.split(" ") for line in path.read_text().splitlines()] if path.exists() else []
    return [(name, int(pid), program) for name, pid, program in rows if alive(int(pid), program)]


def stop(state):
    """SIGTERM to what runs (SIGINT to PostgreSQL: its fast stop), SIGKILL after ten seconds."""
    rows = read_pids(state)
    for name, pid, _ in rows:
        os.kill(pid, signal.SIGINT if name == "postgres" else signal.SIGTERM)
    deadline = time.monotonic() + 10
    while any(alive(pid, program) for _, pid, program in rows) and time.monotonic() < deadline:
        time.sleep(0.1)
    for name, pid, program in rows:
        if alive(pid, program):
            say(f"{name} did not stop in time: killed")
            os.kill(pid, signal.SIGKILL)
    say(f"{len(rows)} components stopped" if rows else "nothing was running")


def main(argv):
    parser = argparse.ArgumentParser(prog="compose/down", description="Stops what compose/up started.",
                                     epilog="example:\n  compose/down --purge   also removes all data, logs and fetched components",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--purge", action="store_true", help="remove the state folder and the fetched components: all data is gone")
    parser.add_argument("--state", metavar="DIR", default=default_state(), help="the folder given to compose/up (default: %(default)s)")
    parser.add_argument("--keep-components", action="store_true", help="with --purge: keep the fetched Kafka and registry for the next up")
    options = parser.parse_args(argv)
    state = pathlib.Path(options.state).resolve()
    stop(state)
    if options.purge:
        ours = {"pids", "log", "kafka", "postgres", "pgpass", "env"}
        strange = {p.name for p in state.iterdir()} - ours if state.exists() else set()
        if strange:
            say(f"ERROR: {state} holds what is not ours ({', '.join(sorted(strange)[:5])}): nothing was removed. Is --state right?")
            return 1
        shutil.rmtree(state, ignore_errors=True)
        if not options.keep_components:
            shutil.rmtree(COMPONENTS, ignore_errors=True)
        say(f"removed {state}" + ("" if options.keep_components else " and the fetched components"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
