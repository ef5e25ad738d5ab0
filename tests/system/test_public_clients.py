"""Public Python clients, pointed at the simulator: it has to look like the real services to programs that nobody wrote for it."""

import datetime
import subprocess
import time
import urllib.parse
import urllib.request

import pycoingecko
import pytest
import requests
import yfinance
from alpha_vantage.alphavantage import AlphaVantage
from alpha_vantage.foreignexchange import ForeignExchange
from alpha_vantage.fundamentaldata import FundamentalData
from alpha_vantage.techindicators import TechIndicators
from alpha_vantage.timeseries import TimeSeries
from requests.adapters import HTTPAdapter
from stack import free_port

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of yfinance about pandas

# Real hosts and who plays them.
HOSTS = {"fc.yahoo.com": "yahoo", "query1.finance.yahoo.com": "yahoo", "query2.finance.yahoo.com": "yahoo", "api.coingecko.com": "coingecko"}


class ToSimulator(HTTPAdapter):
    """Sends requests for the real hosts to the simulator; a request for another host fails. Cookies keep the real host."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.paths = []

    def send(self, request, **settings):
        url = urllib.parse.urlsplit(request.url)
        assert url.hostname in HOSTS, f"the client asks {url.hostname}"
        self.paths.append(url.path)
        changed = request.copy()
        changed.url = f"{self.base}/{HOSTS[url.hostname]}{url.path or '/'}" + (f"?{url.query}" if url.query else "")
        response = super().send(changed, **{**settings, "proxies": {}, "verify": False})
        response.url, response.request = request.url, request
        return response


@pytest.fixture(scope="module")
def simulator(programs):
    port = free_port()
    process = subprocess.Popen([programs / "quotebus-sim", "--listen", f"127.0.0.1:{port}", "--seed", "1"])
    base = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(f"{base}/sim/calls", timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline, "the simulator does not answer"
            time.sleep(0.05)
    yield base
    process.terminate()
    process.wait(10)


@pytest.fixture
def adapter(simulator):
    return ToSimulator(simulator)


@pytest.fixture
def yahoo(adapter, tmp_path):
    """yfinance with a session of its own, and its caches in a folder of the test."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    yfinance.set_tz_cache_location(str(tmp_path))
    return session


@pytest.fixture
def coingecko(adapter):
    client = pycoingecko.CoinGeckoAPI(retries=0)
    client.session.trust_env = False
    client.session.mount("https://", adapter)
    return client


def test_yfinance_gets_a_history_with_dividends(yahoo):
    days = yfinance.Ticker("KO", session=yahoo).history(period="1y", auto_adjust=False)
    assert 250 <= len(days) <= 270
    assert (days["Low"] <= days["Close"]).all() and (days["Close"] <= days["High"]).all()
    assert (days["Volume"] > 0).all()
    assert 3 <= (days["Dividends"] > 0).sum() <= 5
    assert (days["Adj Close"] <= days["Close"] * 1.000001).all() and days["Adj Close"].iloc[0] < days["Close"].iloc[0]
    assert str(days.index.tz) == "America/New_York"
    weekend = [day for day in days.index[:-1] if day.weekday() > 4]
    assert weekend == []


def test_yfinance_gets_quotes_of_stocks_coins_and_currencies(yahoo):
    for symbol, currency in (("AAPL", "USD"), ("BTC-USD", "USD"), ("EURUSD=X", "USD"), ("OCDO.L", "GBp")):
        quote = yfinance.Ticker(symbol, session=yahoo).fast_info
        assert quote["currency"] == currency
        assert quote["dayLow"] <= quote["lastPrice"] <= quote["dayHigh"]


def test_yfinance_gets_cookie_and_crumb(yahoo, adapter):
    data = yfinance.data.YfData(session=yahoo)
    data._cookie, data._crumb, data._cookie_strategy = None, None, "basic"
    answer = data.get_raw_json("https://query1.finance.yahoo.com/v7/finance/quote", params={"symbols": "AAPL,MSFT"})
    assert [quote["symbol"] for quote in answer["quoteResponse"]["result"]] == ["AAPL", "MSFT"]
    assert adapter.paths[-1] == "/v7/finance/quote" and "/v1/test/getcrumb" in adapter.paths


