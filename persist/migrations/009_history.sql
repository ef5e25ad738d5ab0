-- What people ask of the history: candles, what was known when, missing polls, how much there is and how it grows.
--
-- Functions over tables that have a partition per day take their bounds as variables, computed before, and make a plan for these
-- values each time: it then has the partitions of those days only. A plan over all of them takes longer to make than to run.

-- ---- candles

CREATE FUNCTION quotebus.candles(asset text, width interval, since timestamptz, until timestamptz)
    RETURNS TABLE (bucket timestamptz, currency text, open double precision, high double precision, low double precision,
                   close double precision, quotes bigint, sources bigint)
    LANGUAGE plpgsql STABLE ROWS 1000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    wanted integer := (SELECT a.asset_id FROM quotebus.asset a WHERE a.id = candles.asset);
    -- A delayed source is fetched later than it is observed.
    fetched_until timestamptz := until + interval '1 day';
BEGIN
    RETURN QUERY
    SELECT date_bin(width, q.observed_at, timestamptz 'epoch'), q.currency,
           (array_agg(q.price ORDER BY q.observed_at, q.fetched_at, q.source_id))[1], max(q.price), min(q.price),
           (array_agg(q.price ORDER BY q.observed_at DESC, q.fetched_at DESC, q.source_id DESC))[1], count(*),
           count(DISTINCT q.source_id)
    FROM quotebus.quote q
    WHERE q.asset_id = wanted AND q.fetched_at >= since AND q.fetched_at < fetched_until AND q.verdict = 'P'
      AND q.observed_at >= since AND q.observed_at < until
    GROUP BY 1, 2
    ORDER BY 1, 2;
END
$$;
COMMENT ON FUNCTION quotebus.candles(text, interval, timestamptz, timestamptz) IS
    'Open, high, low and close of an asset per interval (from the epoch on) and currency, from all quotes that passed and were observed in [since, until).';

CREATE VIEW quotebus.candles_1min AS
SELECT a.id AS asset, a.class, c.*
FROM quotebus.asset a
CROSS JOIN LATERAL quotebus.candles(a.id, interval '1 minute', date_trunc('minute', now() - interval '1 day'), now()) c;
COMMENT ON VIEW quotebus.candles_1min IS 'Candles of a minute of the last 24 hours; any other range: the function candles.';

CREATE VIEW quotebus.candles_5min AS
SELECT a.id AS asset, a.class, c.*
FROM quotebus.asset a
CROSS JOIN LATERAL quotebus.candles(a.id, interval '5 minutes', date_trunc('hour', now() - interval '7 days'), now()) c;
COMMENT ON VIEW quotebus.candles_5min IS 'Candles of five minutes of the last 7 days. Ask for one asset.';

CREATE VIEW quotebus.candles_1h AS
SELECT a.id AS asset, a.class, c.*
FROM quotebus.asset a
CROSS JOIN LATERAL quotebus.candles(a.id, interval '1 hour', date_trunc('hour', now() - interval '30 days'), now()) c;
COMMENT ON VIEW quotebus.candles_1h IS 'Candles of an hour of the last 30 days. Ask for one asset.';

CREATE VIEW quotebus.candles_1d AS
SELECT a.id AS asset, a.class, c.*
FROM quotebus.asset a
CROSS JOIN LATERAL quotebus.candles(a.id, interval '1 day', date_trunc('day', now() - interval '365 days', 'UTC'), now()) c;
COMMENT ON VIEW quotebus.candles_1d IS 'Candles of a UTC day of the last 365 days. Ask for one asset.';

-- ---- what was known when

CREATE FUNCTION quotebus.consensus_as_of(moment timestamptz, within interval DEFAULT interval '7 days')
    RETURNS TABLE (asset text, class text, currency text, price double precision, confidence double precision, source_count integer,
                   sources jsonb, observed_at timestamptz, as_of timestamptz)
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    since timestamptz := moment - within;
BEGIN
    RETURN QUERY
    SELECT a.id, a.class, c.currency, c.price, c.confidence, c.source_count, c.sources, c.observed_at, c.as_of
    FROM quotebus.asset a
    CROSS JOIN LATERAL (
        SELECT k.*
        FROM quotebus.consensus k
        WHERE k.asset_id = a.asset_id AND k.as_of > since AND k.as_of <= moment
        ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
        LIMIT 1) c
    ORDER BY a.id;
