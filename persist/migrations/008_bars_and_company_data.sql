-- Daily bars, fundamentals, indicators, ranking lists and validation reports.
--
-- Nothing is overwritten: what a source says anew is another row with its own fetched_at, so the functions `..._as_of` can tell what
-- was known when. As with quotes, keys of assets and sources carry no foreign keys, and wide columns come first.

CREATE TABLE quotebus.bar (
    fetched_at          timestamptz      NOT NULL,
    open                double precision,
    high                double precision,
    low                 double precision,
    close               double precision NOT NULL,
    adj_close           double precision,
    volume              double precision,
    dividend            double precision,
    split               double precision,
    unit_factor         double precision NOT NULL,
    reference_close     double precision,
    deviation_bps       double precision,
    score               double precision NOT NULL,
    restates_fetched_at timestamptz,
    raw_offset          bigint           NOT NULL,
    record_offset       bigint           NOT NULL,
    asset_id            integer          NOT NULL,
    date                date             NOT NULL,
    source_count        integer          NOT NULL,
    raw_partition       integer          NOT NULL,
    record_partition    integer          NOT NULL,
    source_id           smallint         NOT NULL,
    verdict             "char"           NOT NULL CHECK (verdict IN ('P', 'S', 'R')),
    symbol              text             NOT NULL,
    currency            text             NOT NULL,
    request_id          text             NOT NULL,
    rules_version       text             NOT NULL,
    flags               text[]           NOT NULL,
    PRIMARY KEY (asset_id, source_id, date, fetched_at)
);
COMMENT ON TABLE quotebus.bar IS
    'Trading days as they were judged (topic bars.clean). A correction is another row with its own fetched_at. The view daily_bars shows names.';
COMMENT ON COLUMN quotebus.bar.fetched_at IS 'When the response was complete.';
COMMENT ON COLUMN quotebus.bar.open IS 'First price in currency.';
COMMENT ON COLUMN quotebus.bar.high IS 'Highest price in currency.';
COMMENT ON COLUMN quotebus.bar.low IS 'Lowest price in currency.';
COMMENT ON COLUMN quotebus.bar.close IS 'Last price in currency as the provider has it: some adjust it for later splits.';
COMMENT ON COLUMN quotebus.bar.adj_close IS 'Close adjusted for later splits and dividends, as the provider has it at fetched_at.';
COMMENT ON COLUMN quotebus.bar.volume IS 'Volume as the provider counts it: shares, or turnover in currency for crypto.';
COMMENT ON COLUMN quotebus.bar.dividend IS 'Cash per unit in currency whose ex-date is this day.';
COMMENT ON COLUMN quotebus.bar.split IS 'New units per old one of a split that takes effect on this day: 4 for 4:1, 0.1 for 1:10.';
COMMENT ON COLUMN quotebus.bar.unit_factor IS 'What the provider''s figures were multiplied by to give currency (0.01 for pence); 1 when they were taken as they came.';
COMMENT ON COLUMN quotebus.bar.reference_close IS 'What close was compared with: the median of the other sources'' closes of that day, in currency.';
COMMENT ON COLUMN quotebus.bar.deviation_bps IS 'Distance of close from reference_close in basis points, signed.';
COMMENT ON COLUMN quotebus.bar.score IS '1 for an unremarkable bar, down to 0.';
COMMENT ON COLUMN quotebus.bar.restates_fetched_at IS 'fetched_at of the bar of the same asset, source and day that this one corrects; null for the first one.';
COMMENT ON COLUMN quotebus.bar.raw_offset IS 'Offset of the raw record in that partition.';
COMMENT ON COLUMN quotebus.bar.record_offset IS 'Offset of the record in its partition of bars.clean.';
COMMENT ON COLUMN quotebus.bar.date IS 'Trading day in the exchange''s own calendar, UTC for crypto.';
COMMENT ON COLUMN quotebus.bar.source_count IS 'Independent sources that had a bar of that day, this one included.';
COMMENT ON COLUMN quotebus.bar.raw_partition IS 'Partition of the raw topic.';
COMMENT ON COLUMN quotebus.bar.record_partition IS 'Partition of bars.clean.';
COMMENT ON COLUMN quotebus.bar.verdict IS 'P: pass, S: suspect, R: reject; null where nobody judged it.';
COMMENT ON COLUMN quotebus.bar.symbol IS 'The asset''s symbol at that provider.';
COMMENT ON COLUMN quotebus.bar.currency IS 'Currency of all prices of the record, ISO 4217 or the coin''s code; never a minor unit.';
COMMENT ON COLUMN quotebus.bar.request_id IS 'Id of the HTTP request; the same for all records of one response.';
COMMENT ON COLUMN quotebus.bar.rules_version IS 'Version and fingerprint of the rule file that judged the record.';
COMMENT ON COLUMN quotebus.bar.flags IS 'Names of the rules that fired, in the order of the rule table.';

