-- Upsert: replay and backfill over rows that exist. Of two rows with one key that of the newest record stays, which takes reading
-- and changing the one that is there. It copies into a temporary table first: databases let everybody make those, unless
-- somebody has revoked it.

SELECT quotebus.grant_to('quotebus_writer', 'SELECT, UPDATE',
                         'TABLE quotebus.quote, quotebus.anomaly, quotebus.consensus, quotebus.health_event');
