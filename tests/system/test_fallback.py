"""An endpoint that is refused, and the one in its place, which wants a session."""

import json
import pathlib
import urllib.request

import bus
from pipeline import wait_for


def inject(pipeline, **fault):
    url = f"http://127.0.0.1:{pipeline.stack.ports['sim']}/sim/faults"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(fault).encode(), method="POST"), timeout=5) as answer:
        assert answer.status == 200


def test_quotes_of_a_session_stand_in_for_a_refused_endpoint(pipeline):
    pipeline.start(stages=("ingest",))
    wait_for(lambda: pipeline.sim("/sim/calls")["yahoo"]["spark"] > 0, 20, "a spark call")
    assert pipeline.sim("/sim/calls")["yahoo"]["quote"] == 0
    inject(pipeline, name="consent", provider="yahoo", endpoint="spark", kind="consent_redirect")
    calls = wait_for(lambda: (calls := pipeline.sim("/sim/calls")["yahoo"])["quote"] > 5 and calls, 20, "quote calls")
    assert 1 <= calls["cookie"] <= 8 and 1 <= calls["crumb"] <= 8  # once per call that is under way at the same time
    # The session is refused from time to time: it is made anew.
    inject(pipeline, name="over", provider="yahoo", endpoint="quote", kind="invalid_crumb", every_n=5)
    wait_for(lambda: pipeline.sim("/sim/calls")["yahoo"]["crumb"] > calls["crumb"], 20, "a new crumb")
    quotes = pipeline.sim("/sim/calls")["yahoo"]["quote"]
    wait_for(lambda: pipeline.sim("/sim/calls")["yahoo"]["quote"] > quotes + 5, 20, "quote calls with the new session")
    log = pathlib.Path(pipeline.process("ingest").log_path)
    pipeline.stop_ingest()

    events = [bus.decode(record, bus.schema("health_event")) for record in pipeline.read("ingest.health")]
    states = {(event["endpoint"], event["state"]) for event in events if event["provider"] == "yahoo"}
    assert {("spark", "blocked"), ("cookie", "ok"), ("crumb", "ok"), ("quote", "ok")} <= states
    assert any("consent" in event["message"] for event in events)
    from_quote = {event["request_id"] for event in events
                  if (event["provider"], event["endpoint"], event["state"]) == ("yahoo", "quote", "ok")}
    quotes = [bus.decode(record, bus.schema("quote")) for record in pipeline.read("quotes.raw")]
    stood_in = [quote for quote in quotes if quote["request_id"] in from_quote]
    assert len({quote["asset"] for quote in stood_in}) > 70
    assert all(quote["bid"] is not None for quote in stood_in if quote["asset"].startswith("equity:"))
    words = log.read_text()
    assert "spark" in words and "A3=" not in words and "cRumb" not in words