END
$$;
COMMENT ON FUNCTION quotebus.consensus_as_of(timestamptz, interval) IS
    'Per asset the consensus price that was the newest one at a moment, if it is not older than an interval.';

CREATE FUNCTION quotebus.bars_as_of(moment timestamptz, wanted_asset text DEFAULT NULL)
    RETURNS TABLE (asset text, class text, source text, symbol text, currency text, date date, open double precision,
                   high double precision, low double precision, close double precision, adj_close double precision,
                   volume double precision, dividend double precision, split double precision, verdict text, flags text[],
                   fetched_at timestamptz, restates_fetched_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT a.id, a.class, s.name, b.symbol, b.currency, b.date, b.open, b.high, b.low, b.close, b.adj_close, b.volume, b.dividend,
           b.split, quotebus.verdict_name(b.verdict), b.flags, b.fetched_at, b.restates_fetched_at
    FROM (
        SELECT DISTINCT ON (asset_id, source_id, date) *
        FROM quotebus.bar
        WHERE fetched_at <= moment
          AND (wanted_asset IS NULL OR asset_id = (SELECT w.asset_id FROM quotebus.asset w WHERE w.id = wanted_asset))
        ORDER BY asset_id, source_id, date, fetched_at DESC) b
    JOIN quotebus.asset a USING (asset_id)
    JOIN quotebus.source s USING (source_id)
$$;
COMMENT ON FUNCTION quotebus.bars_as_of(timestamptz, text) IS
    'Per asset, source and day the bar as it was known at a moment: corrections that came later are not seen. All assets, or one.';

CREATE VIEW quotebus.daily_bars AS SELECT * FROM quotebus.bars_as_of('infinity');
COMMENT ON VIEW quotebus.daily_bars IS 'Per asset, source and day the bar as it is known now; as of an earlier moment: the function bars_as_of.';

CREATE FUNCTION quotebus.fundamentals_as_of(moment timestamptz)
    RETURNS TABLE (asset text, class text, source text, symbol text, currency text, name text, exchange text, sector text,
                   industry text, market_cap double precision, shares_outstanding double precision, shares_total double precision,
                   shares_max double precision, eps double precision, pe_ratio double precision, forward_pe double precision,
                   peg_ratio double precision, price_to_book double precision, price_to_sales double precision,
                   book_value double precision, dividend_per_share double precision, dividend_yield double precision,
                   beta double precision, revenue double precision, ebitda double precision, profit_margin double precision,
                   high_52w double precision, low_52w double precision, latest_quarter date, figures jsonb, verdict text,
                   flags text[], fetched_at timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT a.id, a.class, s.name, f.symbol, f.currency, f.name, f.exchange, f.sector, f.industry, f.market_cap,
           f.shares_outstanding, f.shares_total, f.shares_max, f.eps, f.pe_ratio, f.forward_pe, f.peg_ratio, f.price_to_book,
           f.price_to_sales, f.book_value, f.dividend_per_share, f.dividend_yield, f.beta, f.revenue, f.ebitda, f.profit_margin,
           f.high_52w, f.low_52w, f.latest_quarter, f.figures, quotebus.verdict_name(f.verdict), f.flags, f.fetched_at
    FROM (
        SELECT DISTINCT ON (asset_id, source_id) *
        FROM quotebus.fundamentals
        WHERE fetched_at <= moment
        ORDER BY asset_id, source_id, fetched_at DESC) f
    JOIN quotebus.asset a USING (asset_id)
    JOIN quotebus.source s USING (source_id)
$$;
COMMENT ON FUNCTION quotebus.fundamentals_as_of(timestamptz) IS 'Per asset and source the fundamentals as they were known at a moment.';

CREATE VIEW quotebus.company_fundamentals AS SELECT * FROM quotebus.fundamentals_as_of('infinity');
COMMENT ON VIEW quotebus.company_fundamentals IS
    'Per asset and source the newest fundamentals; as of an earlier moment: the function fundamentals_as_of.';

-- ---- lists, indicators, reports with names

CREATE VIEW quotebus.technical_indicators AS
SELECT a.id AS asset, a.class, s.name AS source, i.indicator, i.interval, i.time_period, i.series_type, i.at, i.value, i.signal,
       i.histogram, quotebus.verdict_name(i.verdict) AS verdict, i.flags, i.symbol, i.fetched_at, i.request_id
FROM quotebus.indicator i
JOIN quotebus.asset a USING (asset_id)
JOIN quotebus.source s USING (source_id);
COMMENT ON VIEW quotebus.technical_indicators IS 'Every value of an indicator with names.';

CREATE VIEW quotebus.rankings AS
SELECT r.list, s.name AS source, r.fetched_at, e.rank, e.symbol, e.name, e.asset, e.price, r.currency, e.market_cap, e.volume,
       e.change_24h_pct, e.score, quotebus.verdict_name(r.verdict) AS verdict, r.flags, r.request_id
FROM quotebus.ranking r
JOIN quotebus.source s USING (source_id)
CROSS JOIN LATERAL jsonb_to_recordset(r.entries) AS e (
    rank integer, symbol text, name text, asset text, price double precision, market_cap double precision,
    volume double precision, change_24h_pct double precision, score double precision);
COMMENT ON VIEW quotebus.rankings IS 'One row per list, time and place: trending, top_market_cap.';

CREATE VIEW quotebus.validation_reports AS
SELECT a.id AS asset, a.class, r.window_start, r.window_end, r.quotes, r.passed, r.suspect, r.rejected, r.sources_expected,
       r.sources_fresh, r.sources_agreeing, r.coverage, r.freshness_s, r.gaps, r.open_flags, r.consensus_price,
       r.consensus_confidence, r.currency, r.rules_version, r.raw_partition, r.raw_offset
FROM quotebus.report r
JOIN quotebus.asset a USING (asset_id);
COMMENT ON VIEW quotebus.validation_reports IS 'Every report of validate with names.';

-- ---- missing polls

CREATE FUNCTION quotebus.gaps_between(since timestamptz, until timestamptz, factor double precision DEFAULT 3)
    RETURNS TABLE (asset text, source text, gap_start timestamptz, gap_end timestamptz, usual_interval interval, missed_polls bigint,
                   open boolean)
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    latest timestamptz := least(until, now());
BEGIN
    RETURN QUERY
    WITH poll AS (
        SELECT q.asset_id, q.source_id, q.fetched_at,
               lead(q.fetched_at) OVER (PARTITION BY q.asset_id, q.source_id ORDER BY q.fetched_at) AS next_at
        FROM quotebus.quote q
        WHERE q.fetched_at >= since AND q.fetched_at < until
    ), usual AS (
        SELECT p.asset_id, p.source_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY p.next_at - p.fetched_at) AS pause
        FROM poll p
        WHERE p.next_at IS NOT NULL
        GROUP BY p.asset_id, p.source_id
        HAVING count(*) >= 3
    )
    SELECT a.id, s.name, p.fetched_at, coalesce(p.next_at, latest), u.pause,
           (extract(epoch FROM coalesce(p.next_at, latest) - p.fetched_at) / greatest(extract(epoch FROM u.pause), 0.001))::bigint - 1,
           p.next_at IS NULL
    FROM poll p
    JOIN usual u USING (asset_id, source_id)
    JOIN quotebus.asset a USING (asset_id)
    JOIN quotebus.source s USING (source_id)
    WHERE coalesce(p.next_at, latest) - p.fetched_at > u.pause * factor
    ORDER BY p.fetched_at, a.id, s.name;
END
$$;
COMMENT ON FUNCTION quotebus.gaps_between(timestamptz, timestamptz, double precision) IS
    'Pauses between polls of an asset by a source that are longer than `factor` times the usual one (the median in the range); open: no poll came since.';

CREATE VIEW quotebus.gaps AS SELECT * FROM quotebus.gaps_between(now() - interval '1 day', now());
COMMENT ON VIEW quotebus.gaps IS
    'Missing polls of the last 24 hours; any other range: the function gaps_between. A source that pauses while its exchange is closed shows one.';

-- ---- how much there is

CREATE VIEW quotebus.partition_sizes AS
SELECT p.relname::text AS table_name, c.relname::text AS partition, to_date(right(c.relname, 8), 'YYYYMMDD') AS day,
       pg_total_relation_size(c.oid) AS bytes, nullif(c.reltuples, -1)::bigint AS estimated_rows
FROM pg_inherits i
JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r'
WHERE p.relnamespace = 'quotebus'::regnamespace;
COMMENT ON VIEW quotebus.partition_sizes IS 'Bytes (with indexes) and estimated rows of each partition of a day.';

CREATE VIEW quotebus.table_sizes AS
SELECT t.relname::text AS table_name, count(c.oid) AS partitions,
       (pg_total_relation_size(t.oid) + coalesce(sum(pg_total_relation_size(c.oid)), 0))::bigint AS bytes,
       (greatest(t.reltuples, 0) * (count(c.oid) = 0)::integer + coalesce(sum(greatest(c.reltuples, 0)), 0))::bigint AS estimated_rows
FROM pg_class t
LEFT JOIN pg_inherits i ON i.inhparent = t.oid
LEFT JOIN pg_class c ON c.oid = i.inhrelid
WHERE t.relnamespace = 'quotebus'::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition
GROUP BY t.oid, t.relname, t.reltuples;
COMMENT ON VIEW quotebus.table_sizes IS 'Bytes (with indexes and partitions) and estimated rows of each table.';

CREATE TABLE quotebus.size_history (
    at             timestamptz NOT NULL,
    bytes          bigint      NOT NULL,
    estimated_rows bigint      NOT NULL,
    table_name     text        NOT NULL,
    PRIMARY KEY (table_name, at)
);
COMMENT ON TABLE quotebus.size_history IS 'Sizes of the tables, noted once a day by persist.';
COMMENT ON COLUMN quotebus.size_history.at IS 'Slot of the job.';
COMMENT ON COLUMN quotebus.size_history.bytes IS 'With indexes and partitions.';
COMMENT ON COLUMN quotebus.size_history.estimated_rows IS 'As PostgreSQL estimates them.';

CREATE VIEW quotebus.database_growth AS
SELECT t.table_name, t.partitions, t.bytes, t.estimated_rows, t.bytes - d.bytes AS bytes_since_yesterday,
       t.bytes - w.bytes AS bytes_since_last_week, d.at AS yesterday_at, w.at AS last_week_at
FROM quotebus.table_sizes t
LEFT JOIN LATERAL (
    SELECT h.at, h.bytes
    FROM quotebus.size_history h
    WHERE h.table_name = t.table_name AND h.at <= now() - interval '1 day'
    ORDER BY h.at DESC
    LIMIT 1) d ON true
LEFT JOIN LATERAL (
    SELECT h.at, h.bytes
    FROM quotebus.size_history h
    WHERE h.table_name = t.table_name AND h.at <= now() - interval '7 days'
    ORDER BY h.at DESC
    LIMIT 1) w ON true;
COMMENT ON VIEW quotebus.database_growth IS 'Sizes of the tables now, and by how much they grew since a day and a week ago.';

CREATE FUNCTION quotebus.records_between(first_day date, last_day date)
    RETURNS TABLE (table_name text, day date, records bigint)
    LANGUAGE plpgsql STABLE ROWS 100
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
DECLARE
    since timestamptz := first_day::timestamp AT TIME ZONE 'UTC';
    until timestamptz := (last_day + 1)::timestamp AT TIME ZONE 'UTC';
    timed record;
BEGIN
    FOR timed IN
        SELECT * FROM (VALUES ('quote', 'fetched_at'), ('consensus', 'as_of'), ('anomaly', 'fetched_at'), ('health_event', 'at'),
                              ('bar', 'fetched_at'), ('fundamentals', 'fetched_at'), ('indicator', 'fetched_at'),
                              ('ranking', 'fetched_at'), ('report', 'window_end')) AS v (name, at)
    LOOP
        RETURN QUERY EXECUTE format(
            'SELECT %L::text, (%2$I AT TIME ZONE ''UTC'')::date, count(*) FROM quotebus.%1$I WHERE %2$I >= %3$L AND %2$I < %4$L GROUP BY 2 ORDER BY 2',
            timed.name, timed.at, since, until);
    END LOOP;
END
$$;
COMMENT ON FUNCTION quotebus.records_between(date, date) IS 'Rows per table and UTC day, from a first to a last day.';

CREATE VIEW quotebus.records_per_day AS
SELECT * FROM quotebus.records_between((now() AT TIME ZONE 'UTC')::date - 6, (now() AT TIME ZONE 'UTC')::date);
COMMENT ON VIEW quotebus.records_per_day IS 'Rows per table and UTC day of the last 7 days; any other range: the function records_between.';

SELECT quotebus.grant_to('quotebus_reader', 'SELECT',
                         'TABLE quotebus.candles_1min, quotebus.candles_5min, quotebus.candles_1h, quotebus.candles_1d, '
                         'quotebus.daily_bars, quotebus.company_fundamentals, quotebus.technical_indicators, quotebus.rankings, '
                         'quotebus.validation_reports, quotebus.gaps, quotebus.partition_sizes, quotebus.table_sizes, '
                         'quotebus.size_history, quotebus.database_growth, quotebus.records_per_day');
