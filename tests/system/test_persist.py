"""persist against the real PostgreSQL: migrations, refused and doubled rows, many days, offsets."""

import concurrent.futures
import itertools
import re
import shutil
import signal
import time

import bus
import psycopg
import pytest
from pipeline import wait_for
from quotes import DAY_US, FETCHED_AT_US, clean_quote, produce, wait_stored
from stack import ROOT

MIGRATIONS = ROOT / "persist" / "migrations"
NUMBERS = itertools.count(1)


# ---- migrations

@pytest.fixture
def tenant(stack):
    """A database without a schema."""
    made = stack.tenant(f"t_migrate_{next(NUMBERS)}")
    made.psql(f"create database {made.database}", database="postgres")
    return made


def migrate(tenant, folder=MIGRATIONS, conninfo=None):
    return tenant.run("quotebus-persist", "--migrate", check=False, env={
        "QUOTEBUS_POSTGRES_CONNINFO": conninfo or tenant.conninfo_for("admin"), "QUOTEBUS_MIGRATIONS": str(folder)})


def applied(tenant):
    return tenant.psql("select string_agg(version::text, ' ' order by version) from quotebus.schema_migration")


def numbers():
    return " ".join(str(int(path.name[:3])) for path in sorted(MIGRATIONS.glob("*.sql")))


def test_migrating_twice_changes_nothing(tenant):
    for _ in range(2):
        done = migrate(tenant)
        assert done.returncode == 0, done.stderr
        assert not done.stdout
        assert applied(tenant) == numbers()
    owners = tenant.psql("select distinct tableowner from pg_tables where schemaname = 'quotebus'")
    assert owners == "quotebus_owner"


def test_migrations_started_at_once_apply_each_file_once(tenant):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: migrate(tenant), range(4)))
    assert [done.returncode for done in results] == [0] * 4, [done.stderr for done in results]
    assert applied(tenant) == numbers()
    assert sum(done.stderr.count("migration applied") for done in results) == len(numbers().split())


