"""The quality bench of validate. See README.md beside it."""

import argparse
import json
import sys
import time
import zlib

import numpy as np

import baselines
import faults
import score
import series as real
import streams
from judge import judge

CLASSES = ("equity", "fx", "crypto")
RATES = (0.001, 0.005, 0.02, 0.05)
#: Bars of a stream by their length, so that one has some 1,200 polls.
BARS = {3600: 96, 23400: 15, 86400: 4}
#: Streams per number of sources: with faults, and clean.
FAULTY = {1: 60, 2: 42, 3: 42, 5: 21}
CLEAN = {1: 48, 2: 30, 3: 30, 5: 15}
SPOILED = 9
#: Every so many clean streams one lies around the largest moves of its series.
CRASH_EVERY = 3
SEEDS = {"tune": 20260101, "held-out": 777}


def generator(*parts):
    """A generator whose numbers depend on the parts alone."""
    return np.random.default_rng(zlib.crc32("/".join(map(str, parts)).encode()))


def pick(all_series, asset_class, at_crash, rng):
    """(series, first bar, bars) of a stream."""
    own = [s for s in all_series if s.kind == asset_class]
    chosen = own[rng.integers(len(own))]
    count = BARS[chosen.bar_s]
    if at_crash:
        moves = np.abs(np.diff(np.log(chosen.close)))
        worst = np.argsort(moves)[-20:]
        first = int(rng.choice(worst)) - count // 2
    else:
        first = int(rng.integers(len(chosen) - count))
    return chosen, int(np.clip(first, 0, len(chosen) - count)), count


