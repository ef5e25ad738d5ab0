-- Every poll is a row: one observation of one asset by one source, with its verdict.
--
-- asset_id and source_id carry no foreign keys: persist takes them from those tables, nothing is ever deleted there, and the
-- check of each row would cost about a third of the speed of COPY. Wide columns come first, so that no padding is stored.

CREATE TABLE quotebus.quote (
    fetched_at            timestamptz      NOT NULL,
    observed_at           timestamptz      NOT NULL,
    price                 double precision NOT NULL,
    bid                   double precision,
    ask                   double precision,
    open                  double precision,
    high                  double precision,
    low                   double precision,
    previous_close        double precision,
    volume                double precision,
    market_cap            double precision,
    unit_factor           double precision NOT NULL,
    usd_rate              double precision,
    usd_rate_at           timestamptz,
    reference_price       double precision,
    deviation_bps         double precision,
    score                 double precision NOT NULL,
    raw_offset            bigint           NOT NULL,
    clean_offset          bigint           NOT NULL,
    asset_id              integer          NOT NULL,
    observed_resolution_s integer          NOT NULL,
    source_count          integer          NOT NULL,
    raw_partition         integer          NOT NULL,
    clean_partition       integer          NOT NULL,
    source_id             smallint         NOT NULL,
    verdict               "char"           NOT NULL CHECK (verdict IN ('P', 'S', 'R')),
    symbol                text             NOT NULL,
    currency              text             NOT NULL,
    request_id            text             NOT NULL,
    rules_version         text             NOT NULL,
    usd_rate_source       text,
    flags                 text[]           NOT NULL,
    PRIMARY KEY (asset_id, source_id, fetched_at)
) PARTITION BY RANGE (fetched_at);

COMMENT ON TABLE quotebus.quote IS 'Quotes of all sources as they were judged (topic quotes.clean); partitions by UTC day of fetched_at. The view quotes shows names.';
COMMENT ON COLUMN quotebus.quote.fetched_at IS 'When the provider''s response was complete.';
COMMENT ON COLUMN quotebus.quote.observed_at IS 'The provider''s time of the price; fetched_at where it gives none.';
COMMENT ON COLUMN quotebus.quote.price IS 'Price of one unit, in currency.';
COMMENT ON COLUMN quotebus.quote.bid IS 'Best bid, in currency.';
COMMENT ON COLUMN quotebus.quote.ask IS 'Best ask, in currency.';
COMMENT ON COLUMN quotebus.quote.open IS 'Open of the session, in currency.';
COMMENT ON COLUMN quotebus.quote.high IS 'High of the session, in currency.';
COMMENT ON COLUMN quotebus.quote.low IS 'Low of the session, in currency.';
COMMENT ON COLUMN quotebus.quote.previous_close IS 'Close of the session before, in currency.';
COMMENT ON COLUMN quotebus.quote.volume IS 'As the provider counts it: shares of the session, or 24 h turnover for crypto.';
COMMENT ON COLUMN quotebus.quote.market_cap IS 'Market capitalisation, in currency.';
COMMENT ON COLUMN quotebus.quote.unit_factor IS 'What the provider''s figures were multiplied by to give currency (0.01 for pence).';
COMMENT ON COLUMN quotebus.quote.usd_rate IS 'USD per unit of currency that was known at fetched_at.';
COMMENT ON COLUMN quotebus.quote.usd_rate_at IS 'Time of usd_rate.';
COMMENT ON COLUMN quotebus.quote.reference_price IS 'Median of the other fresh sources, in currency.';
COMMENT ON COLUMN quotebus.quote.deviation_bps IS 'Signed distance of price from reference_price, in basis points.';
COMMENT ON COLUMN quotebus.quote.score IS '1 for an unremarkable quote, down to 0.';
COMMENT ON COLUMN quotebus.quote.raw_offset IS 'Offset of the raw record in its partition of quotes.raw.';
COMMENT ON COLUMN quotebus.quote.clean_offset IS 'Offset of the record in its partition of quotes.clean.';
COMMENT ON COLUMN quotebus.quote.observed_resolution_s IS 'How exact observed_at is, in seconds.';
COMMENT ON COLUMN quotebus.quote.source_count IS 'Fresh independent sources of the asset at that moment, this one included.';
COMMENT ON COLUMN quotebus.quote.raw_partition IS 'Partition of quotes.raw.';
COMMENT ON COLUMN quotebus.quote.clean_partition IS 'Partition of quotes.clean.';
COMMENT ON COLUMN quotebus.quote.verdict IS 'P: pass, S: suspect, R: reject.';
COMMENT ON COLUMN quotebus.quote.symbol IS 'The asset''s symbol at that source.';
COMMENT ON COLUMN quotebus.quote.currency IS 'ISO 4217 or the coin''s code; never a minor unit.';
COMMENT ON COLUMN quotebus.quote.request_id IS 'Id of the HTTP request; the same for all quotes of one response.';
COMMENT ON COLUMN quotebus.quote.rules_version IS 'Version and fingerprint of the rule file that judged the record.';
COMMENT ON COLUMN quotebus.quote.usd_rate_source IS 'Where usd_rate came from.';
COMMENT ON COLUMN quotebus.quote.flags IS 'Rules that fired, in the order of the rule table.';

-- Makes the partition of a UTC day of one of our partitioned tables. It runs as the owner, so that the writer needs no right to
-- create tables. Attached rather than made in place: that takes a weaker lock on the parent, and writers go on meanwhile.
CREATE FUNCTION quotebus.ensure_day(parent text, day date) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    child text := parent || '_' || to_char(day, 'YYYYMMDD');
    parent_oid oid := (SELECT c.oid
                       FROM pg_class c
                       JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE n.nspname = 'quotebus' AND c.relname = parent AND c.relkind = 'p');
BEGIN
    IF parent_oid IS NULL THEN
        RAISE EXCEPTION 'quotebus.% is not a partitioned table', parent USING ERRCODE = 'undefined_table';
    END IF;
    IF day IS NULL OR day < DATE '1990-01-01' OR day >= DATE '2100-01-01' THEN
        RAISE EXCEPTION 'day % is outside 1990 to 2099', day USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('quotebus.' || child, 0));
    IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = parent_oid AND c.relname = child) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE quotebus.%I (LIKE quotebus.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', child, parent);
    EXECUTE format('ALTER TABLE quotebus.%I ATTACH PARTITION quotebus.%I FOR VALUES FROM (%L) TO (%L)', parent, child,
                   to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION quotebus.ensure_day(text, date) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.ensure_day(text, date) IS
    'Makes the partition of a UTC day of a partitioned table of this schema; true: made, false: it was there.';

SELECT quotebus.grant_to('quotebus_writer', 'EXECUTE', 'FUNCTION quotebus.ensure_day(text, date)'),
       quotebus.grant_to('quotebus_writer', 'INSERT', 'TABLE quotebus.quote'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.quote');
