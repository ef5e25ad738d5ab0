-- The jobs of persist: market aggregates, retention, partitions ahead, sizes.
--
-- Functions do what takes rights that the writer lacks: they run as the owner, and check what they are asked for. None changes or
-- takes away what is younger than a day.

ALTER TABLE quotebus.asset ADD COLUMN sector text NOT NULL DEFAULT '';
COMMENT ON COLUMN quotebus.asset.sector IS 'Sector by the configuration; persist brings it up to date when it starts.';
COMMENT ON TABLE quotebus.asset IS 'Assets of the configuration, and those that ever came: a row is made at the first record.';

CREATE TABLE quotebus.job (
    name             text        PRIMARY KEY,
    last_slot        timestamptz,
    last_started_at  timestamptz,
    last_finished_at timestamptz,
    runs             bigint      NOT NULL DEFAULT 0,
    failures         bigint      NOT NULL DEFAULT 0,
    instance         text        NOT NULL,
    last_error       text
);
COMMENT ON TABLE quotebus.job IS 'The jobs of persist and their last runs.';
COMMENT ON COLUMN quotebus.job.last_slot IS 'Newest slot of the schedule that was worked off.';
COMMENT ON COLUMN quotebus.job.last_started_at IS 'When its last run began.';
COMMENT ON COLUMN quotebus.job.last_finished_at IS 'When its last run ended, well or not.';
COMMENT ON COLUMN quotebus.job.runs IS 'Slots worked off.';
COMMENT ON COLUMN quotebus.job.failures IS 'Attempts that failed.';
COMMENT ON COLUMN quotebus.job.instance IS 'persist.instance of the last run.';
COMMENT ON COLUMN quotebus.job.last_error IS 'Why the last run failed; null when it did not.';

-- ---- assets

