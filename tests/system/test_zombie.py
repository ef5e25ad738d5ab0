"""An instance that slept past its session and wakes up cannot write."""

import signal
import time

import pytest
from pipeline import wait_for


@pytest.mark.parametrize("stage", ["validate", "persist"])
def test_instance_that_was_paused_cannot_write_when_it_wakes(pipeline, stage):
    short = {f"QUOTEBUS_{stage.upper()}_SESSION_TIMEOUT_MS": "3000", f"QUOTEBUS_{stage.upper()}_INSTANCE": "first",
             "QUOTEBUS_VALIDATE_TRANSACTION_TIMEOUT_MS": "3000"}
    pipeline.start(env={stage: short})
    pipeline.wait_rows(100)
    first = pipeline.process(stage)
    first.send(signal.SIGSTOP)
    try:
        pipeline.stack.start_stage(stage, name=f"{stage}-second", env={
            **short, f"QUOTEBUS_{stage.upper()}_INSTANCE": "second", f"QUOTEBUS_{stage.upper()}_LISTEN": "127.0.0.1:0"})
        before = pipeline.count("quote")
        pipeline.wait_rows(before + 200, timeout_s=40)  # the second one has taken over
    finally:
        first.send(signal.SIGCONT)
    time.sleep(5)
    assert first.running(), first.log_tail()
    wait_for(lambda: pipeline.stack.ready(stage), 30, "the first one joins again")
    pipeline.stop_ingest()
    pipeline.settle()
    raw = pipeline.check_exactly_once()
    print(f"{stage}: {raw} raw records, each once")
    if stage == "validate":
        pipeline.check_reproducible()


def test_two_instances_share_the_work(pipeline):
    pipeline.start()
    pipeline.stack.start_stage("validate", name="validate-second", env={"QUOTEBUS_VALIDATE_INSTANCE": "second",
                                                                       "QUOTEBUS_VALIDATE_LISTEN": "127.0.0.1:0"})
    pipeline.stack.start_stage("persist", name="persist-second", env={"QUOTEBUS_PERSIST_INSTANCE": "second",
                                                                     "QUOTEBUS_PERSIST_LISTEN": "127.0.0.1:0"})
    pipeline.wait_rows(500)
    assert pipeline.stack.stop_process("validate-second") == 0
    assert pipeline.stack.stop_process("persist-second") == 0
    before = pipeline.count("quote")
    pipeline.wait_rows(before + 300)
    pipeline.stop_ingest()
    pipeline.settle()
    pipeline.check_exactly_once()
    pipeline.check_reproducible()
