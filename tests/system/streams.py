"""Raw records beside quotes, made by hand: bars, fundamentals, indicators, rankings."""

import bus

FETCHED_AT_US = 1767323045000000  # 2026-01-02T03:04:05Z
FIRST_DAY = 20089  # 2025-01-01
KINDS = {"bars": "bar", "fundamentals": "fundamentals", "indicators": "indicator", "rankings": "ranking"}


def bar(number, asset="crypto:BTC", source="yahoo", **changes):
    """The bar of one day; prices move a little and are the same for all sources."""
    close = round(100 * (1 + 0.01 * (number * 7919 % 13 - 6) / 6), 2)
    return {"asset": asset, "source": source, "symbol": "X", "currency": "USD", "date": FIRST_DAY + number, "open": close * 0.998,
            "high": close * 1.004, "low": close * 0.996, "close": close, "adj_close": None, "volume": 1e6 + number, "dividend": None,
            "split": None, "fetched_at": FETCHED_AT_US, "request_id": "r-1", "unit_factor": 1.0, **changes}


def scaled(record, factor):
    """A bar with its prices in another unit."""
    return record | {name: record[name] * factor for name in ("open", "high", "low", "close")}


def company(number, **changes):
    return {"asset": "equity:AAPL", "source": "alphavantage", "symbol": "AAPL", "currency": "USD", "name": "Apple", "market_cap": 3e12,
            "latest_quarter": FIRST_DAY, "figures": [{"name": "PERatio", "value": "30"}], "fetched_at": FETCHED_AT_US + number,
            "request_id": f"r-{number}", **changes}


def indicator(number, **changes):
    return {"asset": "equity:AAPL", "source": "alphavantage", "symbol": "AAPL", "indicator": "RSI", "interval": "1d", "time_period": 14,
            "series_type": "close", "at": (FIRST_DAY + number) * 86400 * 10**6, "value": 55.0, "fetched_at": FETCHED_AT_US,
            "request_id": "r-1", **changes}


def ranking(number, ranks=(1, 2, 3), **changes):
    entries = [{"rank": rank, "symbol": f"coin-{rank}", "name": f"Coin {rank}", "market_cap": 1e9} for rank in ranks]
    return {"list": "top_market_cap", "source": "coingecko", "currency": "USD", "entries": entries,
            "fetched_at": FETCHED_AT_US + number, "request_id": f"r-{number}", **changes}


def produce(pipeline, kind, records):
    """Writes records to the raw topic of a kind, in order per key."""
    topic, parsed = f"{kind}.raw", bus.schema(KINDS[kind])
    number = pipeline.schema_id(topic)
    key = "list" if kind == "rankings" else "asset"
    return pipeline.produce(topic, [(record[key].encode(), bus.encode(number, parsed, record), None, record["fetched_at"] // 1000)
                                    for record in records])