CREATE TABLE quotebus.fundamentals (
    fetched_at         timestamptz      NOT NULL,
    market_cap         double precision,
    shares_outstanding double precision,
    shares_total       double precision,
    shares_max         double precision,
    eps                double precision,
    pe_ratio           double precision,
    forward_pe         double precision,
    peg_ratio          double precision,
    price_to_book      double precision,
    price_to_sales     double precision,
    book_value         double precision,
    dividend_per_share double precision,
    dividend_yield     double precision,
    beta               double precision,
    revenue            double precision,
    ebitda             double precision,
    profit_margin      double precision,
    high_52w           double precision,
    low_52w            double precision,
    raw_offset         bigint,
    record_offset      bigint           NOT NULL,
    asset_id           integer          NOT NULL,
    latest_quarter     date,
    raw_partition      integer,
    record_partition   integer          NOT NULL,
    source_id          smallint         NOT NULL,
    verdict            "char"           CHECK (verdict IN ('P', 'S', 'R')),
    symbol             text             NOT NULL,
    currency           text             NOT NULL,
    name               text,
    exchange           text,
    sector             text,
    industry           text,
    request_id         text             NOT NULL,
    rules_version      text,
    flags              text[]           NOT NULL,
    figures            jsonb            NOT NULL,
    PRIMARY KEY (asset_id, source_id, fetched_at)
);
CREATE INDEX fundamentals_fetched_at ON quotebus.fundamentals (fetched_at);
COMMENT ON TABLE quotebus.fundamentals IS
    'What sources say about companies and coins (topic fundamentals.clean), each answer a row. The view company_fundamentals shows names.';
