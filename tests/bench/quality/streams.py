"""Streams of quotes as several sources would have given them of a real series.

Within a bar the price goes from the open over both extremes to the close, with a Brownian bridge between; the bars, and the gaps
between them, are real. Sources differ as free ones do: cached without time stamps, delayed by a quarter of an hour, updated every few
minutes, with noise, a slow basis, rounding, missing polls, and repeated answers while the exchange is closed.
"""

from dataclasses import dataclass

import numpy as np

DAY_S = 86400
POLL_S = 300
CLOSED_POLL_S = 7200
DELAY_S = 900
#: Share of polls that give nothing.
MISSING = 0.03
#: Per class: noise of one quote and deviation of the slow basis, in basis points, and the tick.
NOISE_BPS = {"equity": 1.5, "fx": 1.0, "crypto": 4.0}
BASIS_BPS = {"equity": 1.0, "fx": 1.5, "crypto": 6.0}
TICK = {"equity": 0.01, "fx": 0.00001, "crypto": 0.01}
#: A source whose price carries a later time than its own is clean up to that distance from the price of the time it bears.
LAG_TOLERANCE = 0.005
SPREAD_BPS = {"equity": 3.0, "fx": 1.0, "crypto": 5.0}
#: The kinds of sources, in the order in which a stream gets them.
PROFILES = ("prompt", "cached", "delayed", "slow", "noisy")

FIGURES = ("price", "bid", "ask", "open", "high", "low", "previous_close", "volume", "market_cap")


@dataclass
class Stream:
    """Quotes of one asset in the order of arrival; `figures` by name, NaN: missing. `truth` is the real price at observed_at."""
    asset: str
    kind: str
    currency: str
    sigma_day: float            # robust deviation of a day's log return
    source: np.ndarray          # number of the source
    fetched: np.ndarray         # epoch seconds
    observed: np.ndarray
    figures: dict
    truth: np.ndarray
    truth_now: np.ndarray       # the real price at fetched
    currencies: np.ndarray      # code per row
    path: tuple                 # (times, prices) of the real price
    label: np.ndarray = None    # fault per row, see faults.py
    size: np.ndarray = None     # relative error of the price where it is the fault

    def __len__(self):
        return len(self.source)


def bridge(start, end, steps, sigma, rng):
    """Log prices from start to end in `steps` steps, end included, start not."""
    walk = np.cumsum(rng.normal(0, sigma, steps))
    share = np.arange(1, steps + 1) / steps
    return start + (end - start) * share + walk - walk[-1] * share


def bar_path(log_bar, steps, rng):
    """Log prices within a bar of (open, high, low, close)."""
    first, high, low, last = log_bar
    turns = (steps * (np.sort(rng.uniform(0.15, 0.65, 2)) + [0, 0.2])).astype(int)  # no extreme is reached in no time
    anchors = (high, low) if rng.random() < 0.5 else (low, high)
    sigma = max(high - low, 1e-6) / 1.67 / np.sqrt(steps) * 0.7
    parts = [np.array([first]), bridge(first, anchors[0], turns[0], sigma, rng),
             bridge(anchors[0], anchors[1], turns[1] - turns[0], sigma, rng),
             bridge(anchors[1], last, steps - 1 - turns[1], sigma, rng)]
    return np.clip(np.concatenate(parts), low, high)


