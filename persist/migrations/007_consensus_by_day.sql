-- Consensus prices by day, as quotes are: their number is of the same order, and a year of them is dropped day by day.
--
-- The latest price of an asset is then no longer one step in one index: a plan over a year of partitions takes longer to make
-- than to run. So the newest row of each asset is kept beside, by a trigger in the transaction that stores the rows: as exact as
-- they are, whoever writes them and in whatever order.

-- PostgreSQL compiles plans that look costly. Those over hundreds of partitions do, run in milliseconds, and take seconds to
-- compile: off for this database, where the login may say so.
SET LOCAL ROLE NONE;
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'jit stays as it is: % may not alter database %', current_user, current_database();
END
$$;
SELECT pg_catalog.set_config('role', rolname, true)
FROM pg_catalog.pg_roles
WHERE rolname = 'quotebus_owner' AND pg_catalog.pg_has_role(current_user, oid, 'MEMBER');

DROP VIEW quotebus.latest_prices, quotebus.consensus_prices;
ALTER TABLE quotebus.consensus RENAME TO consensus_before;
ALTER TABLE quotebus.consensus_before RENAME CONSTRAINT consensus_pkey TO consensus_before_pkey;
DROP INDEX quotebus.consensus_as_of;

CREATE TABLE quotebus.consensus (
    LIKE quotebus.consensus_before INCLUDING COMMENTS,
    PRIMARY KEY (asset_id, as_of, raw_partition, raw_offset)
) PARTITION BY RANGE (as_of);
COMMENT ON TABLE quotebus.consensus IS
    'The prices that the sources agree on (topic prices.consensus); partitions by UTC day of as_of. The view consensus_prices shows names.';

CREATE TABLE quotebus.latest_consensus (
    asset_id      integer          PRIMARY KEY,
    as_of         timestamptz      NOT NULL,
    observed_at   timestamptz      NOT NULL,
    price         double precision NOT NULL,
    confidence    double precision NOT NULL,
    raw_offset    bigint           NOT NULL,
    raw_partition integer          NOT NULL,
    source_count  integer          NOT NULL,
    currency      text             NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE quotebus.latest_consensus IS 'The newest row of consensus of each asset, kept by a trigger of consensus.';

CREATE FUNCTION quotebus.keep_latest_consensus() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- In the order of the keys, so that two writers never wait for each other crosswise.
    INSERT INTO quotebus.latest_consensus AS l
        (asset_id, as_of, observed_at, price, confidence, raw_offset, raw_partition, source_count, currency)
    SELECT DISTINCT ON (asset_id)
           asset_id, as_of, observed_at, price, confidence, raw_offset, raw_partition, source_count, currency
    FROM stored
    ORDER BY asset_id, as_of DESC, raw_partition DESC, raw_offset DESC
    ON CONFLICT (asset_id) DO UPDATE
    SET as_of = excluded.as_of, observed_at = excluded.observed_at, price = excluded.price, confidence = excluded.confidence,
        raw_offset = excluded.raw_offset, raw_partition = excluded.raw_partition, source_count = excluded.source_count,
        currency = excluded.currency
    WHERE (excluded.as_of, excluded.raw_partition, excluded.raw_offset) >= (l.as_of, l.raw_partition, l.raw_offset);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION quotebus.keep_latest_consensus() FROM PUBLIC;
CREATE TRIGGER keep_latest_inserted AFTER INSERT ON quotebus.consensus
    REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION quotebus.keep_latest_consensus();
CREATE TRIGGER keep_latest_updated AFTER UPDATE ON quotebus.consensus
    REFERENCING NEW TABLE AS stored FOR EACH STATEMENT EXECUTE FUNCTION quotebus.keep_latest_consensus();

DO $$
DECLARE
    wanted date;
BEGIN
    FOR wanted IN SELECT DISTINCT (as_of AT TIME ZONE 'UTC')::date FROM quotebus.consensus_before LOOP
        PERFORM quotebus.ensure_day('consensus', wanted);
    END LOOP;
END
$$;
INSERT INTO quotebus.consensus SELECT * FROM quotebus.consensus_before;
DROP TABLE quotebus.consensus_before;

CREATE VIEW quotebus.consensus_prices AS
SELECT a.id AS asset, a.class, c.currency, c.price, c.confidence, c.source_count, c.sources, c.observed_at, c.oldest_observed_at,
       c.as_of, c.rules_version, c.raw_partition, c.raw_offset, c.record_partition, c.record_offset
FROM quotebus.consensus c
JOIN quotebus.asset a USING (asset_id);
COMMENT ON VIEW quotebus.consensus_prices IS 'Every consensus price with names. Give a range of as_of: only the partitions of those days are read.';

-- The newest quote that passed of each asset that never had a consensus price. Variables rather than expressions as bounds: a
-- plan of these values reads the partitions of those days and does not look at the others.
CREATE FUNCTION quotebus.latest_quotes_without_consensus(within interval)
    RETURNS TABLE (asset_id integer, currency text, price double precision, source text, observed_at timestamptz, fetched_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 10
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    since timestamptz := now() - within;
    until timestamptz := now() + interval '1 day';
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (a.asset_id) a.asset_id, q.currency, q.price, s.name, q.observed_at, q.fetched_at
    FROM quotebus.asset a
    CROSS JOIN quotebus.source s
    CROSS JOIN LATERAL (
        SELECT r.currency, r.price, r.observed_at, r.fetched_at
        FROM quotebus.quote r
        WHERE r.asset_id = a.asset_id AND r.source_id = s.source_id AND r.verdict = 'P' AND r.fetched_at >= since AND r.fetched_at < until
        ORDER BY r.fetched_at DESC
        LIMIT 1) q
    WHERE NOT EXISTS (SELECT FROM quotebus.latest_consensus l WHERE l.asset_id = a.asset_id)
    ORDER BY a.asset_id, q.fetched_at DESC, s.source_id;
END
$$;
COMMENT ON FUNCTION quotebus.latest_quotes_without_consensus(interval) IS
    'Per asset without any consensus price the newest quote that passed, of those that were fetched within an interval before now.';

CREATE VIEW quotebus.latest_prices AS
SELECT a.id AS asset, a.class, l.currency, l.price, l.confidence, l.source_count, 'consensus' AS basis, NULL::text AS source,
       l.observed_at, l.as_of
FROM quotebus.latest_consensus l
JOIN quotebus.asset a USING (asset_id)
UNION ALL
SELECT a.id, a.class, q.currency, q.price, NULL, 1, 'quote', q.source, q.observed_at, q.fetched_at
FROM quotebus.latest_quotes_without_consensus(interval '7 days') q
JOIN quotebus.asset a USING (asset_id);
COMMENT ON VIEW quotebus.latest_prices IS
    'Per asset the newest consensus price; where there never was one, the newest quote of the last 7 days that passed.';
COMMENT ON COLUMN quotebus.latest_prices.basis IS 'consensus, or quote.';
COMMENT ON COLUMN quotebus.latest_prices.as_of IS 'fetched_at of what gave the price.';

SELECT quotebus.grant_to('quotebus_writer', 'SELECT, INSERT, UPDATE', 'TABLE quotebus.consensus'),
       quotebus.grant_to('quotebus_reader', 'SELECT',
                         'TABLE quotebus.consensus, quotebus.latest_consensus, quotebus.consensus_prices, quotebus.latest_prices');
