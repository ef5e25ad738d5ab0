"""kill -9 at named points and at random: nothing is lost, nothing is double, and the clean topic can be computed again."""

import random
import signal
import time

import pytest
from pipeline import wait_for
from stack import STAGES

POINTS = {
    "ingest": ("after_begin", "after_record", "after_offsets", "before_commit", "after_commit", "after_launch", "after_fetch", "after_send",
               "after_flush"),
    "validate": ("after_begin", "after_produce", "after_offsets", "before_commit", "after_commit"),
    "persist": ("after_poll", "after_begin", "after_copy", "after_offsets", "before_commit", "after_commit"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_killed_between_any_two_side_effects(pipeline, stage):
    pipeline.start(stages=tuple(s for s in STAGES if s != stage) if stage != "ingest" else ("validate", "persist"))
    if stage == "ingest":
        pipeline.stack.start_sim()
    deaths = 0
    for point in POINTS[stage]:
        for visit in (1, 4):
            process = pipeline.stack.start_stage(stage, env={"QUOTEBUS_FAIL": f"{stage}.{point}:{visit}"})
            wait_for(lambda: not process.running(), 40, f"{stage} died at {point}, visit {visit}", 0.02)
            assert process.child.returncode == -signal.SIGKILL, process.log_tail()
            pipeline.stack.processes.pop(stage)
            deaths += 1
    before = pipeline.count("quote")
    pipeline.stack.start_stage(stage)
    pipeline.wait_rows(before + 100)
    pipeline.stop_ingest()
    pipeline.settle()
    raw = pipeline.check_exactly_once()
    print(f"{deaths} deaths, {raw} raw records, checksum {pipeline.check_reproducible()}")


@pytest.mark.parametrize("seed", [7])
def test_killed_twenty_times_at_random(pipeline, seed):
    chance = random.Random(seed)
    pipeline.start(seed=seed)
    pipeline.wait_rows(100)
    victims = []
    for _ in range(20):
        victims.append(chance.choice(STAGES))
        pipeline.kill_and_restart(victims[-1])
        time.sleep(chance.uniform(0.1, 2.5))
    assert set(victims) == set(STAGES)
    before = pipeline.count("quote")
    pipeline.wait_rows(before + 100)
    pipeline.stop_ingest()
    pipeline.settle()
    raw = pipeline.check_exactly_once()
    print(f"killed {victims}: {raw} raw records, checksum {pipeline.check_reproducible()}")


def test_dead_letter_is_kept_when_persist_dies_after_it(pipeline):
    pipeline.start()
    pipeline.wait_rows(50)
    pipeline.stack.stop_process("persist")
    process = pipeline.stack.start_stage("persist", env={"QUOTEBUS_FAIL": "persist.after_dead_letter"})
    bad = b"\x07not avro"
    pipeline.produce("quotes.clean", [(b"equity:AAPL", bad)])
    wait_for(lambda: not process.running(), 30, "persist died after the dead letter")
    assert process.child.returncode == -signal.SIGKILL
    process.env.pop("QUOTEBUS_FAIL")
    process.start()
    before = pipeline.count("quote")
    pipeline.wait_rows(before + 50)
    values = {record.value for record in pipeline.read("quotes.clean.dlq")}
    assert values == {bad}
