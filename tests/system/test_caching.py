"""Answers that have not changed: asked for with a condition, or, while they are fresh, not at all. Connections are used again."""

import bus
from pipeline import wait_for


def calls_of(pipeline, provider):
    return sum(pipeline.sim("/sim/calls")[provider].values())


def events_of(pipeline, provider):
    events = [bus.decode(record, bus.schema("health_event")) for record in pipeline.read("ingest.health")]
    return [event for event in events if event["provider"] == provider]


def test_unchanged_answers_are_published_once_and_fresh_ones_are_not_asked_for(pipeline):
    ingest = {"QUOTEBUS_JOBS_STOCK_PRICES_CNBC_TTL_S": "3600"}
    pipeline.start("--validators", stages=("ingest",), env={"ingest": ingest})
    wait_for(lambda: pipeline.sim("/sim/calls")["http"]["not_modified"] >= 3, 30, "answers 304")
    wait_for(lambda: calls_of(pipeline, "cnbc") > 0, 20, "a call of the job with a time to live")
    pipeline.stop_ingest()
    first = calls_of(pipeline, "cnbc")
    # The next instance goes on with what the ledger says: neither a call that is not needed, nor a rate twice.
    pipeline.stack.start_stage("ingest", env=ingest)
    pipeline.stack.wait_ready(("ingest",))
    before = pipeline.sim("/sim/calls")["http"]["not_modified"]
    wait_for(lambda: pipeline.sim("/sim/calls")["http"]["not_modified"] >= before + 3, 30, "answers 304 after a restart")
    pipeline.stop_ingest()
    http = pipeline.sim("/sim/calls")["http"]
    assert calls_of(pipeline, "cnbc") == first

    quotes = [bus.decode(record, bus.schema("quote")) for record in pipeline.read("quotes.raw")]
    rates = [(quote["asset"], quote["price"], quote["observed_at"]) for quote in quotes if quote["source"] == "frankfurter"]
    assert rates and len(rates) == len(set(rates))
    unchanged = [event for event in events_of(pipeline, "frankfurter") if event["http_status"] == 304]
    assert unchanged and {event["state"] for event in unchanged} == {"ok"} and {event["quotes"] for event in unchanged} == {0}
    calls = sum(sum(counts.values()) for name, counts in pipeline.sim("/sim/calls").items()
                if name not in ("per_second_max", "last_calls", "http"))
    assert calls > 3 * http["connections"] / 2
    print(f"{calls} calls, {http['not_modified']} answers 304, {http['connections']} connections with those of the test itself")