CREATE FUNCTION quotebus.configure_assets(ids text[], sectors text[]) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH wanted AS (
        SELECT w.id, w.sector FROM unnest(ids, sectors) AS w (id, sector)
    ), changed AS (
        UPDATE quotebus.asset a SET sector = w.sector
        FROM wanted w
        WHERE a.id = w.id AND a.sector <> w.sector
        RETURNING a.id
    ), added AS (
        INSERT INTO quotebus.asset (id, class, sector)
        SELECT w.id, split_part(w.id, ':', 1), w.sector
        FROM wanted w
        WHERE NOT EXISTS (SELECT FROM quotebus.asset a WHERE a.id = w.id)
        ORDER BY w.id
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM added)
$$;
REVOKE ALL ON FUNCTION quotebus.configure_assets(text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.configure_assets(text[], text[]) IS 'Brings sectors up to date and adds assets that are missing; how many rows changed.';

-- ---- market aggregates

CREATE TABLE quotebus.market_aggregate (
    window_end              timestamptz      NOT NULL,
    window_start            timestamptz      NOT NULL,
    change_pct              double precision,
    change_cap_weighted_pct double precision,
    change_24h_pct          double precision,
    volume_usd              double precision,
    market_cap_usd          double precision,
    assets                  integer          NOT NULL,
    up                      integer          NOT NULL,
    down                    integer          NOT NULL,
    unchanged               integer          NOT NULL,
    class                   text             NOT NULL,
    sector                  text             NOT NULL,
    movers                  jsonb            NOT NULL,
    published_at            timestamptz,
    PRIMARY KEY (window_end, class, sector)
);
CREATE INDEX market_aggregate_unpublished ON quotebus.market_aggregate (window_end, class, sector) WHERE published_at IS NULL;
COMMENT ON TABLE quotebus.market_aggregate IS
    'How each class and sector moved in the window of a slot. Computed once and never changed; topic market.aggregates is sent from it.';
COMMENT ON COLUMN quotebus.market_aggregate.window_end IS 'End of the window, inclusive: a slot of the schedule.';
COMMENT ON COLUMN quotebus.market_aggregate.window_start IS 'Begin of the window, exclusive.';
COMMENT ON COLUMN quotebus.market_aggregate.change_pct IS 'Mean change over the window, percent, each asset alike.';
COMMENT ON COLUMN quotebus.market_aggregate.change_cap_weighted_pct IS 'The same weighted by market capitalisation, of the assets that have one.';
COMMENT ON COLUMN quotebus.market_aggregate.change_24h_pct IS 'Mean change over the 24 h before window_end, percent, of the assets that have a price so long ago.';
COMMENT ON COLUMN quotebus.market_aggregate.volume_usd IS 'Sum of the newest volumes in USD: of a session for equities, of 24 h for crypto.';
COMMENT ON COLUMN quotebus.market_aggregate.market_cap_usd IS 'Sum of the newest market capitalisations in USD.';
COMMENT ON COLUMN quotebus.market_aggregate.assets IS 'Assets with a consensus price in one currency at both ends of the window.';
COMMENT ON COLUMN quotebus.market_aggregate.up IS 'Of these, how many rose.';
COMMENT ON COLUMN quotebus.market_aggregate.down IS 'Of these, how many fell.';
COMMENT ON COLUMN quotebus.market_aggregate.unchanged IS 'Of these, how many did neither.';
COMMENT ON COLUMN quotebus.market_aggregate.sector IS 'Sector of the configuration; empty: all assets of the class.';
COMMENT ON COLUMN quotebus.market_aggregate.movers IS
    'The five assets with the largest change either way: [{"asset", "price" in currency, "currency", "change_pct"}].';
COMMENT ON COLUMN quotebus.market_aggregate.published_at IS 'When Kafka had acknowledged the record; null: not yet.';

-- Partitions of the topic are stored at their own pace: all is stored up to where the slowest one is.
CREATE FUNCTION quotebus.consensus_stored_until() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT min(newest) FROM (SELECT max(as_of) AS newest FROM quotebus.latest_consensus GROUP BY raw_partition) p
$$;
REVOKE ALL ON FUNCTION quotebus.consensus_stored_until() FROM PUBLIC;
COMMENT ON FUNCTION quotebus.consensus_stored_until() IS 'Moment up to which the consensus prices of all partitions are stored; null: none is.';

CREATE FUNCTION quotebus.aggregate_market(slot timestamptz, window_s bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    begun timestamptz := slot - make_interval(secs => window_s);
    day_ago timestamptz := slot - interval '1 day';
    -- A price that nothing followed for a week is no price of now; a volume is one of today or yesterday.
    oldest_price timestamptz := least(begun, day_ago) - interval '7 days';
    oldest_volume timestamptz := slot - interval '2 days';
    stored bigint;
BEGIN
    -- All rows of a slot come from one statement. What is stored later does not change them.
    IF EXISTS (SELECT FROM quotebus.market_aggregate WHERE window_end = slot) THEN
        RETURN 0;
    END IF;
    WITH priced AS (
        SELECT a.asset_id, a.id, a.class, a.sector, n.price, n.currency, (n.price / b.price - 1) * 100 AS change_pct,
               (n.price / d.price - 1) * 100 AS change_24h_pct
        FROM quotebus.asset a
        CROSS JOIN LATERAL (
            SELECT k.price, k.currency
            FROM quotebus.consensus k
            WHERE k.asset_id = a.asset_id AND k.as_of > oldest_price AND k.as_of <= slot
            ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
            LIMIT 1) n
        CROSS JOIN LATERAL (
            SELECT k.price, k.currency
            FROM quotebus.consensus k
            WHERE k.asset_id = a.asset_id AND k.as_of > oldest_price AND k.as_of <= begun
            ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
            LIMIT 1) b
        LEFT JOIN LATERAL (
            SELECT k.price, k.currency
            FROM quotebus.consensus k
            WHERE k.asset_id = a.asset_id AND k.as_of > oldest_price AND k.as_of <= day_ago
            ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
            LIMIT 1) d ON d.currency = n.currency AND d.price > 0
        WHERE b.currency = n.currency AND b.price > 0
    ), sized AS (
        SELECT p.*, v.volume_usd, m.market_cap_usd
        FROM priced p
        LEFT JOIN LATERAL (
            SELECT q.volume * CASE p.class WHEN 'crypto' THEN 1 ELSE q.price END
                   * CASE q.currency WHEN 'USD' THEN 1 ELSE q.usd_rate END AS volume_usd
            FROM quotebus.source s
            CROSS JOIN LATERAL (
                SELECT r.volume, r.price, r.currency, r.usd_rate, r.fetched_at
                FROM quotebus.quote r
                WHERE r.asset_id = p.asset_id AND r.source_id = s.source_id AND r.fetched_at > oldest_volume
                  AND r.fetched_at <= slot AND r.verdict = 'P' AND r.volume IS NOT NULL
                ORDER BY r.fetched_at DESC
                LIMIT 1) q
            ORDER BY q.fetched_at DESC, s.source_id
            LIMIT 1) v ON true
        LEFT JOIN LATERAL (
            SELECT q.market_cap * CASE q.currency WHEN 'USD' THEN 1 ELSE q.usd_rate END AS market_cap_usd
            FROM quotebus.source s
            CROSS JOIN LATERAL (
                SELECT r.market_cap, r.currency, r.usd_rate, r.fetched_at
                FROM quotebus.quote r
                WHERE r.asset_id = p.asset_id AND r.source_id = s.source_id AND r.fetched_at > oldest_volume
                  AND r.fetched_at <= slot AND r.verdict = 'P' AND r.market_cap IS NOT NULL
                ORDER BY r.fetched_at DESC
                LIMIT 1) q
            ORDER BY q.fetched_at DESC, s.source_id
            LIMIT 1) m ON true
    )
    -- Sums of floating-point numbers depend on their order: that of the assets.
    INSERT INTO quotebus.market_aggregate (window_end, window_start, change_pct, change_cap_weighted_pct, change_24h_pct,
                                           volume_usd, market_cap_usd, assets, up, down, unchanged, class, sector, movers)
    SELECT slot, begun, avg(z.change_pct ORDER BY z.id),
           sum(z.change_pct * z.market_cap_usd ORDER BY z.id)
               / nullif(sum(z.market_cap_usd ORDER BY z.id), 0),
           avg(z.change_24h_pct ORDER BY z.id), sum(z.volume_usd ORDER BY z.id), sum(z.market_cap_usd ORDER BY z.id), count(*),
           count(*) FILTER (WHERE z.change_pct > 0), count(*) FILTER (WHERE z.change_pct < 0),
           count(*) FILTER (WHERE z.change_pct = 0), z.class, coalesce(z.sector, ''),
           to_jsonb((array_agg(jsonb_build_object('asset', z.id, 'price', z.price, 'currency', z.currency, 'change_pct', z.change_pct)
                               ORDER BY abs(z.change_pct) DESC, z.id))[1:5])
    FROM sized z
    GROUP BY GROUPING SETS ((z.class, z.sector), (z.class))
    HAVING grouping(z.sector) = 1 OR z.sector <> ''
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS stored = ROW_COUNT;
    RETURN stored;
END
$$;
REVOKE ALL ON FUNCTION quotebus.aggregate_market(timestamptz, bigint) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.aggregate_market(timestamptz, bigint) IS
    'Stores the aggregates of the window of that many seconds that ends with a slot, unless they are there; how many rows it stored.';

CREATE VIEW quotebus.market_overview AS
SELECT DISTINCT ON (class, sector) class, sector, window_end, assets, up, down, unchanged, change_pct, change_cap_weighted_pct,
       change_24h_pct, volume_usd, market_cap_usd, movers
FROM quotebus.market_aggregate
ORDER BY class, sector, window_end DESC;
COMMENT ON VIEW quotebus.market_overview IS 'The newest aggregate of each class and sector.';

-- ---- retention

-- Detaching and dropping a table takes the same time whatever is in it, and leaves no dead rows behind.
CREATE FUNCTION quotebus.drop_day_before(parent text, cutoff date) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expired text := (SELECT s.partition
                     FROM quotebus.partition_sizes s
                     WHERE s.table_name = parent AND s.day < cutoff
                     ORDER BY s.day
                     LIMIT 1);
BEGIN
    IF cutoff > (now() AT TIME ZONE 'UTC')::date THEN
        RAISE EXCEPTION 'days from % on have not passed yet', cutoff USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF expired IS NOT NULL THEN
        EXECUTE format('ALTER TABLE quotebus.%I DETACH PARTITION quotebus.%I', parent, expired);
        EXECUTE format('DROP TABLE quotebus.%I', expired);
    END IF;
    RETURN expired;
END
$$;
REVOKE ALL ON FUNCTION quotebus.drop_day_before(text, date) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.drop_day_before(text, date) IS
    'Detaches and drops the oldest partition of a table if its day is before a date; its name, or null when there is none.';

CREATE INDEX health_event_at ON quotebus.health_event (at);
CREATE INDEX bar_date ON quotebus.bar (date);

CREATE FUNCTION quotebus.delete_before(table_name text, cutoff timestamptz, most bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    at text := (SELECT v.at
                FROM (VALUES ('anomaly', 'fetched_at'), ('health_event', 'at'), ('bar', 'date'), ('fundamentals', 'fetched_at'),
                             ('indicator', 'fetched_at'), ('ranking', 'fetched_at'), ('report', 'window_end'),
                             ('market_aggregate', 'window_end')) AS v (name, at)
                WHERE v.name = table_name);
    deleted bigint;
BEGIN
    IF at IS NULL THEN
        RAISE EXCEPTION 'rows of table % do not expire', table_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF cutoff > now() - interval '1 day' THEN
        RAISE EXCEPTION '% is less than a day ago', cutoff USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('DELETE FROM quotebus.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM quotebus.%1$I WHERE %2$I < $1 ORDER BY %2$I LIMIT $2))',
                   table_name, at) USING cutoff, most;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION quotebus.delete_before(text, timestamptz, bigint) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.delete_before(text, timestamptz, bigint) IS
    'Deletes at most so many of the oldest rows before a moment from a table without partitions; how many it deleted.';

-- ---- sizes

CREATE FUNCTION quotebus.note_sizes(slot timestamptz) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH noted AS (
        INSERT INTO quotebus.size_history (at, bytes, estimated_rows, table_name)
        SELECT slot, bytes, estimated_rows, table_name FROM quotebus.table_sizes
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM noted
$$;
REVOKE ALL ON FUNCTION quotebus.note_sizes(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.note_sizes(timestamptz) IS 'Notes the sizes of all tables for a slot; how many.';

SELECT quotebus.grant_to('quotebus_writer', 'EXECUTE', 'FUNCTION quotebus.configure_assets(text[], text[]), '
                         'quotebus.consensus_stored_until(), quotebus.aggregate_market(timestamptz, bigint), '
                         'quotebus.drop_day_before(text, date), quotebus.delete_before(text, timestamptz, bigint), '
                         'quotebus.note_sizes(timestamptz)'),
       quotebus.grant_to('quotebus_writer', 'SELECT, INSERT, UPDATE', 'TABLE quotebus.job'),
       quotebus.grant_to('quotebus_writer', 'SELECT, UPDATE (published_at)', 'TABLE quotebus.market_aggregate'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.job, quotebus.market_aggregate, quotebus.market_overview');