COMMENT ON COLUMN quotebus.fundamentals.fetched_at IS 'When the response was complete.';
COMMENT ON COLUMN quotebus.fundamentals.market_cap IS 'Market capitalisation.';
COMMENT ON COLUMN quotebus.fundamentals.shares_outstanding IS 'Units outstanding or in circulation.';
COMMENT ON COLUMN quotebus.fundamentals.shares_total IS 'Units issued, or the total supply of a coin.';
COMMENT ON COLUMN quotebus.fundamentals.shares_max IS 'Most units there can ever be.';
COMMENT ON COLUMN quotebus.fundamentals.eps IS 'Earnings per share over twelve months.';
COMMENT ON COLUMN quotebus.fundamentals.pe_ratio IS 'Price to earnings.';
COMMENT ON COLUMN quotebus.fundamentals.forward_pe IS 'Price to expected earnings.';
COMMENT ON COLUMN quotebus.fundamentals.peg_ratio IS 'Price to earnings to growth.';
COMMENT ON COLUMN quotebus.fundamentals.price_to_book IS 'Price to book value.';
COMMENT ON COLUMN quotebus.fundamentals.price_to_sales IS 'Price to sales over twelve months.';
COMMENT ON COLUMN quotebus.fundamentals.book_value IS 'Book value per share.';
COMMENT ON COLUMN quotebus.fundamentals.dividend_per_share IS 'Dividend per share over a year.';
COMMENT ON COLUMN quotebus.fundamentals.dividend_yield IS 'Dividend by price: 0.02 is two percent.';
COMMENT ON COLUMN quotebus.fundamentals.beta IS 'Beta against the provider''s benchmark.';
COMMENT ON COLUMN quotebus.fundamentals.revenue IS 'Revenue over twelve months.';
COMMENT ON COLUMN quotebus.fundamentals.ebitda IS 'EBITDA over twelve months.';
COMMENT ON COLUMN quotebus.fundamentals.profit_margin IS 'Profit by revenue: 0.2 is twenty percent.';
COMMENT ON COLUMN quotebus.fundamentals.high_52w IS 'Highest price of 52 weeks.';
COMMENT ON COLUMN quotebus.fundamentals.low_52w IS 'Lowest price of 52 weeks.';
COMMENT ON COLUMN quotebus.fundamentals.raw_offset IS 'Offset of the raw record in that partition.';
COMMENT ON COLUMN quotebus.fundamentals.record_offset IS 'Offset of the record in its partition of fundamentals.clean.';
COMMENT ON COLUMN quotebus.fundamentals.latest_quarter IS 'Last day of the latest reported quarter.';
COMMENT ON COLUMN quotebus.fundamentals.raw_partition IS 'Partition of the raw topic.';
COMMENT ON COLUMN quotebus.fundamentals.record_partition IS 'Partition of fundamentals.clean.';
COMMENT ON COLUMN quotebus.fundamentals.verdict IS 'P: pass, S: suspect, R: reject; null where nobody judged it.';
COMMENT ON COLUMN quotebus.fundamentals.symbol IS 'The asset''s symbol at that provider.';
COMMENT ON COLUMN quotebus.fundamentals.currency IS 'Currency of all amounts of the record.';
COMMENT ON COLUMN quotebus.fundamentals.name IS 'Name of the company or coin.';
COMMENT ON COLUMN quotebus.fundamentals.exchange IS 'Exchange of its listing.';
COMMENT ON COLUMN quotebus.fundamentals.sector IS 'Sector as the provider names it.';
COMMENT ON COLUMN quotebus.fundamentals.industry IS 'Industry as the provider names it.';
COMMENT ON COLUMN quotebus.fundamentals.request_id IS 'Id of the HTTP request; the same for all records of one response.';
COMMENT ON COLUMN quotebus.fundamentals.rules_version IS 'Version and fingerprint of the rule file that judged the record.';
COMMENT ON COLUMN quotebus.fundamentals.flags IS 'Names of the rules that fired, in the order of the rule table.';
COMMENT ON COLUMN quotebus.fundamentals.figures IS 'All that the provider sent: {"its name": "its text"}.';

CREATE TABLE quotebus.indicator (
    at               timestamptz      NOT NULL,
    fetched_at       timestamptz      NOT NULL,
    value            double precision NOT NULL,
    signal           double precision,
    histogram        double precision,
    raw_offset       bigint,
    record_offset    bigint           NOT NULL,
    asset_id         integer          NOT NULL,
    time_period      integer,
    raw_partition    integer,
    record_partition integer          NOT NULL,
    source_id        smallint         NOT NULL,
    verdict          "char"           CHECK (verdict IN ('P', 'S', 'R')),
    indicator        text             NOT NULL,
    interval       text             NOT NULL,
    series_type      text             NOT NULL,
    symbol           text             NOT NULL,
    request_id       text             NOT NULL,
    rules_version    text,
    flags            text[]           NOT NULL,
    UNIQUE NULLS NOT DISTINCT (asset_id, indicator, interval, time_period, series_type, source_id, at, fetched_at)
);
CREATE INDEX indicator_fetched_at ON quotebus.indicator (fetched_at);
COMMENT ON TABLE quotebus.indicator IS
    'Technical indicators as sources computed them (topic indicators.clean). The view technical_indicators shows names.';
