"""Broker, registry and PostgreSQL go away one at a time and come back: every stage resumes by itself."""

import time

import pytest
from pipeline import wait_for
from stack import STAGES


def pids(pipeline):
    return {stage: pipeline.process(stage).pid for stage in STAGES}


def calls(pipeline):
    """All calls to all providers, by the simulator's count."""
    return sum(sum(counts.values()) for name, counts in pipeline.sim("/sim/calls").items() if name not in ("per_second_max", "last_calls", "http"))


@pytest.mark.parametrize("component, hard", [("kafka", False), ("kafka", True), ("registry", True), ("postgres", False), ("postgres", True)],
                         ids=["kafka-stop", "kafka-kill", "registry-kill", "postgres-stop", "postgres-kill"])
def test_stages_resume_after_an_outage(stack, pipeline, component, hard):
    pipeline.start()
    pipeline.wait_rows(150)
    before = pids(pipeline)
    process = stack.processes[component]
    if hard:
        process.kill()
    else:
        process.stop()
    suspects = {"kafka": ("ingest", "validate", "persist"), "postgres": ("persist",), "registry": ()}[component]
    wait_for(lambda: not any(pipeline.stack.ready(stage) for stage in suspects), 15, f"{suspects} say that {component} is away")
    called = calls(pipeline)
    time.sleep(3)
    if component == "kafka":
        assert calls(pipeline) == called, "providers were called while nothing could be recorded"
    assert not any(pipeline.stack.ready(stage) for stage in suspects), f"{suspects} say that they are ready without {component}"
    process.start()

    def answers(check):
        """What a supervisor does meanwhile: PostgreSQL refuses to start while a killed server's children still end."""
        process.revive()
        return check()
    if component == "registry":
        stack.wait_registry()
    wait_for(lambda: answers(lambda: pipeline.stack.psql("select 1", check=False) == "1"), 60, "PostgreSQL answers", 1)
    if component == "kafka":
        wait_for(lambda: answers(lambda: pipeline.stack.run("quotebus", "topics", "list", check=False).returncode == 0), 60, "Kafka answers", 1)
    rows = pipeline.count("quote")
    pipeline.wait_rows(rows + 300, timeout_s=60)
    pipeline.stack.wait_ready(suspects)
    assert pids(pipeline) == before, "a stage ended instead of waiting"
    assert all(pipeline.process(stage).running() for stage in STAGES)
    pipeline.stop_ingest()
    pipeline.settle(90)
    print(f"{component}: {pipeline.check_exactly_once()} raw records, each one row")


def test_stages_wait_for_what_is_not_there_yet(stack, pipeline):
    """Started before the registry: nobody exits, all become ready once it is there."""
    registry = stack.processes["registry"]
    registry.kill()
    try:
        pipeline.stack.start_sim()
        for stage in STAGES:
            pipeline.stack.start_stage(stage)
        time.sleep(4)
        assert all(pipeline.process(stage).running() for stage in STAGES)
        assert not pipeline.stack.ready("validate")
        for stage in STAGES:
            assert pipeline.http(stage, "/healthz")
    finally:
        registry.start()
        stack.wait_registry()
    pipeline.wait_rows(100, timeout_s=60)
