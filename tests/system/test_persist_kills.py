"""kill -9 of persist, of PostgreSQL and of both, and sleeping instances, under load: each clean record is one row.

QB_KILLS=200 tests/run system -k killed_and_paused    the long version, some ten minutes
"""

import os
import random
import signal
import time

from feeding import check_each_once, feeder
from pipeline import wait_for

KILLS = int(os.environ.get("QB_KILLS", "8"))
SEED = int(os.environ.get("QB_SEED", "11"))
INSTANCES = ("persist", "persist-b", "persist-c")
SESSION_TIMEOUT_S = 3
RATE = 1500


def start_instances(pipeline):
    for number, name in enumerate(INSTANCES):
        env = {"QUOTEBUS_PERSIST_INSTANCE": name, "QUOTEBUS_PERSIST_SESSION_TIMEOUT_MS": str(SESSION_TIMEOUT_S * 1000)}
        if number:
            env["QUOTEBUS_PERSIST_LISTEN"] = "127.0.0.1:0"
        pipeline.stack.start_stage("persist", name=name, env=env)


def restart_postgres(pipeline, stack):
    """Starts PostgreSQL; it refuses to for as long as a process of the killed one lives."""
    process = stack.processes["postgres"]

    def answers():
        if not process.running():
            process.start()
        return pipeline.stack.psql("select 1", check=False) == "1"

    wait_for(answers, 60, "PostgreSQL answers", 0.2)


def kill(pipeline, stack, chance, what):
    """One blow; what was hit is up again afterwards."""
    persist = pipeline.process(chance.choice(INSTANCES))
    if what == "pause":
        persist.send(signal.SIGSTOP)
        time.sleep(SESSION_TIMEOUT_S + 1.5)
        persist.send(signal.SIGCONT)
        return
    if what in ("postgres", "both"):
        stack.processes["postgres"].kill()
    if what in ("persist", "both"):
        persist.kill()
        persist.start()
    if what in ("postgres", "both"):
        restart_postgres(pipeline, stack)


def test_killed_and_paused_at_random_each_clean_record_is_one_row(stack, pipeline):
    chance = random.Random(SEED)
    start_instances(pipeline)
    pipeline.stack.wait_ready(("persist",))
    load = feeder(pipeline, 10 ** 9, RATE)
    blows = [("persist", "postgres", "both", "pause")[i] if i < 4 else chance.choice(("persist",) * 4 + ("postgres",) * 3 + ("both",) * 2 + ("pause",))
             for i in range(KILLS)]
    try:
        pipeline.wait_rows(500)
        for what in blows:
            kill(pipeline, stack, chance, what)
            assert load.poll() is None, "the feeder ended"
            time.sleep(chance.uniform(0.1, 1.5))
    finally:
        load.terminate()
        load.wait()
    records = len(pipeline.read("quotes.clean"))
    wait_for(lambda: pipeline.count("quote") >= records, 60, f"{records} rows", 0.5)
    assert check_each_once(pipeline) == records
    assert not pipeline.read("quotes.clean.dlq")
    print(f"{', '.join(f'{blows.count(what)} x {what}' for what in sorted(set(blows)))}: {records} records, each one row")
