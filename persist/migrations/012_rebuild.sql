-- For `quotebus rebuild`: a copy of some tables is made from their topics in schema quotebus_rebuild, compared with the live ones,
-- and put in their place in one transaction. All of this runs as the owner of the schema; the command calls it in this order.
--
-- What a rebuild covers is said by offsets: three arrays, partition by partition, [begins, ends) of the topic. Rows of other
-- records are kept as they are.

-- Makes the empty copies. The schemas quotebus_rebuild and quotebus_before are there already and empty. Partitions of days are made
-- as in the live schema, whatever later migrations make of that: by its own function under another schema's name.
CREATE FUNCTION quotebus.rebuild_prepare(tables text[]) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text;
    part_of text;
BEGIN
    EXECUTE replace(pg_get_functiondef('quotebus.ensure_day(text, date)'::regprocedure), 'quotebus', 'quotebus_rebuild');
    FOREACH wanted IN ARRAY tables LOOP
        SELECT ' PARTITION BY ' || pg_get_partkeydef(c.oid) INTO part_of
        FROM pg_class c WHERE c.oid = format('quotebus.%I', wanted)::regclass AND c.relkind = 'p';
        EXECUTE format('CREATE TABLE quotebus_rebuild.%I (LIKE quotebus.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE'
                       ' INCLUDING INDEXES)%s', wanted, wanted, part_of);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_prepare(text[]) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_prepare(text[]) IS 'For quotebus rebuild: makes empty copies of tables in schema quotebus_rebuild.';

-- How many rows a part has, and the sum of a hash of each: equal for equal rows in whatever order they stand.
CREATE FUNCTION quotebus.rebuild_checksum(schema_name text, table_name text, columns text, partition_column text, offset_column text,
                                          partitions integer[], begins bigint[], ends bigint[],
                                          OUT row_count bigint, OUT checksum numeric)
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('SELECT count(*), coalesce(sum(hashtextextended(ROW(%s)::text, 0)), 0) FROM %I.%I t'
                   ' JOIN unnest($1, $2, $3) AS c (p, b, e) ON t.%I = c.p AND t.%I >= c.b AND t.%I < c.e',
                   columns, schema_name, table_name, partition_column, offset_column, offset_column)
    INTO row_count, checksum USING partitions, begins, ends;
