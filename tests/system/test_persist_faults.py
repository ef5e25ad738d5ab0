"""What PostgreSQL may refuse: persist says so, loses nothing, and goes on once it is mended."""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from feeding import check_each_once, feed
from pipeline import wait_for


class Login:
    """A login of the test's own for persist, so that what is done to it harms nobody else."""

    def __init__(self, pipeline):
        self.pipeline, self.name = pipeline, f"{pipeline.stack.database}_w"
        self.alter(f"create role {self.name} login password 'right'; grant quotebus_writer to {self.name}")
        self.env = {"QUOTEBUS_POSTGRES_CONNINFO": f"host=127.0.0.1 port={pipeline.stack.ports['postgres']} "
                                                  f"dbname={pipeline.stack.database} user={self.name} password=right"}

    def alter(self, sql):
        self.pipeline.stack.psql(sql)

    def throw_out(self):
        """Ends its connections: the next ones meet what was altered."""
        self.alter(f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = '{self.name}'")


@pytest.fixture
def login(pipeline):
    made = Login(pipeline)
    yield made
    pipeline.stack.stop_process("persist")
    made.alter(f"drop owned by {made.name}; drop role {made.name}")


def reason(pipeline):
    """What /readyz says, or nothing while persist is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{pipeline.stack.ports['persist']}/readyz", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError:
        return ""


def check_fault(pipeline, words, broken, mended):
    """persist stores, meets the fault, says it in `words`, and stores all the rest afterwards."""
    feed(pipeline, 3000)
    pipeline.wait_rows(3000)
    pid = pipeline.process("persist").pid
    broken()
    feed(pipeline, 3000)
    wait_for(lambda: words in reason(pipeline), 20, f"/readyz says '{words}'")
    assert words in pipeline.process("persist").log_tail(40), "the log does not say it"
    assert urllib.request.urlopen(f"http://127.0.0.1:{pipeline.stack.ports['persist']}/healthz", timeout=5).status == 200
    time.sleep(1)
    mended()
    pipeline.wait_rows(6000, timeout_s=40)
    pipeline.stack.wait_ready(("persist",))
    assert pipeline.process("persist").pid == pid, "persist ended instead of waiting"
    assert check_each_once(pipeline) == 6000
    assert not pipeline.read("quotes.clean.dlq"), "a fault of the server made dead letters"


@pytest.mark.parametrize("words, broken, mended", [
    ("password authentication failed", "alter role {role} password 'other'", "alter role {role} password 'right'"),
    ("too many connections", "alter role {role} connection limit 0", "alter role {role} connection limit -1"),
    ("read-only transaction", "alter role {role} set default_transaction_read_only = on", "alter role {role} reset default_transaction_read_only"),
    ("not permitted to log in", "alter role {role} nologin", "alter role {role} login"),
], ids=["wrong-password", "too-many-connections", "read-only", "no-login"])
def test_connection_that_is_refused_or_of_no_use(pipeline, login, words, broken, mended):
    def break_it():
        login.alter(broken.format(role=login.name))
        login.throw_out()

    def mend_it():
        login.alter(mended.format(role=login.name))
        login.throw_out()

    pipeline.start(stages=("persist",), env={"persist": login.env})
    check_fault(pipeline, words, break_it, mend_it)


def test_missing_privilege(pipeline):
    pipeline.start(stages=("persist",))
    check_fault(pipeline, "permission denied for table quote",
                lambda: pipeline.sql("revoke insert on quotebus.quote from quotebus_writer"),
                lambda: pipeline.sql("grant insert on quotebus.quote to quotebus_writer"))


ROOM_KB = 1500


@pytest.fixture
def small_disk(pipeline):
    """All tables on a disk of their own with ROOM_KB left; yields a function that sets its size."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    stack, folder = pipeline.stack, pipeline.stack.state / f"disk-{pipeline.stack.database}"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    shutil.chown(folder, stack.postgres_user())
    space, database = f"{stack.database}_space", stack.database

    def resize(size):
        subprocess.run(["mount", "-o", f"remount,size={size}", folder], check=True)

    try:
        stack.psql(f"create tablespace {space} location '{folder}'")
        stack.psql(f"grant create on tablespace {space} to public; alter database {database} set default_tablespace = {space}; "
                   f"alter table all in tablespace pg_default owned by quotebus_owner set tablespace {space}; "
                   f"alter index all in tablespace pg_default owned by quotebus_owner set tablespace {space}")
        resize(f"{shutil.disk_usage(folder).used // 1024 + ROOM_KB}k")
        yield resize
    finally:
        pipeline.stop()
        stack.psql(f"drop database if exists {database} with (force)", database="postgres")
        stack.psql(f"drop tablespace if exists {space}", database="postgres")
        subprocess.run(["umount", folder], check=False)


def test_full_disk(pipeline, small_disk):
    pipeline.start(stages=("persist",))
    check_fault(pipeline, "Check free disk space", lambda: None, lambda: small_disk("64m"))
