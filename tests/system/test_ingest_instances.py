"""Instances of ingest share the providers: whatever dies, no quota is exceeded and no slot is served twice.

QB_INSTANCES_S=600 makes the random kills go on for that long.
"""

import collections
import json
import os
import random
import re
import signal
import time
import urllib.request

import bus
import pytest
from ledger import Ledger, check_window
from pipeline import wait_for
from stack import ROOT

EVERY_S = 5
SESSION_S = 2
# calls per window, window; calls per period (0: any), period. Some cannot meet their jobs: then slots are left out.
LIMITS = {"yahoo": (10, 5, 0, 60), "coingecko": (3, 5, 10, 20), "alphavantage": (2, 5, 5, 30), "coinbase": (7, 5, 0, 60), "kraken": (2, 5, 0, 60),
          "binance": (3, 5, 0, 60), "cnbc": (3, 5, 12, 20), "cboe": (5, 5, 0, 60), "frankfurter": (2, 5, 0, 60)}
SHARDS = {"yahoo": 2}  # lanes of a provider that share its assets and limits
LANES = {f"{name}#{shard}" if name in SHARDS else name for name in LIMITS for shard in range(SHARDS.get(name, 1))}
JOBS = {
    "yahoo-spark": ("yahoo", "spark", "classes: [crypto]"),
    "yahoo-chart": ("yahoo", "chart", 'assets: ["crypto:BTC", "crypto:ETH", "crypto:SOL"]'),
    "gecko-prices": ("coingecko", "simple_price", "classes: [crypto]"),
    "gecko-markets": ("coingecko", "coins_markets", "classes: [crypto]"),
    "alpha-rates": ("alphavantage", "currency_exchange_rate", 'assets: ["crypto:BTC", "fx:EURUSD"]'),
    "coinbase-ticker": ("coinbase", "ticker", 'assets: ["crypto:BTC", "crypto:ETH", "crypto:SOL", "crypto:LTC"]'),
    "kraken-ticker": ("kraken", "ticker", "classes: [crypto]"),
    "binance-ticker": ("binance", "ticker_24hr", "classes: [crypto]"),
    "cnbc-quote": ("cnbc", "quote", 'assets: ["equity:AAPL", "equity:MSFT", "equity:IBM", "fx:EURUSD"]'),
    "cboe-quote": ("cboe", "quote", 'assets: ["equity:AAPL", "equity:MSFT", "equity:IBM", "equity:KO", "equity:GE", "equity:BA", "equity:MA"]'),
    "ecb-rates": ("frankfurter", "latest", "classes: [fx]"),
}
# Jobs whose provider has calls to spare, even for retries: each of their slots has to be served.
AMPLE = ("yahoo-spark", "yahoo-chart", "coinbase-ticker", "kraken-ticker", "binance-ticker", "cnbc-quote", "ecb-rates")
FAULTS = ({"provider": "yahoo", "kind": "truncated_json", "every_n": 13}, {"provider": "coingecko", "kind": "status_429", "retry_after": 1, "every_n": 9},
          {"provider": "coinbase", "kind": "status_5xx", "every_n": 11}, {"provider": "kraken", "kind": "slow_body", "seconds": 2, "every_n": 2},
          {"provider": "yahoo", "endpoint": "chart", "kind": "slow_body", "seconds": 2, "every_n": 3},
          {"provider": "frankfurter", "kind": "slow_body", "seconds": 1, "every_n": 2},
          {"provider": "cnbc", "kind": "html_page", "every_n": 12}, {"provider": "cboe", "kind": "timeout", "seconds": 6, "every_n": 9},
          {"provider": "alphavantage", "kind": "alphavantage_note", "every_n": 6})