END
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_checksum(text, text, text, text, text, integer[], bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_checksum(text, text, text, text, text, integer[], bigint[], bigint[]) IS
    'Rows of a part of a table, and the sum of the hashes of their columns, which does not depend on their order.';

-- Copies the live rows that are not covered beside the rebuilt ones. Of a table with a partition per day, those of the days that will
-- be swapped only: from the first day with a covered row on. Returns that day; NULL for other tables.
CREATE FUNCTION quotebus.rebuild_keep(table_name text, partition_column text, offset_column text, partitions integer[],
                                      begins bigint[], ends bigint[]) RETURNS date
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
DECLARE
    covered text := format('EXISTS (SELECT FROM unnest($1, $2, $3) AS c (p, b, e) WHERE t.%I = c.p AND t.%I >= c.b AND t.%I < c.e)',
                           partition_column, offset_column, offset_column);
    time_column text := (SELECT a.attname FROM pg_partitioned_table p
                         JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
                         WHERE p.partrelid = format('quotebus.%I', table_name)::regclass);
    first_day date;
    of_live date;
    child name;
BEGIN
    IF time_column IS NULL THEN
        EXECUTE format('INSERT INTO quotebus_rebuild.%I SELECT * FROM quotebus.%I t WHERE NOT %s ON CONFLICT DO NOTHING',
                       table_name, table_name, covered) USING partitions, begins, ends;
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT min(%I)::date FROM quotebus_rebuild.%I', time_column, table_name) INTO first_day;
    EXECUTE format('SELECT min(%I)::date FROM quotebus.%I t WHERE %s', time_column, table_name, covered) INTO of_live
        USING partitions, begins, ends;
    first_day := least(first_day, of_live);
    IF first_day IS NULL THEN
        RETURN NULL;
    END IF;
    FOR child IN SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = format('quotebus.%I', table_name)::regclass
                   AND c.relname >= table_name || '_' || to_char(first_day, 'YYYYMMDD') LOOP
        PERFORM quotebus_rebuild.ensure_day(table_name, to_date(right(child, 8), 'YYYYMMDD'));
    END LOOP;
    EXECUTE format('INSERT INTO quotebus_rebuild.%I SELECT * FROM quotebus.%I t WHERE %I >= $4 AND NOT %s ON CONFLICT DO NOTHING',
                   table_name, table_name, time_column, covered) USING partitions, begins, ends, first_day::timestamptz;
    RETURN first_day;
END
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_keep(text, text, text, integer[], bigint[], bigint[]) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_keep(text, text, text, integer[], bigint[], bigint[]) IS
    'For quotebus rebuild: copies the live rows that are not covered; returns the first day whose partition will be swapped.';

-- Lets ATTACH PARTITION believe what is known already, instead of reading all rows while everybody waits.
CREATE FUNCTION quotebus.rebuild_vouch(table_name text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    child record;
BEGIN
    FOR child IN SELECT c.oid::regclass AS place, pg_get_partition_constraintdef(c.oid) AS bound
                 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = format('quotebus_rebuild.%I', table_name)::regclass
                   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = 'rebuilt_day') LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT rebuilt_day CHECK (%s)', child.place, child.bound);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_vouch(text) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_vouch(text) IS 'For quotebus rebuild: checks the rows of each rebuilt day before the swap, so that it need not.';

-- Puts the rebuilt rows in the place of the live ones. A table with a partition per day keeps its name, views and grants: its
-- partitions from `first_day` on go to schema quotebus_before, the rebuilt ones take their place. Another table is emptied and
-- filled.
CREATE FUNCTION quotebus.rebuild_swap(table_name text, first_day date) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    live regclass := format('quotebus.%I', table_name)::regclass;
    rebuilt regclass := format('quotebus_rebuild.%I', table_name)::regclass;
    child record;
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', live);
    IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = live AND c.relkind = 'p') THEN
        EXECUTE format('TRUNCATE %s', live);
        EXECUTE format('INSERT INTO %s SELECT * FROM %s', live, rebuilt);
        RETURN;
    END IF;
    -- A record of an older day came meanwhile: other rows of that day have to be kept first.
    IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = rebuilt AND c.relname < table_name || '_' || to_char(first_day, 'YYYYMMDD')) THEN
        RAISE EXCEPTION 'rows before % were rebuilt', first_day USING ERRCODE = 'serialization_failure';
    END IF;
    FOR child IN SELECT c.relname, c.oid::regclass AS place FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = live AND c.relname >= table_name || '_' || to_char(first_day, 'YYYYMMDD') LOOP
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', live, child.place);
        EXECUTE format('ALTER TABLE %s SET SCHEMA quotebus_before', child.place);
    END LOOP;
    FOR child IN SELECT c.relname, c.oid::regclass AS place, pg_get_expr(c.relpartbound, c.oid) AS bound,
                        EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.conname = 'rebuilt_day') AS vouched
                 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = rebuilt LOOP
        EXECUTE format('ALTER TABLE %s DETACH PARTITION %s', rebuilt, child.place);
        EXECUTE format('ALTER TABLE %s SET SCHEMA quotebus', child.place);
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION quotebus.%I %s', live, child.relname, child.bound);
        IF child.vouched THEN
            EXECUTE format('ALTER TABLE quotebus.%I DROP CONSTRAINT rebuilt_day', child.relname);
        END IF;
    END LOOP;
    IF table_name = 'consensus' THEN
        PERFORM quotebus.rebuild_latest_consensus();
    END IF;
END
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_swap(text, date) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_swap(text, date) IS 'For quotebus rebuild: puts the rebuilt rows of a table in the place of the live ones.';

-- The newest price of each asset, which a trigger keeps, is found again: swapped partitions have fired none. One step in the index
-- of the newest partition that has the asset.
CREATE FUNCTION quotebus.rebuild_latest_consensus() RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    DELETE FROM quotebus.latest_consensus;
    INSERT INTO quotebus.latest_consensus
        (asset_id, as_of, observed_at, price, confidence, raw_offset, raw_partition, source_count, currency)
    SELECT c.asset_id, c.as_of, c.observed_at, c.price, c.confidence, c.raw_offset, c.raw_partition, c.source_count, c.currency
    FROM quotebus.asset a
    CROSS JOIN LATERAL (
        SELECT k.* FROM quotebus.consensus k WHERE k.asset_id = a.asset_id
        ORDER BY k.as_of DESC, k.raw_partition DESC, k.raw_offset DESC
        LIMIT 1) c;
$$;
REVOKE ALL ON FUNCTION quotebus.rebuild_latest_consensus() FROM PUBLIC;
COMMENT ON FUNCTION quotebus.rebuild_latest_consensus() IS 'Makes the table latest_consensus anew from consensus.';
