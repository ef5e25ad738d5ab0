"""What others do, over the same streams: mean and sigma over sources, Hampel's filter, Brownlees and Gallo's rule, a band around the
last price. Each says per row whether it would leave the quote out. A price that is no number above zero is left out by all of them.
"""

import numpy as np

FRESH_S = 1800


def latest_of_sources(stream):
    """Per row, the latest price of each source (NaN: none that is fresh), the row's own included."""
    rows, sources = len(stream), stream.source.max() + 1
    price = clean_price(stream)
    table = np.full((rows, sources), np.nan)
    for s in range(sources):
        place = np.maximum.accumulate(np.where((stream.source == s) & np.isfinite(price), np.arange(rows), -1))
        fresh = (place >= 0) & (stream.fetched - stream.fetched[place] <= FRESH_S)
        table[fresh, s] = price[place[fresh]]
    return table


def clean_price(stream):
    price = stream.figures["price"]
    return np.where(np.isfinite(price) & (price > 0), price, np.nan)


def mean_sigma(times):
    """Ojo's and Umee's price feeders: keep what is within some population sigmas of the mean of three or more."""
    def judge(stream):
        price = clean_price(stream)
        with np.errstate(all="ignore"):
            table = latest_of_sources(stream)
            count = np.isfinite(table).sum(axis=1)
            mean, sigma = np.nanmean(np.where(count[:, None] > 0, table, 0), axis=1), np.nanstd(np.where(count[:, None] > 0, table, 0), axis=1)
            return ~np.isfinite(price) | ((count >= 3) & (np.abs(price - mean) > times * sigma))
    return judge


def per_source(stream, judge):
    bad = ~np.isfinite(clean_price(stream))
    for s in range(stream.source.max() + 1):
        rows = np.flatnonzero((stream.source == s) & ~bad)
        if len(rows):
            bad[rows] |= judge(stream.figures["price"][rows])
    return bad


def windows(price, width):
    """The `width` values before each and itself, the first ones repeated."""
    return np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(width - 1, price[0]), price]), width)


def hampel(stream, width=7, times=3.0):
    """Hampel's filter, in the form that a stream allows: the window ends at the quote."""
    def judge(price):
        window = windows(price, width)
        middle = np.median(window, axis=1)
        sigma = 1.4826 * np.median(np.abs(window - middle[:, None]), axis=1)
        return np.abs(price - middle) > times * sigma + 1e-12
    return per_source(stream, judge)


def brownlees_gallo(stream, width=20, gamma=0.0005):
    """|p - trimmed mean| < 3 s + gamma over the neighbours (CSDA 51, 2006), here those before; gamma is part of the price."""
    def judge(price):
        window = np.sort(windows(price, width + 1)[:, :-1], axis=1)[:, width // 10:width - width // 10]
        return np.abs(price - window.mean(axis=1)) >= 3 * window.std(axis=1) + gamma * price
    return per_source(stream, judge)


def last_price(stream, part=0.10):
    """Within ten percent of the source's last price."""
    def judge(price):
        return np.abs(price / np.concatenate([price[:1], price[:-1]]) - 1) > part
    return per_source(stream, judge)


BASELINES = {"mean ± 2 sigma": mean_sigma(2), "mean ± 3 sigma": mean_sigma(3), "Hampel": hampel, "Brownlees-Gallo": brownlees_gallo,
             "last price ± 10%": last_price}
