"""Counts what was found, and what the consensus is worth."""

from collections import defaultdict

import numpy as np

from faults import CLEAN, CODE, FLAG_OF, GROSS_KINDS, KINDS, NEUTRAL, PRICE_KINDS

FRESH_S = 1800


def found(stream, verdicts):
    """Per row: left out or suspected, or given the flag that answers its kind."""
    bad, flags = verdicts
    hit = bad.copy()
    for kind, flag in FLAG_OF.items():
        for row in np.flatnonzero(stream.label == CODE[kind]):
            hit[row] |= flag in flags[row]
    return hit


class Counts:
    """Faults found and clean quotes suspected, by fault kind and asset class."""

    def __init__(self):
        self.faults, self.hits, self.clean, self.alarms = (defaultdict(int) for _ in range(4))

    def add(self, stream, hit, bad):
        for code in np.unique(stream.label):
            mine = stream.label == code
            if code > CLEAN:
                self.faults[KINDS[code], stream.kind] += int(mine.sum())
                self.hits[KINDS[code], stream.kind] += int(hit[mine].sum())
        clean = stream.label == CLEAN
        self.clean[stream.kind] += int(clean.sum())
        self.alarms[stream.kind] += int(bad[clean].sum())

    def recall(self, kinds, asset_class=None):
        keys = [k for k in self.faults if k[0] in kinds and asset_class in (None, k[1])]
        faults = sum(self.faults[k] for k in keys)
        return (sum(self.hits[k] for k in keys) / faults if faults else float("nan")), faults

    def precision(self, kinds, asset_class=None):
        """Of what was called faulty among these faults and the clean quotes, the part that is."""
        hits = sum(h for k, h in self.hits.items() if k[0] in kinds and asset_class in (None, k[1]))
        alarms = sum(a for c, a in self.alarms.items() if asset_class in (None, c))
        return hits / (hits + alarms) if hits + alarms else float("nan")

    def summary(self, kinds, asset_class=None):
        recall, faults = self.recall(kinds, asset_class)
        precision = self.precision(kinds, asset_class)
        f1 = 2 * recall * precision / (recall + precision) if recall + precision > 0 else 0.0
        return {"faults": faults, "recall": recall, "precision": precision, "f1": f1}

    def per_100k(self, asset_class=None):
        clean = sum(n for c, n in self.clean.items() if asset_class in (None, c))
        return 1e5 * sum(n for c, n in self.alarms.items() if asset_class in (None, c)) / clean if clean else float("nan")


def consensus_errors_bps(stream, bad):
    """Distance of the median of the fresh sources that are not left out from the real price, after each quote."""
    rows, sources = len(stream), stream.source.max() + 1
    table = np.full((rows, sources), np.nan)
    for s in range(sources):
        place = np.maximum.accumulate(np.where(stream.source == s, np.arange(rows), -1))
        used = (place >= 0) & ~bad[place] & (stream.fetched - stream.fetched[place] <= FRESH_S)
        table[used, s] = stream.figures["price"][place[used]]
    some = np.isfinite(table).any(axis=1)
    middle = np.nanmedian(table[some], axis=1)
    return np.abs(middle / stream.truth_now[some] - 1) * 1e4


def kinds_for(sources):
    return GROSS_KINDS if sources == 1 else PRICE_KINDS
