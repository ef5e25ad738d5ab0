"""Seeded, labelled faults.

A fault comes alone or in a run of polls of one source; `colluding` hits two of five sources with the same wrong price at once. Rows
whose fault cannot be seen in them (a price that stands still before the others moved by a percent, an old observation while the
exchange is closed) are neutral: they count neither as faulty nor as clean.
"""

import numpy as np

CLEAN, NEUTRAL = 0, -1
KINDS = ["clean", "unit_100", "unit_1000", "spike_1_3", "spike_3_10", "spike_10_30", "split", "ten_sigma", "stale_time", "frozen",
         "currency_label", "currency_price", "duplicated", "not_a_price", "bad_bar", "crossed", "volume_100", "cap_wrong", "colluding"]
CODE = {name: i for i, name in enumerate(KINDS)}
#: Kinds that a flag alone answers, since the price is right.
FLAG_OF = {"duplicated": "duplicate", "volume_100": "volume_outlier", "cap_wrong": "cap_mismatch"}
#: The faults of the price of one percent and more, by which the aims are measured where there are two or more sources.
PRICE_KINDS = ["unit_100", "unit_1000", "spike_1_3", "spike_3_10", "spike_10_30", "split", "stale_time", "frozen", "currency_label",
               "currency_price", "not_a_price", "colluding"]
#: What a single source must be caught at.
GROSS_KINDS = ["unit_100", "unit_1000", "split", "ten_sigma", "not_a_price"]
SPLITS = [2, 1.5, 3, 4, 5, 10, 20]
#: Rows of a source before the first fault.
WARM_UP = 6


def scale(stream, rows, factor):
    """Makes the prices of rows wrong by a factor, with the bid and ask around them."""
    for name in ("price", "bid", "ask"):
        stream.figures[name][rows] *= factor
    stream.size[rows] = np.abs(np.asarray(factor) - 1)


def spike(low, high):
    def inject(stream, rows, rng):
        size = np.exp(rng.uniform(np.log(low), np.log(high)))
        scale(stream, rows, 1 + size if rng.random() < 0.5 else 1 - size)
    return inject


def factor_of(choices):
    def inject(stream, rows, rng):
        factor = rng.choice(choices)
        scale(stream, rows, factor if rng.random() < 0.5 else 1 / factor)
    return inject


def ten_sigma(stream, rows, rng):
    scale(stream, rows, np.exp(10 * stream.sigma_day * rng.choice([-1, 1])))


def stale_time(stream, rows, rng):
    """The observation of some hours before comes once more, with its time."""
    hours = rng.uniform(4, 48) if stream.kind == "equity" else rng.uniform(2, 12)
    times, prices = stream.path
    then = np.maximum(stream.fetched[rows] - hours * 3600, times[0])
    place = np.clip(np.searchsorted(times, then, "right") - 1, 0, len(times) - 1)
    stream.figures["price"][rows] = prices[place]
    stream.observed[rows] = times[place]
    stream.size[rows] = np.abs(prices[place] / stream.truth_now[rows] - 1)
    now = np.clip(np.searchsorted(times, stream.fetched[rows], "right") - 1, 0, len(times) - 1)
    closed = stream.fetched[rows] - times[now] > 1200
    stream.label[rows[(place == now) | closed]] = NEUTRAL


def frozen(stream, rows, rng):
    """The price of the first row stays; its time goes on."""
    for name in ("price", "bid", "ask"):
        stream.figures[name][rows] = stream.figures[name][rows[0]]
    stream.size[rows] = np.abs(stream.figures["price"][rows] / stream.truth[rows] - 1)
    stream.label[rows[stream.size[rows] < 0.01]] = NEUTRAL


def currency_label(stream, rows, rng):
    stream.currencies[rows] = rng.choice(["EUR", "GBP", "JPY"]) if stream.currency == "USD" else "CHF"


def duplicated(stream, rows, rng):
    """The poll before comes once more."""
    source = np.flatnonzero(stream.source == stream.source[rows[0]])
    before = source[np.searchsorted(source, rows[0]) - 1]
    for figure in stream.figures.values():
        figure[rows] = figure[before]
    stream.observed[rows] = stream.observed[before]


