"""Makes corpora for the fuzzers: seeds.py FOLDER [RECORDINGS] writes FOLDER/reply (recorded bodies, and what quotebus-sim answers,
each for every endpoint) and FOLDER/head. SIMULATOR, when set, is the base URL of a running quotebus-sim."""

import os
import pathlib
import sys
import urllib.error
import urllib.request

ENDPOINTS = 40  # at least as many as there are
ASSETS = 16
PATHS = ("yahoo/v8/finance/chart/AAPL", "yahoo/v8/finance/chart/AAPL?range=1mo&interval=1d&events=div%7Csplit",
         "yahoo/v7/finance/spark?symbols=AAPL,BTC-USD", "coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd",
         "coingecko/api/v3/coins/markets?vs_currency=usd&ids=bitcoin,ethereum", "coingecko/api/v3/search/trending",
         "coingecko/api/v3/coins/bitcoin/market_chart?vs_currency=usd&days=5&interval=daily", "coingecko/api/v3/ping",
         "alphavantage/query?function=OVERVIEW&symbol=IBM&apikey=demo", "alphavantage/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo",
         "alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR&to_currency=USD&apikey=demo",
         "alphavantage/query?function=RSI&symbol=IBM&interval=daily&time_period=14&series_type=close&apikey=demo",
         "alphavantage/query?function=MACD&symbol=IBM&interval=daily&series_type=close&apikey=demo",
         "alphavantage/query?function=FX_DAILY&from_symbol=EUR&to_symbol=USD&apikey=demo",
         "coinbase/products/BTC-USD/ticker", "kraken/0/public/Ticker?pair=XBTUSD",
         "binance/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22%5D", "cboe/api/global/delayed_quotes/quotes/AAPL.json",
         "cnbc/quote-html-webservice/restQuote/symbolType/symbol?symbols=AAPL%7CEUR=&requestMethod=itv&noform=1&output=json",
         "frankfurter/v1/latest?base=EUR&symbols=USD")
HEADS = ("HTTP/1.1 200 OK\r\nETag: W/\"a\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nCache-Control: public, max-age=30\r\nAge: 3\r\n",
         "Date: Sunday, 06-Nov-94 08:49:37 GMT\r\nExpires: Sun Nov  6 08:50:37 1994\r\nSet-Cookie: A=1; Path=/\r\n",
         "Retry-After: 120\r\nCache-Control: no-store, no-cache=\"x\"\r\n", "1,234.50", "-1e-7", "Sun, 06 Nov 1994 08:49:37 GMT")


def bodies(recordings):
    """Recorded bodies and the simulator's."""
    if recordings and pathlib.Path(recordings).is_dir():
        for path in sorted(pathlib.Path(recordings).glob("*/*.json")):
            yield path.read_bytes()
    if os.environ.get("SIMULATOR"):
        for path in PATHS:
            try:
                with urllib.request.urlopen(f"{os.environ['SIMULATOR']}/{path}", timeout=5) as answer:
                    yield answer.read()
            except urllib.error.HTTPError as error:
                yield error.read()


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "reply").mkdir(parents=True, exist_ok=True)
    (folder / "head").mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(bodies(sys.argv[2] if len(sys.argv) > 2 else None)):
        if len(body) <= 8192:
            for endpoint in range(ENDPOINTS):
                (folder / "reply" / f"{number}-{endpoint}").write_bytes(bytes([endpoint, (number + endpoint) % ASSETS]) + body)
    for number, head in enumerate(HEADS):
        (folder / "head" / str(number)).write_text(head, newline="")


main()