COMMENT ON COLUMN quotebus.indicator.at IS 'End of the bar it stands for as the provider gives it.';
COMMENT ON COLUMN quotebus.indicator.fetched_at IS 'When the response was complete.';
COMMENT ON COLUMN quotebus.indicator.value IS 'The value; of MACD the difference of the averages.';
COMMENT ON COLUMN quotebus.indicator.signal IS 'Signal line of MACD.';
COMMENT ON COLUMN quotebus.indicator.histogram IS 'Difference of MACD and its signal line.';
COMMENT ON COLUMN quotebus.indicator.raw_offset IS 'Offset of the raw record in that partition.';
COMMENT ON COLUMN quotebus.indicator.record_offset IS 'Offset of the record in its partition of indicators.clean.';
COMMENT ON COLUMN quotebus.indicator.time_period IS 'Bars in its window; null for MACD.';
COMMENT ON COLUMN quotebus.indicator.raw_partition IS 'Partition of the raw topic.';
COMMENT ON COLUMN quotebus.indicator.record_partition IS 'Partition of indicators.clean.';
COMMENT ON COLUMN quotebus.indicator.verdict IS 'P: pass, S: suspect, R: reject; null where nobody judged it.';
COMMENT ON COLUMN quotebus.indicator.indicator IS 'SMA, EMA, RSI or MACD.';
COMMENT ON COLUMN quotebus.indicator.interval IS 'Length of a bar it was computed from: 1d, 1w, 1mo or minutes as 60min.';
COMMENT ON COLUMN quotebus.indicator.series_type IS 'Price it was computed from: close, open, high or low.';
COMMENT ON COLUMN quotebus.indicator.symbol IS 'The asset''s symbol at that provider.';
COMMENT ON COLUMN quotebus.indicator.request_id IS 'Id of the HTTP request; the same for all records of one response.';
COMMENT ON COLUMN quotebus.indicator.rules_version IS 'Version and fingerprint of the rule file that judged the record.';
COMMENT ON COLUMN quotebus.indicator.flags IS 'Names of the rules that fired, in the order of the rule table.';

CREATE TABLE quotebus.ranking (
    fetched_at       timestamptz NOT NULL,
    raw_offset       bigint,
    record_offset    bigint      NOT NULL,
    raw_partition    integer,
    record_partition integer     NOT NULL,
    source_id        smallint    NOT NULL,
    verdict          "char"      CHECK (verdict IN ('P', 'S', 'R')),
    list             text        NOT NULL,
    currency         text        NOT NULL,
    request_id       text        NOT NULL,
    rules_version    text,
    flags            text[]      NOT NULL,
    entries          jsonb       NOT NULL,
    PRIMARY KEY (list, source_id, fetched_at)
);
CREATE INDEX ranking_fetched_at ON quotebus.ranking (fetched_at);
COMMENT ON TABLE quotebus.ranking IS
    'Lists of a source, e.g. trending, each answer a row (topic rankings.clean). The view rankings shows one row per place.';
COMMENT ON COLUMN quotebus.ranking.fetched_at IS 'When the response was complete.';
COMMENT ON COLUMN quotebus.ranking.raw_offset IS 'Offset of the raw record in that partition.';
COMMENT ON COLUMN quotebus.ranking.record_offset IS 'Offset of the record in its partition of rankings.clean.';
COMMENT ON COLUMN quotebus.ranking.raw_partition IS 'Partition of the raw topic.';
COMMENT ON COLUMN quotebus.ranking.record_partition IS 'Partition of rankings.clean.';
COMMENT ON COLUMN quotebus.ranking.verdict IS 'P: pass, S: suspect, R: reject; null where nobody judged it.';
COMMENT ON COLUMN quotebus.ranking.list IS 'Name of the list: trending, top_market_cap.';
COMMENT ON COLUMN quotebus.ranking.currency IS 'Currency of all amounts of the record.';
COMMENT ON COLUMN quotebus.ranking.request_id IS 'Id of the HTTP request; the same for all records of one response.';
COMMENT ON COLUMN quotebus.ranking.rules_version IS 'Version and fingerprint of the rule file that judged the record.';
COMMENT ON COLUMN quotebus.ranking.flags IS 'Names of the rules that fired, in the order of the rule table.';
COMMENT ON COLUMN quotebus.ranking.entries IS 'The list from the first place on: [{"rank", "symbol", "name", "asset", "price", "market_cap", "volume", "change_24h_pct", "score"}].';