def test_released_migration_that_changed_is_refused(tenant, tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    assert migrate(tenant, folder).returncode == 0
    changed = next(folder.glob("003_*.sql"))
    changed.write_text(changed.read_text() + "-- one more line\n")
    done = migrate(tenant, folder)
    assert done.returncode == 1
    assert changed.name in done.stderr and "was changed after it was applied" in done.stderr


def test_missing_number_and_missing_folder_are_refused(tenant, tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    next(folder.glob("002_*.sql")).unlink()
    done = migrate(tenant, folder)
    assert done.returncode == 1 and "number 002 is missing" in done.stderr
    assert tenant.psql("select to_regclass('quotebus.schema_migration') is null") == "t"
    done = migrate(tenant, tmp_path / "nowhere")
    assert done.returncode == 2 and "nowhere" in done.stderr


def test_error_in_a_migration_names_file_and_line_and_leaves_nothing_behind(tenant, tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    number = len(numbers().split()) + 1
    bad = folder / f"{number:03}_bad.sql"
    bad.write_text("-- é\ncreate table quotebus.half (x int);\n\nselect nothing from quotebus.nowhere;\n")
    done = migrate(tenant, folder)
    assert done.returncode == 1
    assert f"{bad.name}:4" in done.stderr and "quotebus.nowhere" in done.stderr
    assert tenant.psql("select to_regclass('quotebus.half') is null") == "t"
    assert applied(tenant) == numbers()
    bad.write_text("create table quotebus.half (x int); commit;")
    done = migrate(tenant, folder)
    assert done.returncode == 1 and "ends its own transaction" in done.stderr


def test_unreachable_server_is_status_3(tenant):
    done = migrate(tenant, conninfo="host=127.0.0.1 port=1 dbname=none user=none")
    assert done.returncode == 3 and done.stderr.strip()


def test_login_without_rights_over_roles_owns_its_own_database(tenant):
    name = tenant.database
    tenant.psql(f"create role {name}_dba login password 'x'; alter database {name} owner to {name}_dba", database="postgres")
    conninfo = f"host=127.0.0.1 port={tenant.ports['postgres']} dbname={name} user={name}_dba password=x"
    done = migrate(tenant, conninfo=conninfo)
    assert done.returncode == 0, done.stderr
    assert applied(tenant) == numbers()


# ---- the stage

def letters(pipeline):
    return pipeline.read("quotes.clean.dlq")


def test_poll_that_comes_twice_is_one_row_which_names_the_newest_record(pipeline):
    pipeline.start(stages=("persist",))
    quotes = [clean_quote(i) for i in range(500)]
    produce(pipeline, quotes[:300] + [quotes[17]] + quotes[300:])
    wait_stored(pipeline)
    assert pipeline.count("quote") == 500
    assert not letters(pipeline)
    newest = max(record.offset for record in pipeline.read("quotes.clean") if record.value.endswith(bus.encode(0, bus.schema("clean_quote"), quotes[17])[5:]))
    assert pipeline.sql("select clean_offset from quotebus.quote where raw_offset = 17") == [[str(newest)]]


@pytest.mark.parametrize("mode", ["auto", "append", "upsert"])
def test_newest_knowledge_of_a_poll_wins_in_every_mode(pipeline, mode):
    pipeline.start(stages=("persist",), env={"persist": {"QUOTEBUS_PERSIST_MODE": mode, "QUOTEBUS_PERSIST_BATCH_MAX_ROWS": "50"}})
    first = [clean_quote(i) for i in range(300)]
    second = [clean_quote(i, price=1.25, verdict="SUSPECT", flags=["jump"]) for i in range(100, 200)]
    produce(pipeline, first)
    produce(pipeline, second + [clean_quote(150, price=2.5)])
    wait_stored(pipeline)
    assert not letters(pipeline)
    prices = dict(pipeline.sql("select raw_offset, price from quotebus.quote"))
    expected = {str(i): 1.25 if 100 <= i < 200 else first[i]["price"] for i in range(300)} | {"150": 2.5}
    assert {number: float(price) for number, price in prices.items()} == expected


def test_many_rows_that_exist_already_cost_no_more_than_new_ones(pipeline):
    pipeline.start(stages=("persist",))
    quotes = [clean_quote(i) for i in range(20000)]
    produce(pipeline, quotes)
    wait_stored(pipeline)
    began = time.monotonic()
    produce(pipeline, quotes)
    wait_stored(pipeline)
    print(f"20,000 rows that exist: {time.monotonic() - began:.1f} s")
    assert pipeline.count("quote") == 20000 and not letters(pipeline)
    assert pipeline.process("persist").log_tail(100).count("rows exist already") <= 3


def test_row_that_only_postgresql_can_refuse_is_found_by_bisecting(pipeline):
    pipeline.start(stages=("persist",))
    parsed, number = bus.schema("anomaly"), pipeline.schema_id("quotes.anomalies")
    evidence = [{"source": "nul\x00inside", "price": 1.0, "observed_at": FETCHED_AT_US, "weight": 1.0}]
    rows = [{**clean_quote(i), "rule": "jump", "unit": "bps", "message": "m", "evidence": evidence if i in (3, 77) else []}
            for i in range(100)]
    pipeline.produce("quotes.anomalies", [(b"crypto:BTC", bus.encode(number, parsed, row)) for row in rows])
    wait_for(lambda: pipeline.count("anomaly") == 98 and len(pipeline.read("quotes.anomalies.dlq")) == 2, 30,
             "98 rows and 2 dead letters")
    assert {letter.headers["qb.cause"] for letter in pipeline.read("quotes.anomalies.dlq")} == {b"refused_row"}
    metrics = pipeline.http("persist", "/metrics")
    assert 'quotebus_persist_rows_total{table="anomaly"} 98' in metrics
    assert 'quotebus_persist_dead_letters_total{topic="quotes.anomalies",cause="refused_row"} 2' in metrics


def test_records_of_many_days_get_their_partitions(pipeline):
    produce(pipeline, [clean_quote(i, fetched_at=FETCHED_AT_US + i * DAY_US) for i in range(150)])
    pipeline.start(stages=("persist",))
    pipeline.wait_rows(150)
    days = pipeline.sql("select count(distinct tableoid) from quotebus.quote")
    assert days == [["150"]]
    assert re.search(r"quotebus_persist_latency_seconds_count 150\b", pipeline.http("persist", "/metrics"))


def test_not_ready_without_the_schema_and_ready_once_it_is_there(pipeline):
    pipeline.stack.psql("drop schema quotebus cascade")
    pipeline.stack.start_stage("persist")
    time.sleep(2)
    assert not pipeline.stack.ready("persist")
    assert "quotebus-persist --migrate" in pipeline.process("persist").log_tail()
    pipeline.stack.create_database()
    pipeline.stack.wait_ready(("persist",))


def test_server_process_of_a_sleeping_owner_is_ended_at_the_takeover(pipeline):
    """A stopped instance keeps its row locks: whoever takes its partitions over ends its server process."""
    topic = pipeline.topic("quotes.clean")
    pipeline.sql(f"insert into quotebus.stream_offset values ('{topic}', 0, 0)")
    with psycopg.connect(pipeline.stack.conninfo_for("quotebus")) as sleeper:
        sleeper.execute("select pg_advisory_lock(hashtextextended('quotebus.stream.' || %s, 0))", [topic])
        sleeper.execute("update quotebus.stream_offset set next_offset = 7 where topic = %s and partition = 0", [topic])
        pipeline.start(stages=("persist",))
        produce(pipeline, [clean_quote(i, asset=f"crypto:X{i}") for i in range(100)])
        pipeline.wait_rows(100, timeout_s=20)
        with pytest.raises(psycopg.OperationalError):
            sleeper.execute("select 1")


def test_stopped_instance_does_not_hold_up_its_successor(pipeline):
    env = {"QUOTEBUS_PERSIST_SESSION_TIMEOUT_MS": "3000"}
    pipeline.start(stages=("persist",), env={"persist": {**env, "QUOTEBUS_PERSIST_BATCH_MAX_ROWS": "5"}})
    first = pipeline.process("persist")
    produce(pipeline, [clean_quote(i, asset=f"crypto:X{i}") for i in range(4000)])
    pipeline.wait_rows(200)
    first.send(signal.SIGSTOP)
    try:
        pipeline.stack.start_stage("persist", name="persist-second", env={
            **env, "QUOTEBUS_PERSIST_INSTANCE": "second", "QUOTEBUS_PERSIST_LISTEN": "127.0.0.1:0"})
        pipeline.wait_rows(4000, timeout_s=30)
    finally:
        first.send(signal.SIGCONT)
    wait_for(lambda: pipeline.stack.ready("persist"), 30, "the first one joins again")
    assert pipeline.count("quote") == 4000
    assert not letters(pipeline)
