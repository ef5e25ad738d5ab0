-- What the validator found, what the sources agree on, and how the providers behave. The keys hold what makes a record one of
-- its kind, so that even a record that comes again cannot stand twice.

CREATE TABLE quotebus.anomaly (
    fetched_at       timestamptz      NOT NULL,
    observed_at      timestamptz      NOT NULL,
    price            double precision NOT NULL,
    measured         double precision,
    threshold        double precision,
    reference_price  double precision,
    raw_offset       bigint           NOT NULL,
    record_offset    bigint           NOT NULL,
    asset_id         integer          NOT NULL,
    raw_partition    integer          NOT NULL,
    record_partition integer          NOT NULL,
    source_id        smallint         NOT NULL,
    verdict          "char"           NOT NULL CHECK (verdict IN ('P', 'S', 'R')),
    rule             text             NOT NULL,
    unit             text             NOT NULL,
    symbol           text             NOT NULL,
    currency         text             NOT NULL,
    request_id       text             NOT NULL,
    rules_version    text             NOT NULL,
    message          text             NOT NULL,
    evidence         jsonb            NOT NULL,
    PRIMARY KEY (asset_id, source_id, fetched_at, rule, raw_partition, raw_offset)
);
CREATE INDEX anomaly_fetched_at ON quotebus.anomaly (fetched_at);
COMMENT ON TABLE quotebus.anomaly IS 'Each flag on a quote with its evidence (topic quotes.anomalies). The view anomalies shows names.';
COMMENT ON COLUMN quotebus.anomaly.fetched_at IS 'fetched_at of the quote.';
COMMENT ON COLUMN quotebus.anomaly.observed_at IS 'observed_at of the quote.';
COMMENT ON COLUMN quotebus.anomaly.price IS 'Price of the quote, in currency.';
COMMENT ON COLUMN quotebus.anomaly.measured IS 'The value the rule measured, in unit.';
COMMENT ON COLUMN quotebus.anomaly.threshold IS 'The bound it crossed, in unit.';
COMMENT ON COLUMN quotebus.anomaly.reference_price IS 'What the price was compared with, in currency.';
COMMENT ON COLUMN quotebus.anomaly.raw_offset IS 'Offset of the raw record in its partition of quotes.raw.';
COMMENT ON COLUMN quotebus.anomaly.record_offset IS 'Offset of the record in its partition of quotes.anomalies.';
COMMENT ON COLUMN quotebus.anomaly.raw_partition IS 'Partition of quotes.raw.';
COMMENT ON COLUMN quotebus.anomaly.record_partition IS 'Partition of quotes.anomalies.';
COMMENT ON COLUMN quotebus.anomaly.verdict IS 'What this finding alone makes of the quote: P: pass, S: suspect, R: reject.';
COMMENT ON COLUMN quotebus.anomaly.unit IS 'Unit of measured and threshold: bps, s, z, ratio or empty.';
COMMENT ON COLUMN quotebus.anomaly.message IS 'The finding in one English sentence.';
COMMENT ON COLUMN quotebus.anomaly.evidence IS
    'The other sources at that moment: [{"source", "price" in currency, "observed_at" RFC 3339, "weight"}].';