def write_config(folder):
    """The default configuration with short jobs and tight limits."""
    head, rest = (ROOT / "config" / "quotebus.yaml").read_text().split("\nproviders:\n", 1)
    assets = rest[rest.index("\nassets:\n"):]
    text = head.replace("../schemas/topics.yaml", str(ROOT / "schemas" / "topics.yaml")).replace("rules_file: rules.yaml", f"rules_file: {ROOT}/config/rules.yaml")
    text += "\nproviders:\n"
    for name, (calls, window_s, period_calls, period_s) in LIMITS.items():
        text += (f"  {name}: {{ base_url: https://nowhere.invalid, calls_per_window: {calls}, window_seconds: {window_s}, max_calls: {period_calls}, "
                 f"reset_period_seconds: {period_s}, max_in_flight: 2, shards: {SHARDS.get(name, 1)} }}\n")
    text += "\njobs:\n"
    for name, (provider, endpoint, about) in JOBS.items():
        text += f"  {name}: {{ provider: {provider}, endpoint: {endpoint}, every_s: {EVERY_S}, {about} }}\n"
    path = folder / "quotebus.yaml"
    path.write_text(text + assets)
    return path


class Instances:
    """Some instances of ingest in one pipeline."""

    def __init__(self, pipeline, folder):
        env = pipeline.stack.extra_env
        for name in [name for name in env if name.startswith(("QUOTEBUS_JOBS_", "QUOTEBUS_PROVIDERS_"))]:
            del env[name]
        env["QUOTEBUS_CONFIG"] = str(write_config(folder))
        env.update(pipeline.stack.sim_env())
        env.update({"QUOTEBUS_INGEST_SESSION_TIMEOUT_MS": str(SESSION_S * 1000), "QUOTEBUS_INGEST_TRANSACTION_TIMEOUT_MS": "1500",
                    "QUOTEBUS_INGEST_RETRY_BASE_MS": "100", "QUOTEBUS_INGEST_RETRY_MAX_MS": "1000", "QUOTEBUS_INGEST_REQUEST_TIMEOUT_MS": "4000",
                    "QUOTEBUS_INGEST_HISTORY_D": "0"})
        self.pipeline = pipeline
        pipeline.stack.start_sim()

    def start(self, *numbers):
        for number in numbers:
            self.pipeline.stack.start_instance("ingest", number)
        self.pipeline.stack.wait_ready([f"ingest-{number}" for number in numbers])

    def process(self, number):
        return self.pipeline.process(f"ingest-{number}")

    def owned(self, number):
        """Lanes whose calls an instance makes, by its own word."""
        text = self.pipeline.http(f"ingest-{number}", "/metrics")
        return set(re.findall(r'^quotebus_ingest_owned\{provider="([^"]+)"\} 1$', text, re.MULTILINE))

    def times(self, provider):
        """Times of all calls, by the simulator's clock."""
        return self.pipeline.sim(f"/sim/times?provider={provider}")["times_us"]

    def stop(self, number):
        """Seconds that a graceful stop took."""
        begun = time.monotonic()
        assert self.pipeline.stack.stop_process(f"ingest-{number}") == 0, "it did not end with status 0"
        return time.monotonic() - begun


@pytest.fixture
def instances(pipeline, tmp_path):
    return Instances(pipeline, tmp_path)


def check_quotas(instances, ledger):
    """The simulator's own count against the limits, and against what was recorded."""
    rows = []
    for provider, (calls, window_s, period_calls, period_s) in LIMITS.items():
        times = instances.times(provider)
        fullest = check_window(times, calls, window_s, provider)
        in_period = check_window(times, period_calls or 1 << 30, period_s, provider)
        recorded = len(ledger.of(provider))
        assert len(times) <= recorded, f"{provider} was called {len(times)} times, {recorded} calls are recorded"
        rows.append(f"{provider}: {len(times)} calls of {recorded} recorded, fullest window {fullest}/{calls}"
                    + (f", period {in_period}/{period_calls}" if period_calls else ""))
    print("\n".join(rows))
    return rows


