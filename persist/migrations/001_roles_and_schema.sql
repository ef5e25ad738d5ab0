-- Roles, the schema and the record of migrations.
--
-- quotebus_owner owns everything and cannot log in; login roles are granted quotebus_writer (persist) or quotebus_reader
-- (people, dashboards). Roles belong to the whole server, so they may exist already. A login without CREATEROLE goes on
-- without those that are missing: it then owns the objects itself.

SET LOCAL ROLE NONE;

DO $$
DECLARE
    wanted text;
    able boolean := (SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user);
BEGIN
    FOREACH wanted IN ARRAY ARRAY['quotebus_owner', 'quotebus_writer', 'quotebus_reader'] LOOP
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            CONTINUE;
        END IF;
        IF NOT able THEN
            RAISE NOTICE 'role % is missing and % may not create it: its grants are left out', wanted, current_user;
            CONTINUE;
        END IF;
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- made by the migration of another database of this server at the same moment
        END;
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'quotebus_owner') THEN
        CREATE SCHEMA quotebus;
    ELSE
        IF able AND NOT pg_catalog.pg_has_role(current_user, 'quotebus_owner', 'MEMBER') THEN
            EXECUTE format('GRANT quotebus_owner TO %I', current_user);
        END IF;
        IF pg_catalog.pg_has_role(current_user, 'quotebus_owner', 'MEMBER') THEN
            CREATE SCHEMA quotebus AUTHORIZATION quotebus_owner;
            SET LOCAL ROLE quotebus_owner;
        ELSE
            CREATE SCHEMA quotebus;
        END IF;
    END IF;
END
$$;

COMMENT ON SCHEMA quotebus IS 'Market data from many sources, cross-checked: quotes, consensus prices, anomalies, provider health.';

CREATE TABLE quotebus.schema_migration (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE quotebus.schema_migration IS 'The migrations that were applied; written by quotebus-persist --migrate.';
COMMENT ON COLUMN quotebus.schema_migration.version IS 'Number in front of the file''s name.';
COMMENT ON COLUMN quotebus.schema_migration.sha256 IS 'SHA-256 of the file''s bytes, in hexadecimal.';

-- Grants what a role needs, where the role exists.
CREATE FUNCTION quotebus.grant_to(role_name text, privileges text, object text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('GRANT %s ON %s TO %I', privileges, object, role_name);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION quotebus.grant_to(text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION quotebus.grant_to(text, text, text) IS 'For migrations: GRANT privileges ON object TO role, unless the role is missing.';

SELECT quotebus.grant_to('quotebus_writer', 'USAGE', 'SCHEMA quotebus'),
       quotebus.grant_to('quotebus_reader', 'USAGE', 'SCHEMA quotebus'),
       quotebus.grant_to('quotebus_writer', 'SELECT', 'TABLE quotebus.schema_migration'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.schema_migration');