def not_a_price(stream, rows, rng):
    stream.figures["price"][rows] = rng.choice([0.0, -1.0, np.inf, -stream.truth[rows[0]]])


def bad_bar(stream, rows, rng):
    figures, price = stream.figures, stream.figures["price"][rows]
    for name in ("open", "high", "low"):
        figures[name][rows] = np.where(np.isfinite(figures[name][rows]), figures[name][rows], price)
    which = rng.integers(4)
    if which == 0:
        figures["high"][rows], figures["low"][rows] = price * 0.95, price * 1.05
    elif which == 1:
        figures["low"][rows] = 0
    elif which == 2:
        figures["high"][rows] = price * rng.uniform(0.5, 0.97)
    else:
        figures["open"][rows] = figures["high"][rows] * rng.uniform(1.05, 3)


def crossed(stream, rows, rng):
    price = stream.figures["price"][rows]
    stream.figures["ask"][rows], stream.figures["bid"][rows] = price, price * (1 + rng.uniform(0.02, 0.1))


def wrong_figure(name, factors):
    def inject(stream, rows, rng):
        missing = ~np.isfinite(stream.figures[name][rows])
        stream.figures[name][rows] *= rng.choice(factors)
        stream.label[rows[missing]] = NEUTRAL
    return inject


INJECT = {
    "unit_100": factor_of([100]), "unit_1000": factor_of([1000]), "spike_1_3": spike(0.01, 0.03), "spike_3_10": spike(0.03, 0.1),
    "spike_10_30": spike(0.1, 0.3), "split": factor_of(SPLITS), "ten_sigma": ten_sigma, "stale_time": stale_time, "frozen": frozen,
    "currency_label": currency_label, "currency_price": factor_of([1.08, 1.25, 1.35, 7.2, 83, 150]), "duplicated": duplicated,
    "not_a_price": not_a_price, "bad_bar": bad_bar, "crossed": crossed, "volume_100": wrong_figure("volume", [100]),
    "cap_wrong": wrong_figure("market_cap", [10, 0.1, 1000]),
}
LONG = {"frozen": (12, 40), "split": (10, 40)}


def length_of(kind, rng, daily=False):
    if kind in LONG and not daily:
        return int(rng.integers(*LONG[kind]))
    return 1 if rng.random() < 0.6 else int(rng.integers(2, 5) if daily else rng.integers(3, 13))


def collude(stream, rng):
    """Two of five sources say the same wrong price for a while."""
    pair = rng.choice(5, 2, replace=False)
    begin = rng.uniform(stream.fetched[0] + 7200, stream.fetched[-1])
    rows = np.flatnonzero((stream.fetched >= begin) & (stream.fetched < begin + 300 * length_of("colluding", rng)) &
                          np.isin(stream.source, pair))
    if len(rows) == 0 or np.any(stream.label[rows] != CLEAN):
        return 0
    stream.label[rows] = CODE["colluding"]
    spike(0.01, 0.3)(stream, rows, rng)
    return len(rows)


def inject(stream, kinds, rate, rng, daily=False):
    """Puts faults of those kinds into about that part of the rows, each source and kind as often as another."""
    sources = stream.source.max() + 1
    by_source = [np.flatnonzero(stream.source == s) for s in range(sources)]
    wanted, done, tries = rate * len(stream), 0, 0
    while done < wanted and tries < 4000:
        tries += 1
        kind = kinds[rng.integers(len(kinds))]
        if kind == "colluding":
            done += collude(stream, rng) if sources == 5 else 0
            continue
        own, count = by_source[rng.integers(sources)], length_of(kind, rng, daily)
        if kind in LONG and not daily and rng.random() > 0.25:
            continue  # runs are long: they would take all of the rate
        if len(own) <= WARM_UP + count:
            continue
        begin = rng.integers(WARM_UP, len(own) - count)
        rows = own[begin:begin + count]
        if np.any(stream.label[own[begin - 1:begin + count + 1]] != CLEAN):
            continue
        stream.label[rows] = CODE[kind]
        INJECT[kind](stream, rows, rng)
        done += count
    return stream