def check_slots(ledger, pipeline):
    """No slot is served twice without a crash in it."""
    served = request_ids(pipeline)
    assert served <= set(ledger.calls), "a record came from a call that is not in the ledger"
    repeats = 0
    for (job, slot_us, asset), calls in ledger.by_slot().items():
        good = [call for call in calls if call.id in served]
        first = [call for call in good if not call.repeats]
        again = [call for call in calls if call.repeats and call.attempt == 1]
        assert len(first) <= 1, f"{asset} of {job} at {slot_us} was served {len(first)} times without a crash: {first}"
        assert len(again) <= 1, f"{asset} of {job} at {slot_us} was repeated {len(again)} times"
        repeats += len(again)
    return repeats


def request_ids(pipeline):
    """Of all quotes that were published."""
    parsed = bus.schema("quote")
    return {bus.decode(record, parsed)["request_id"] for record in pipeline.read("quotes.raw")}


def left_out(logs):
    """The slots of which instances said that they, or some of their assets, were left out: {(job, slot)}."""
    said = set()
    for text in logs:
        for job, first, last in re.findall(r'msg="slots of a job were passed over".* job=(\S+) .*from_us=(\d+) to_us=(\d+)', text):
            said |= {(job, slot) for slot in range(int(first), int(last) + 1, EVERY_S * 1_000_000)}
        said |= {(job, int(slot)) for job, slot in re.findall(r'msg="a call was interrupted twice and is left out".* job=(\S+) slot_us=(\d+)', text)}
    return said


def check_all_served(ledger, logs):
    """
    Each slot of a job with ample quota has for each asset a call that ended, or it was said that there is none. A call that went
    out only after the next slot had begun counts for that one, out of which its assets are left.
    """
    said, by_slot, step = left_out(logs), ledger.by_slot(), EVERY_S * 1_000_000
    ended = {key for key, calls in by_slot.items() if any(call.id in ledger.ended for call in calls)}
    lacking, late = [], 0
    for job in AMPLE:
        slots = {slot for name, slot, _ in by_slot if name == job}
        for asset in {asset for name, _, asset in by_slot if name == job}:
            for slot in range(min(slots), max(slots), step):
                if (job, slot, asset) in ended or (job, slot) in said:
                    continue
                late += (job, slot + step, asset) in ended
                if (job, slot + step, asset) not in ended:
                    lacking.append((job, slot, asset))
    assert not lacking, f"{len(lacking)} were not served and nobody said so, e.g. {lacking[0]}: {by_slot.get(lacking[0])}"
    skipped = sum(int(count) for text in logs for count in re.findall(r'msg="assets were left out of slots.* assets=(\d+)', text))
    assert late <= skipped, f"{late} were served in the next slot only, {skipped} are said to be left out"
    print(f"{len(said)} slots of {len(JOBS)} jobs were passed over or left out and said so, {late} assets were served with the next slot")


def test_random_kills_exceed_no_quota_and_serve_no_slot_twice(instances, pipeline):
    seconds = int(os.environ.get("QB_INSTANCES_S", "40"))
    chance = random.Random(4)
    instances.start(1, 2, 3)
    for fault in FAULTS:
        post_fault(pipeline, fault)
    deadline = time.monotonic() + seconds
    kills = collections.Counter()
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(3, 7))
        victim = chance.choice((1, 2, 3))
        pipeline.kill_and_restart(f"ingest-{victim}")
        kills[victim] += 1
    time.sleep(SESSION_S + 2 * EVERY_S)  # what the last one left is taken over
    took = [instances.stop(number) for number in (1, 2, 3)]
    ledger = Ledger(pipeline)
    logs = [(pipeline.stack.logs / f"ingest-{number}.log").read_text() for number in (1, 2, 3)]
    print(f"{sum(kills.values())} kills in {seconds} s, {len(ledger.calls)} calls, {len(ledger.interrupted)} interrupted, "
          f"{sum(call.repeats for call in ledger.calls.values())} repeated; stops took {max(took):.2f} s")
    check_quotas(instances, ledger)
    check_slots(ledger, pipeline)
    check_all_served(ledger, logs)