def some_streams(all_series, sources, count, name, seed, crashes=False):
    out = []
    for i in range(count):
        rng = generator(seed, name, sources, i)
        chosen, first, bars = pick(all_series, CLASSES[i % 3], crashes and i // 3 % CRASH_EVERY == 0, rng)
        out.append(streams.make(chosen, first, bars, sources, f"{name}{sources}-{i}", rng))
    return out


def with_faults(all_series, sources, count, seed):
    out = some_streams(all_series, sources, count, "f", seed)
    kinds = [k for k in faults.INJECT if k != "ten_sigma"] + ["colluding"] * (sources == 5)
    if sources == 1:
        kinds = ["unit_100", "unit_1000", "split", "ten_sigma", "not_a_price", "spike_10_30", "duplicated", "bad_bar", "crossed",
                 "volume_100", "cap_wrong", "currency_label", "stale_time"]
    for i, stream in enumerate(out):
        faults.inject(stream, kinds, RATES[i // 3 % len(RATES)], generator(seed, "faults", sources, i))
    return out


def spoil(stream, bad_sources, rng):
    """Makes the first sources of a stream wrong half of the time, each in its own way."""
    kinds = ["spike_3_10", "spike_10_30", "unit_100", "split", "frozen", "currency_price"]
    for source in range(bad_sources):
        own = np.flatnonzero(stream.source == source)
        for begin in range(20, len(own) - 40, 40):
            rows = own[begin:begin + 20]
            kind = kinds[rng.integers(len(kinds))]
            stream.label[rows] = faults.CODE[kind]
            faults.INJECT[kind](stream, rows, rng)
    return stream


class Bench:
    def __init__(self, args, group):
        self.args, self.group, self.seed = args, group, SEEDS[group]
        self.series = real.load(args.series, group)
        self.result = {"group": group, "recall": {}, "kinds": {}, "classes": {}, "baselines": {}, "false_alarms_per_100k": {},
                       "consensus_bps": {}, "rows": 0}
        self.seconds_of_check = 0.0

    def judge(self, some):
        began = time.monotonic()
        out = judge(some, self.args.binary, self.args.rules)
        self.seconds_of_check += time.monotonic() - began
        self.result["rows"] += sum(map(len, some))
        return out

    def run_faults(self, sources):
        """Faulty and clean streams of that many sources; fills the tables."""
        faulty = with_faults(self.series, sources, FAULTY[sources] // self.args.part, self.seed)
        clean = some_streams(self.series, sources, CLEAN[sources] // self.args.part, "c", self.seed, crashes=True)
        counts, quiet = score.Counts(), score.Counts()
        for stream, verdicts in zip(faulty, self.judge(faulty)):
            counts.add(stream, score.found(stream, verdicts), verdicts[0])
            self.dump(stream, verdicts)
        for stream, verdicts in zip(clean, self.judge(clean)):
            quiet.add(stream, verdicts[0], verdicts[0])
            self.dump(stream, verdicts)
        self.tell("quotebus", sources, counts, quiet)
        self.result["kinds"][sources] = {k: counts.summary([k]) for k in faults.KINDS[1:] if counts.recall([k])[1]}
        self.result["classes"][sources] = {c: counts.summary(score.kinds_for(sources), c) for c in CLASSES}
        for name, rule in baselines.BASELINES.items():
            theirs, calm = score.Counts(), score.Counts()
            for stream in faulty:
                bad = rule(stream)
                theirs.add(stream, bad, bad)
            for stream in clean:
                bad = rule(stream)
                calm.add(stream, bad, bad)
            self.tell(name, sources, theirs, calm)

    def tell(self, who, sources, counts, quiet):
        self.result["baselines"].setdefault(who, {})[sources] = counts.summary(score.kinds_for(sources)) | {
            "false_alarms_per_100k": quiet.per_100k(), "clean_quotes": sum(quiet.clean.values())}
        if who == "quotebus":
            self.result["false_alarms_per_100k"][sources] = {c: quiet.per_100k(c) for c in CLASSES}

    def run_daily(self):
        """One quote a day: what an evaluation with daily data looks like."""
        for sources in (1, 3):
            kinds = faults.GROSS_KINDS if sources == 1 else ["unit_100", "unit_1000", "spike_3_10", "spike_10_30", "split",
                                                             "currency_price", "not_a_price"]
            some = []
            for i, chosen in enumerate([s for s in self.series if s.kind == "equity"][:12]):
                rng = generator(self.seed, "daily", sources, i)
                stream = streams.make_daily(chosen, max(0, len(chosen) - 2500), min(len(chosen), 2500), sources, f"d{sources}-{i}", rng)
                some.append(faults.inject(stream, kinds, RATES[i % len(RATES)], rng, daily=True))
            counts = score.Counts()
            for stream, verdicts in zip(some, self.judge(some)):
                counts.add(stream, score.found(stream, verdicts), verdicts[0])
                self.dump(stream, verdicts)
            self.result["classes"].setdefault("daily", {})[sources] = counts.summary(kinds) | {
                "false_alarms_per_100k": counts.per_100k(), "by_kind": {k: counts.recall([k])[0] for k in kinds}}

    def run_consensus(self):
        for bad_sources, sources in ((0, 3), (1, 3), (0, 5), (2, 5)):
            some = some_streams(self.series, sources, SPOILED, "s", self.seed)
            for i, stream in enumerate(some):
                spoil(stream, bad_sources, generator(self.seed, "spoil", sources, bad_sources, i))
            errors = [score.consensus_errors_bps(stream, verdicts[0]) for stream, verdicts in zip(some, self.judge(some))]
            errors = np.concatenate(errors)
            self.result["consensus_bps"][f"{bad_sources} of {sources}"] = {"median": float(np.median(errors)),
                                                                         "p99": float(np.quantile(errors, 0.99))}

    def dump(self, stream, verdicts):
        """Prints what went wrong, for who wants to know why."""
        if not self.args.explain:
            return
        hit = score.found(stream, verdicts)
        for row in np.flatnonzero(((stream.label > 0) & ~hit) | ((stream.label == 0) & verdicts[0])):
            print(f"{stream.asset} source {stream.source[row]} {faults.KINDS[stream.label[row]]} size {stream.size[row]:.4f} "
                  f"observed {stream.observed[row]:.0f} price {stream.figures['price'][row]:.6g} truth {stream.truth[row]:.6g} "
                  f"{sorted(verdicts[1][row])}", file=sys.stderr)

    def run(self):
        for sources in FAULTY:
            self.run_faults(sources)
        self.run_daily()
        self.run_consensus()
        return self.result


def percent(value):
    return "    -" if value != value else f"{value:5.3f}"


def print_group(result):
    print(f"\n== {result['group']}: {result['rows']:,} quotes judged")
    print(f"{'faults of the price, 1% and more':<22} {'sources':>7} {'faults':>7} {'recall':>7} {'prec.':>6} {'F1':>6} {'false alarms/100k':>18}")
    for who, by_sources in result["baselines"].items():
        for sources, s in by_sources.items():
            print(f"{who:<33} {sources:>6} {s['faults']:>7} {percent(s['recall']):>7} {percent(s['precision']):>6} {percent(s['f1']):>6} "
                  f"{s['false_alarms_per_100k']:>12.1f} of {s['clean_quotes']:,}")
    print("\nby class (recall / precision / false alarms per 100,000 in clean streams)")
    for sources, by_class in result["false_alarms_per_100k"].items():
        cells = [f"{c} {percent(result['classes'][sources][c]['recall'])} / {percent(result['classes'][sources][c]['precision'])} / {rate:.1f}"
                 for c, rate in by_class.items()]
        print(f"  {sources} sources: " + ";  ".join(cells))
    print("\nrecall by kind          " + "".join(f"{s:>10}" for s in result["kinds"]) + "   sources")
    for kind in faults.KINDS[1:]:
        cells = [result["kinds"][s].get(kind) for s in result["kinds"]]
        if any(cells):
            print(f"  {kind:<20}  " + "".join(f"{percent(c['recall']) if c else '-':>10}" for c in cells))
    print("\none quote a day")
    for sources, s in result["classes"]["daily"].items():
        print(f"  {sources} sources: recall {percent(s['recall'])}, precision {percent(s['precision'])}, false alarms per 100,000 "
              f"{s['false_alarms_per_100k']:.1f};  " + ", ".join(f"{k} {percent(v)}" for k, v in s["by_kind"].items()))
    print("\nconsensus against the real price, bps (median, 99th percentile)")
    for bad, s in result["consensus_bps"].items():
        print(f"  {bad} sources bad half of the time: {s['median']:.2f}, {s['p99']:.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--rules", required=True)
    parser.add_argument("--series", required=True)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", dest="part", action="store_const", const=3, default=1, help="a third of the streams")
    parser.add_argument("--group", choices=list(SEEDS), help="one group of series only")
    parser.add_argument("--explain", action="store_true", help="print every miss and false alarm to stderr")
    args = parser.parse_args()
    began, results = time.monotonic(), []
    for group in [args.group] if args.group else list(SEEDS):
        bench = Bench(args, group)
        results.append(bench.run())
        print_group(results[-1])
        print(f"\n{time.monotonic() - began:.0f} s so far, {bench.seconds_of_check:.0f} of them in quotebus check and around it", flush=True)
    if args.json:
        print(json.dumps({"bench": "quality", "groups": results, "seconds": round(time.monotonic() - began, 1)}))


if __name__ == "__main__":
    main()
