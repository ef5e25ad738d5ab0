-- An asset with several sources: that a second one does not know its symbol does not make a delisted asset active again, and
-- one that a second source goes on pricing is not inactive.

CREATE OR REPLACE VIEW quotebus.inactive_assets AS
SELECT a.id AS asset, a.class, s.name AS provider, h.at AS since, h.message
FROM quotebus.asset a
CROSS JOIN LATERAL (
    SELECT e.*
    FROM quotebus.health_event e
    WHERE e.asset_id = a.asset_id AND e.state = 'delisted'
    ORDER BY e.at DESC, e.record_offset DESC
    LIMIT 1) h
JOIN quotebus.source s ON s.source_id = h.source_id
WHERE NOT EXISTS (SELECT FROM quotebus.quote q WHERE q.asset_id = a.asset_id AND q.fetched_at > h.at);
COMMENT ON VIEW quotebus.inactive_assets IS 'Assets that a provider called delisted and nobody has priced since.';
COMMENT ON COLUMN quotebus.inactive_assets.since IS 'When that was said last.';