CREATE TABLE quotebus.report (
    window_end           timestamptz      NOT NULL,
    window_start         timestamptz      NOT NULL,
    coverage             double precision,
    freshness_s          double precision,
    consensus_price      double precision,
    consensus_confidence double precision,
    raw_offset           bigint           NOT NULL,
    record_offset        bigint           NOT NULL,
    asset_id             integer          NOT NULL,
    quotes               integer          NOT NULL,
    passed               integer          NOT NULL,
    suspect              integer          NOT NULL,
    rejected             integer          NOT NULL,
    sources_expected     integer          NOT NULL,
    sources_fresh        integer          NOT NULL,
    sources_agreeing     integer          NOT NULL,
    gaps                 integer          NOT NULL,
    raw_partition        integer          NOT NULL,
    record_partition     integer          NOT NULL,
    currency             text,
    rules_version        text             NOT NULL,
    sources              jsonb            NOT NULL,
    open_flags           jsonb            NOT NULL,
    PRIMARY KEY (asset_id, window_end, raw_partition, raw_offset)
);
CREATE INDEX report_window_end ON quotebus.report (window_end);
COMMENT ON TABLE quotebus.report IS
    'What validate saw of each asset in windows of stream time (topic validate.reports). The view validation_reports shows names.';
COMMENT ON COLUMN quotebus.report.window_end IS 'Its end, exclusive.';
COMMENT ON COLUMN quotebus.report.window_start IS 'Begin of the window of stream time, inclusive.';
COMMENT ON COLUMN quotebus.report.coverage IS 'Share of the polls that usually come which did come, 0 to 1; null while the usual interval is not known.';
COMMENT ON COLUMN quotebus.report.freshness_s IS 'Age of the newest observation at window_end, seconds.';
COMMENT ON COLUMN quotebus.report.consensus_price IS 'Consensus price at window_end.';
COMMENT ON COLUMN quotebus.report.consensus_confidence IS 'Its confidence.';
COMMENT ON COLUMN quotebus.report.raw_offset IS 'Offset of the raw record in that partition.';
COMMENT ON COLUMN quotebus.report.record_offset IS 'Offset of the record in its partition of validate.reports.';
COMMENT ON COLUMN quotebus.report.quotes IS 'Quotes judged in the window.';
COMMENT ON COLUMN quotebus.report.passed IS 'Of these, PASS.';
COMMENT ON COLUMN quotebus.report.suspect IS 'Of these, SUSPECT.';
COMMENT ON COLUMN quotebus.report.rejected IS 'Of these, REJECT.';
COMMENT ON COLUMN quotebus.report.sources_expected IS 'Sources that the state of the asset knows.';
COMMENT ON COLUMN quotebus.report.sources_fresh IS 'Sources with an observation that is fresh at window_end.';
COMMENT ON COLUMN quotebus.report.sources_agreeing IS 'Fresh sources inside of the consensus band.';
COMMENT ON COLUMN quotebus.report.gaps IS 'Longer pauses than usual between polls of one source.';
COMMENT ON COLUMN quotebus.report.raw_partition IS 'Partition of the raw topic.';
COMMENT ON COLUMN quotebus.report.record_partition IS 'Partition of validate.reports.';
COMMENT ON COLUMN quotebus.report.currency IS 'Currency of both.';
COMMENT ON COLUMN quotebus.report.rules_version IS 'Version and fingerprint of the rule file.';
COMMENT ON COLUMN quotebus.report.sources IS
    'Per source, by name: [{"source", "polls", "usual_interval_s", "silent_s", "gaps", "fresh", "agrees"}].';
COMMENT ON COLUMN quotebus.report.open_flags IS 'Rules that fired in the window: {"rule": quotes}.';

SELECT quotebus.grant_to('quotebus_writer', 'SELECT, INSERT, UPDATE',
                         'TABLE quotebus.bar, quotebus.fundamentals, quotebus.indicator, quotebus.ranking, quotebus.report'),
       quotebus.grant_to('quotebus_reader', 'SELECT',
                         'TABLE quotebus.bar, quotebus.fundamentals, quotebus.indicator, quotebus.ranking, quotebus.report');