def real_path(series, first, count, rng):
    """(times, prices, begin of the session per point) of `count` bars."""
    step_s = 60
    steps = series.bar_s // step_s
    times, prices, sessions = [], [], []
    for i in range(first, first + count):
        begin = series.time[i] + (52200 if series.kind == "equity" else 0)
        bar = np.log([series.open[i], series.high[i], series.low[i], series.close[i]])
        times.append(begin + np.arange(steps) * step_s)
        prices.append(np.exp(bar_path(bar, steps, rng)))
        sessions.append(np.full(steps, begin if series.bar_s != 3600 else series.time[i] // DAY_S * DAY_S))
    return np.concatenate(times), np.concatenate(prices), np.concatenate(sessions)


def poll_times(times, series, rng):
    """When sources are asked: every five minutes while there is a price, now and then while there is none."""
    polls = np.arange(times[0] + 600, times[-1] + 60, POLL_S)
    place = np.searchsorted(times, polls, "right") - 1
    is_open = polls - times[place] < 1200
    is_slow = (np.arange(len(polls)) % (CLOSED_POLL_S // POLL_S)) == 0
    return polls[is_open | is_slow]


def last_place(times, at):
    """The point of the path that holds at a time."""
    return np.clip(np.searchsorted(times, at, "right") - 1, 0, len(times) - 1)


def slow_basis(count, sigma, rng):
    """An autoregressive series: a source that is a little above for a while, then below."""
    basis, memory = np.empty(count), 0.98
    noise = rng.normal(0, sigma * np.sqrt(1 - memory ** 2), count)
    value = rng.normal(0, sigma)
    for i in range(count):
        value = memory * value + noise[i]
        basis[i] = value
    return basis


def seen_times(profile, fetched, times, rng):
    """(time of the price that is given, time stamp that is given) per poll."""
    if profile == "cached":
        return fetched - rng.uniform(5, 60, len(fetched)), fetched.copy()
    price_time = fetched - rng.uniform(1, 5, len(fetched)) - (DELAY_S if profile == "delayed" else 0)
    if profile == "slow":
        price_time = np.floor(price_time / 150) * 150
    place = last_place(times, price_time)
    step = times[1] - times[0]
    stamp = np.minimum(price_time, times[place] + step - 1)  # closed: the time of the last trade
    return price_time, np.maximum(stamp, times[0])


def source_quotes(series, profile, path, polls, rng):
    """Rows of one source as arrays: fetched, observed, truth, figures."""
    times, prices, sessions = path
    kept = polls[rng.random(len(polls)) > MISSING]
    fetched = kept + rng.uniform(0, 20, len(kept))
    price_time, stamp = seen_times(profile, fetched, times, rng)
    place = last_place(times, price_time)
    noisy = 2.0 if profile == "noisy" else 1.0
    off = (rng.normal(0, NOISE_BPS[series.kind] * noisy, len(times))[place] +
           slow_basis(len(times), BASIS_BPS[series.kind] * noisy, rng)[place]) / 1e4
    tick = TICK[series.kind] if prices[0] > 10 or series.kind != "equity" else 0.001
    price = np.maximum(np.round(prices[place] * (1 + off) / tick) * tick, tick)
    return fetched, stamp, prices[place], figures_of(series, profile, path, place, price, tick)


def figures_of(series, profile, path, place, price, tick):
    """What a source gives beside the price; not every source gives all."""
    times, prices, sessions = path
    starts = np.flatnonzero(np.diff(sessions, prepend=sessions[0] - 1))
    session = np.searchsorted(starts, np.arange(len(times)), "right") - 1
    high, low = prices.copy(), prices.copy()
    for begin, end in zip(starts, np.append(starts[1:], len(times))):
        high[begin:end] = np.maximum.accumulate(prices[begin:end])
        low[begin:end] = np.minimum.accumulate(prices[begin:end])
    nothing = np.full(len(price), np.nan)
    figures = {name: nothing for name in FIGURES} | {"price": price}
    half = price * SPREAD_BPS[series.kind] / 2e4 + tick / 2
    if profile in ("prompt", "noisy"):
        figures["bid"], figures["ask"] = price - half, price + half
    if profile in ("prompt", "slow", "delayed"):
        figures["open"] = prices[starts][session[place]]
        figures["high"] = np.maximum(high[place], price)
        figures["low"] = np.minimum(low[place], price)
        figures["previous_close"] = prices[np.maximum(starts - 1, 0)][session[place]]
    if profile != "delayed":
        done = (np.arange(len(times)) - starts[session] + 1)[place]
        daily = 5e6 if series.kind == "equity" else 2e4
        figures["volume"] = np.round(daily * done / 390) if series.kind == "equity" else np.round(daily * (1 + 0.3 * np.sin(place / 300)))
    if profile in ("prompt", "cached"):
        figures["market_cap"] = np.round(price * 1e8)
    return figures


def named(asset, name):
    """The id of a stream's asset; the last letters of a pair stay where they are."""
    kind, code = asset.split(":")
    return f"{kind}:{name}-{code}"


def make(series, first, count, sources, name, rng):
    """A stream of `count` bars from `first` on, as seen by that many sources."""
    path = real_path(series, first, count, rng)
    polls = poll_times(path[0], series, rng)
    rows = [source_quotes(series, PROFILES[s], path, polls, rng) for s in range(sources)]
    fetched = np.concatenate([r[0] for r in rows])
    order = np.argsort(fetched, kind="stable")
    source = np.concatenate([np.full(len(r[0]), s) for s, r in enumerate(rows)])[order]
    returns = np.diff(np.log(series.close))
    per_day = 1 if series.bar_s > 3600 else 24
    sigma = 1.4826 * np.median(np.abs(returns - np.median(returns))) * np.sqrt(per_day)
    fetched = fetched[order]
    stream = Stream(named(series.asset, name), series.kind, series.currency, sigma, source, fetched,
                  np.concatenate([r[1] for r in rows])[order],
                  {f: np.concatenate([r[3][f] for r in rows])[order] for f in FIGURES},
                  np.concatenate([r[2] for r in rows])[order], path[1][last_place(path[0], fetched)],
                    np.full(len(source), series.currency, dtype="U8"), path[:2],
                    np.zeros(len(source), dtype=int), np.zeros(len(source)))
    stream.label[off_by_lag(stream)] = -1
    return stream


def off_by_lag(stream):
    """Rows whose price is not that of the time they bear, beyond what sources differ by: they are neither clean nor faulty."""
    times, prices = stream.path
    told = prices[last_place(times, stream.observed)]
    return np.abs(stream.truth / told - 1) > LAG_TOLERANCE


def make_daily(series, first, count, sources, name, rng):
    """A stream of one quote a day and source, after the close, a few minutes apart."""
    days = series.time[first:first + count] + 52200 + series.bar_s
    close = series.close[first:first + count]
    at = (days[:, None] + np.arange(sources) * 60 + rng.uniform(0, 30, (count, sources))).ravel()
    source = np.tile(np.arange(sources), count)
    truth = np.repeat(close, sources)
    off = rng.normal(0, NOISE_BPS[series.kind], len(truth)) / 1e4
    nothing = np.full(len(truth), np.nan)
    figures = {name: nothing for name in FIGURES} | {"price": np.round(truth * (1 + off), 5),
                                                     "volume": np.repeat(series.volume[first:first + count], sources)}
    returns = np.diff(np.log(series.close))
    sigma = 1.4826 * np.median(np.abs(returns - np.median(returns)))
    keep = rng.random(len(truth)) > MISSING
    figures = {k: v[keep].copy() for k, v in figures.items()}
    return Stream(named(series.asset, name), series.kind, series.currency, sigma, source[keep], at[keep] + 30, at[keep], figures, truth[keep],
                  truth[keep], np.full(int(keep.sum()), series.currency, dtype="U8"), (days, close),
                  np.zeros(int(keep.sum()), dtype=int), np.zeros(int(keep.sum())))