CREATE TABLE quotebus.consensus (
    as_of              timestamptz      NOT NULL,
    observed_at        timestamptz      NOT NULL,
    oldest_observed_at timestamptz      NOT NULL,
    price              double precision NOT NULL,
    confidence         double precision NOT NULL,
    raw_offset         bigint           NOT NULL,
    record_offset      bigint           NOT NULL,
    asset_id           integer          NOT NULL,
    source_count       integer          NOT NULL,
    raw_partition      integer          NOT NULL,
    record_partition   integer          NOT NULL,
    currency           text             NOT NULL,
    rules_version      text             NOT NULL,
    sources            jsonb            NOT NULL,
    PRIMARY KEY (asset_id, as_of, raw_partition, raw_offset)
);
CREATE INDEX consensus_as_of ON quotebus.consensus USING brin (as_of);
COMMENT ON TABLE quotebus.consensus IS 'The prices that the sources agree on (topic prices.consensus). The view consensus_prices shows names.';
COMMENT ON COLUMN quotebus.consensus.as_of IS 'fetched_at of the raw record that gave this price.';
COMMENT ON COLUMN quotebus.consensus.observed_at IS 'Newest observation used.';
COMMENT ON COLUMN quotebus.consensus.oldest_observed_at IS 'Oldest observation used.';
COMMENT ON COLUMN quotebus.consensus.price IS 'Weighted median of the fresh sources that passed, in currency.';
COMMENT ON COLUMN quotebus.consensus.confidence IS 'Half width of the band around price, in currency.';
COMMENT ON COLUMN quotebus.consensus.raw_offset IS 'Offset of the raw record in its partition of quotes.raw.';
COMMENT ON COLUMN quotebus.consensus.record_offset IS 'Offset of the record in its partition of prices.consensus.';
COMMENT ON COLUMN quotebus.consensus.source_count IS 'Sources used.';
COMMENT ON COLUMN quotebus.consensus.raw_partition IS 'Partition of quotes.raw.';
COMMENT ON COLUMN quotebus.consensus.record_partition IS 'Partition of prices.consensus.';
COMMENT ON COLUMN quotebus.consensus.sources IS
    'Each fresh source, used or not: [{"source", "price" in currency, "observed_at" RFC 3339, "weight"}].';

CREATE TABLE quotebus.health_event (
    at               timestamptz      NOT NULL,
    latency_ms       double precision NOT NULL,
    quota_used       bigint           NOT NULL,
    quota_limit      bigint,
    record_offset    bigint           NOT NULL,
    asset_id         integer,
    quotes           integer          NOT NULL,
    http_status      integer,
    record_partition integer          NOT NULL,
    source_id        smallint         NOT NULL,
    state            text             NOT NULL,
    endpoint         text             NOT NULL,
    message          text             NOT NULL,
    request_id       text             NOT NULL,
    UNIQUE NULLS NOT DISTINCT (source_id, at, request_id, asset_id, state)
);
CREATE INDEX health_event_asset ON quotebus.health_event (asset_id, at DESC) WHERE asset_id IS NOT NULL;
COMMENT ON TABLE quotebus.health_event IS 'Outcome of each call to a provider, or what one told about an asset (topic ingest.health).';
COMMENT ON COLUMN quotebus.health_event.at IS 'When it was noticed.';
COMMENT ON COLUMN quotebus.health_event.latency_ms IS 'Time from the call to the end of the response, milliseconds.';
COMMENT ON COLUMN quotebus.health_event.quota_used IS 'Calls made in the current reset period.';
COMMENT ON COLUMN quotebus.health_event.quota_limit IS 'Calls allowed in it; null without a limit.';
COMMENT ON COLUMN quotebus.health_event.record_offset IS 'Offset of the record in its partition of ingest.health.';
COMMENT ON COLUMN quotebus.health_event.asset_id IS 'Asset it is about, where it is about one.';
COMMENT ON COLUMN quotebus.health_event.quotes IS 'Quotes the response gave.';
COMMENT ON COLUMN quotebus.health_event.record_partition IS 'Partition of ingest.health.';
COMMENT ON COLUMN quotebus.health_event.source_id IS 'The provider.';
COMMENT ON COLUMN quotebus.health_event.state IS
    'ok, limited, blocked, bad_key, demo_only, unknown_symbol, delisted, html, empty, malformed, timeout, unreachable, http_error.';

SELECT quotebus.grant_to('quotebus_writer', 'INSERT', 'TABLE quotebus.anomaly, quotebus.consensus, quotebus.health_event'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.anomaly, quotebus.consensus, quotebus.health_event');
