-- Small integer keys for what every row repeats, and the position of each stream.

CREATE TABLE quotebus.asset (
    asset_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text    NOT NULL UNIQUE CHECK (octet_length(id) BETWEEN 1 AND 200),
    class    text    NOT NULL
);
COMMENT ON TABLE quotebus.asset IS 'Assets that ever came; a row is made at the first record.';
COMMENT ON COLUMN quotebus.asset.id IS 'Asset id, class:CODE, e.g. equity:AAPL.';
COMMENT ON COLUMN quotebus.asset.class IS 'The part of the id before the colon.';

CREATE TABLE quotebus.source (
    source_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name      text     NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 200)
);
COMMENT ON TABLE quotebus.source IS 'Providers that ever gave a record; a row is made at the first one.';

CREATE TABLE quotebus.stream_offset (
    topic       text        NOT NULL,
    partition   integer     NOT NULL CHECK (partition >= 0),
    next_offset bigint      NOT NULL CHECK (next_offset >= 0),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE quotebus.stream_offset IS
    'How far each topic partition is stored. Moved in the transaction that stores the rows, by compare and set: this is what makes them exactly once.';
COMMENT ON COLUMN quotebus.stream_offset.topic IS 'Full name of the topic, prefix included.';
COMMENT ON COLUMN quotebus.stream_offset.next_offset IS 'Offset of the first record that is not stored yet; 0: begin with the oldest record.';

SELECT quotebus.grant_to('quotebus_writer', 'SELECT, INSERT', 'TABLE quotebus.asset'),
       quotebus.grant_to('quotebus_writer', 'SELECT, INSERT', 'TABLE quotebus.source'),
       quotebus.grant_to('quotebus_writer', 'SELECT, INSERT, UPDATE (next_offset, updated_at)', 'TABLE quotebus.stream_offset'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.asset'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.source'),
       quotebus.grant_to('quotebus_reader', 'SELECT', 'TABLE quotebus.stream_offset');