def post_fault(pipeline, fault):
    request = urllib.request.Request(f"http://127.0.0.1:{pipeline.stack.ports['sim']}/sim/faults", json.dumps(fault).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def all_owned(instances, *numbers):
    owned = [instances.owned(number) for number in numbers]
    return owned if set().union(*owned) == LANES and sum(map(len, owned)) == len(LANES) else None


def test_added_instance_takes_its_share_and_a_stopped_one_gives_it_back(instances, pipeline):
    instances.start(1)
    wait_for(lambda: all_owned(instances, 1), 10, "one instance owns all providers")
    time.sleep(EVERY_S)
    instances.start(2)
    shares = wait_for(lambda: (both := all_owned(instances, 1, 2)) and all(both) and both, 20, "two instances share the providers")
    time.sleep(EVERY_S)
    took_s = instances.stop(2)
    wait_for(lambda: all_owned(instances, 1), 10, "the first one has all again")
    assert took_s < 5, f"a graceful stop took {took_s:.1f} s"
    time.sleep(EVERY_S)
    took_s = max(took_s, instances.stop(1))
    ledger = Ledger(pipeline)
    check_quotas(instances, ledger)
    check_slots(ledger, pipeline)
    assert not ledger.interrupted and not any(call.repeats for call in ledger.calls.values()), "a call was interrupted without a crash"
    left = {lane: entries[-1]["calls"] for lane, entries in ledger.lanes.items() if entries[-1]["calls"]}
    assert not left, f"calls did not end before the stop: {left}"
    print(f"shares {shares}, stop took {took_s:.2f} s")


def test_takeover_within_the_session_timeout_keeps_the_quota(instances, pipeline):
    instances.start(1)
    wait_for(lambda: all_owned(instances, 1), 10, "one instance owns all providers")
    instances.start(2)
    wait_for(lambda: all_owned(instances, 1, 2), 20, "two instances share the providers")
    time.sleep(EVERY_S)
    before = instances.owned(1)
    instances.process(1).kill()
    begun = time.monotonic()
    wait_for(lambda: all_owned(instances, 2), 15, "the other one takes over", 0.02)
    took_s = time.monotonic() - begun
    pipeline.stack.processes.pop("ingest-1")
    time.sleep(2 * EVERY_S)
    instances.stop(2)
    ledger = Ledger(pipeline)
    check_quotas(instances, ledger)
    check_slots(ledger, pipeline)
    print(f"{sorted(before)} were taken over in {took_s:.2f} s, session timeout {SESSION_S} s")
    assert took_s < SESSION_S + 2


def test_owner_that_slept_makes_no_call_when_it_wakes(instances, pipeline):
    instances.start(1)
    wait_for(lambda: all_owned(instances, 1), 10, "one instance owns all providers")
    time.sleep(EVERY_S)
    sleeper = instances.process(1)
    sleeper.send(signal.SIGSTOP)
    try:
        instances.start(2)
        wait_for(lambda: all_owned(instances, 2), 20, "the other one takes over")
        time.sleep(2 * EVERY_S)
    finally:
        sleeper.send(signal.SIGCONT)
    woke_us = time.time_ns() // 1000
    wait_for(lambda: all_owned(instances, 1, 2), 20, "they share the providers again")
    time.sleep(EVERY_S)
    instances.stop(1)
    instances.stop(2)
    ledger = Ledger(pipeline)
    check_quotas(instances, ledger)
    check_slots(ledger, pipeline)
    gained_us = min((call.at_us for call in ledger.calls.values() if call.instance == "ingest-1" and call.at_us > woke_us), default=None)
    recorded = collections.Counter(call.lane for call in ledger.calls.values())
    print(f"it made its next call {(gained_us - woke_us) / 1e6:.2f} s after it woke" if gained_us else "it got no provider back",
          dict(recorded))
