-- Views for people: names instead of keys, words instead of letters.

CREATE FUNCTION quotebus.verdict_name(verdict "char") RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE verdict WHEN 'P' THEN 'PASS' WHEN 'S' THEN 'SUSPECT' WHEN 'R' THEN 'REJECT' END;
COMMENT ON FUNCTION quotebus.verdict_name("char") IS 'PASS, SUSPECT or REJECT.';

CREATE VIEW quotebus.quotes AS
SELECT a.id AS asset, a.class, s.name AS source, q.symbol, q.currency, q.price, q.bid, q.ask, q.open, q.high, q.low, q.previous_close,
       q.volume, q.market_cap, q.observed_at, q.observed_resolution_s, q.fetched_at, quotebus.verdict_name(q.verdict) AS verdict,
       q.flags, q.reference_price, q.deviation_bps, q.score, q.source_count, q.unit_factor, q.usd_rate, q.usd_rate_source,
       q.usd_rate_at, q.request_id, q.rules_version, q.raw_partition, q.raw_offset, q.clean_partition, q.clean_offset
FROM quotebus.quote q
JOIN quotebus.asset a USING (asset_id)
JOIN quotebus.source s USING (source_id);
COMMENT ON VIEW quotebus.quotes IS 'Every quote with names. Give a range of fetched_at: only the partitions of those days are read.';

CREATE VIEW quotebus.consensus_prices AS
SELECT a.id AS asset, a.class, c.currency, c.price, c.confidence, c.source_count, c.sources, c.observed_at, c.oldest_observed_at,
       c.as_of, c.rules_version, c.raw_partition, c.raw_offset, c.record_partition, c.record_offset
FROM quotebus.consensus c
JOIN quotebus.asset a USING (asset_id);
COMMENT ON VIEW quotebus.consensus_prices IS 'Every consensus price with names.';

CREATE VIEW quotebus.anomalies AS
SELECT a.id AS asset, a.class, s.name AS source, n.symbol, n.rule, quotebus.verdict_name(n.verdict) AS verdict, n.message, n.measured,
       n.threshold, n.unit, n.currency, n.price, n.reference_price, n.evidence, n.observed_at, n.fetched_at, n.request_id,
       n.rules_version, n.raw_partition, n.raw_offset, n.record_partition, n.record_offset
FROM quotebus.anomaly n
JOIN quotebus.asset a USING (asset_id)
JOIN quotebus.source s USING (source_id);
COMMENT ON VIEW quotebus.anomalies IS 'Every finding of the validator with names and evidence.';

CREATE VIEW quotebus.latest_prices AS
SELECT a.id AS asset, a.class, coalesce(c.currency, q.currency) AS currency, coalesce(c.price, q.price) AS price,
       c.confidence, coalesce(c.source_count, 1) AS source_count,
       CASE WHEN c.asset_id IS NULL THEN 'quote' ELSE 'consensus' END AS basis, q.source,
       coalesce(c.observed_at, q.observed_at) AS observed_at, coalesce(c.as_of, q.fetched_at) AS as_of
FROM quotebus.asset a
LEFT JOIN LATERAL (
    SELECT k.asset_id, k.currency, k.price, k.confidence, k.source_count, k.observed_at, k.as_of
    FROM quotebus.consensus k
    WHERE k.asset_id = a.asset_id
    ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
    LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT p.asset_id, p.currency, p.price, s.name AS source, p.observed_at, p.fetched_at
    FROM quotebus.source s
    CROSS JOIN LATERAL (
        SELECT r.asset_id, r.currency, r.price, r.observed_at, r.fetched_at
        FROM quotebus.quote r
        WHERE r.asset_id = a.asset_id AND r.source_id = s.source_id AND r.verdict = 'P'
        ORDER BY r.fetched_at DESC
        LIMIT 1) p
    WHERE c.asset_id IS NULL
    ORDER BY p.fetched_at DESC
    LIMIT 1) q ON true
WHERE c.asset_id IS NOT NULL OR q.asset_id IS NOT NULL;
COMMENT ON VIEW quotebus.latest_prices IS 'Per asset the newest consensus price; where there is none, the newest quote that passed.';
COMMENT ON COLUMN quotebus.latest_prices.basis IS 'consensus, or quote.';
COMMENT ON COLUMN quotebus.latest_prices.as_of IS 'fetched_at of what gave the price.';

CREATE VIEW quotebus.provider_health AS
SELECT s.name AS provider, h.at, h.state, h.endpoint, h.http_status, h.latency_ms, h.quotes, h.quota_used, h.quota_limit, h.message,
       h.request_id
FROM quotebus.source s
CROSS JOIN LATERAL (
    SELECT e.*
    FROM quotebus.health_event e
    WHERE e.source_id = s.source_id AND e.asset_id IS NULL
    ORDER BY e.at DESC, e.record_offset DESC
    LIMIT 1) h;
COMMENT ON VIEW quotebus.provider_health IS 'The latest event of each provider that is about the provider itself.';

CREATE VIEW quotebus.inactive_assets AS
SELECT a.id AS asset, a.class, s.name AS provider, h.at AS since, h.message
FROM quotebus.asset a
CROSS JOIN LATERAL (
    SELECT e.*
    FROM quotebus.health_event e
    WHERE e.asset_id = a.asset_id
    ORDER BY e.at DESC, e.record_offset DESC
    LIMIT 1) h
JOIN quotebus.source s ON s.source_id = h.source_id
WHERE h.state = 'delisted';
COMMENT ON VIEW quotebus.inactive_assets IS 'Assets whose last health event says delisted.';
COMMENT ON COLUMN quotebus.inactive_assets.since IS 'Time of that event.';

SELECT quotebus.grant_to('quotebus_reader', 'SELECT',
                         'TABLE quotebus.quotes, quotebus.consensus_prices, quotebus.anomalies, quotebus.latest_prices, '
                         'quotebus.provider_health, quotebus.inactive_assets'),
       quotebus.grant_to('quotebus_reader', 'EXECUTE', 'FUNCTION quotebus.verdict_name("char")');