def test_yfinance_downloads_several_symbols(yahoo):
    frame = yfinance.download(["AAPL", "MSFT"], period="5d", session=yahoo, progress=False, threads=False, auto_adjust=False)
    assert set(frame["Close"].columns) == {"AAPL", "MSFT"}
    assert frame["Close"].iloc[0].notna().all()


def test_pycoingecko_gets_prices_markets_trends_and_days(coingecko):
    assert coingecko.ping() == {"gecko_says": "(V3) To the Moon!"}
    prices = coingecko.get_price(ids=["bitcoin", "ethereum", "nosuch"], vs_currencies=["usd", "eur"], include_market_cap=True,
                                 include_last_updated_at=True)
    assert set(prices) == {"bitcoin", "ethereum"}
    assert prices["bitcoin"]["usd"] > prices["bitcoin"]["eur"] > 0
    markets = coingecko.get_coins_markets(vs_currency="usd", per_page=10, page=1)
    assert [row["market_cap_rank"] for row in markets] == list(range(1, 11))
    second = coingecko.get_coins_markets(vs_currency="usd", per_page=10, page=2)
    assert second[0]["market_cap_rank"] == 11
    trends = coingecko.get_search_trending()["coins"]
    assert len(trends) == 15 and all(trend["item"]["data"]["price"] > 0 for trend in trends)
    chart = coingecko.get_coin_market_chart_by_id(id="bitcoin", vs_currency="usd", days=30, interval="daily")
    assert len(chart["prices"]) == len(chart["market_caps"]) == len(chart["total_volumes"]) == 31
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    hours = coingecko.get_coin_market_chart_range_by_id("bitcoin", "usd", int(now) - 7 * 86400, int(now))
    assert 167 <= len(hours["prices"]) <= 169
    with pytest.raises(ValueError, match="coin not found"):
        coingecko.get_coin_market_chart_by_id(id="nosuch", vs_currency="usd", days=1)


def test_alpha_vantage_gets_quotes_figures_indicators_and_days(simulator, monkeypatch):
    monkeypatch.setattr(AlphaVantage, "_ALPHA_VANTAGE_API_URL", f"{simulator}/alphavantage/query?")
    quote, _ = TimeSeries(key="demo").get_quote_endpoint(symbol="IBM")
    assert quote["01. symbol"] == "IBM" and float(quote["04. low"]) <= float(quote["05. price"]) <= float(quote["03. high"])
    rate, _ = ForeignExchange(key="demo").get_currency_exchange_rate("EUR", "USD")
    assert float(rate["8. Bid Price"]) <= float(rate["5. Exchange Rate"]) <= float(rate["9. Ask Price"])
    days, head = ForeignExchange(key="demo").get_currency_exchange_daily("EUR", "USD")
    assert head["3. To Symbol"] == "USD" and len(days) == 100
    assert all(float(day["3. low"]) <= float(day["4. close"]) <= float(day["2. high"]) for day in days.values())
    company, _ = FundamentalData(key="demo").get_company_overview("IBM")
    assert company["Symbol"] == "IBM" and float(company["MarketCapitalization"]) > 1e9 and company["EBITDA"] == "None"
    indicators = TechIndicators(key="demo")
    for values, name in ((indicators.get_sma("IBM", time_period=20), "SMA"), (indicators.get_ema("IBM", time_period=20), "EMA"),
                         (indicators.get_rsi("IBM", time_period=14), "RSI"), (indicators.get_macd("IBM"), "MACD")):
        assert len(values[0]) == 100 and all(float(value[name]) for value in values[0].values())
        assert values[1]["1: Symbol"] == "IBM"
    with pytest.raises(ValueError):
        indicators.get_sma("NOSUCH")
