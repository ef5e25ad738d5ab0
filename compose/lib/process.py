"""Child processes that end with us, log to a file, and are started again when they die."""

import ctypes
import os
import pwd
import signal
import subprocess
import time

LOG_LIMIT_BYTES = 64 * 1024 * 1024
PR_SET_PDEATHSIG = 1


def _end_with_parent():
    """In the child: get SIGTERM when the supervisor is gone, however it went."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Failure(Exception):
    """A component cannot do its work; the message says what to do."""


class Process:
    """One component: how to start it, where it logs, how long it may take to stop."""

    def __init__(self, name, argv, log_dir, env=None, user=None, stop_signal=signal.SIGTERM, stop_s=10.0):
        self.name, self.argv, self.user = name, [str(a) for a in argv], user
        self.env = {**os.environ, **(env or {})}
        self.log_path = os.path.join(log_dir, f"{name}.log")
        self.stop_signal, self.stop_s = stop_signal, stop_s
        self.child = None
        self.deaths = []

    def start(self):
        with open(self.log_path, "ab") as log:
            identity = {}
            if self.user:
                entry = pwd.getpwnam(self.user)
                identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env,
                                          start_new_session=True, preexec_fn=_end_with_parent, cwd="/", **identity)

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child is not None and self.child.poll() is None

    def send(self, number):
        if self.running():
            self.child.send_signal(number)

    def begin_stop(self):
        self.send(self.stop_signal)

    def finish_stop(self, deadline):
        """Waits until the deadline, then kills. Returns the exit status."""
        if self.child is None:
            return 0
        try:
            return self.child.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()

    def stop(self):
        self.begin_stop()
        return self.finish_stop(time.monotonic() + self.stop_s)

    def kill(self):
        """kill -9, and wait for the end."""
        if self.running():
            self.child.kill()
            self.child.wait()

    def log_tail(self, lines=8):
        try:
            with open(self.log_path, "rb") as log:
                log.seek(max(0, os.path.getsize(self.log_path) - 8192))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def bound_log(self):
        if os.path.exists(self.log_path) and os.path.getsize(self.log_path) > LOG_LIMIT_BYTES:
            os.truncate(self.log_path, 0)

    def revive(self, most_deaths=5, window_s=60.0):
        """Starts it again if it died. Failure when it keeps dying."""
        if self.child is None or self.running():
            return False
        now = time.monotonic()
        self.deaths = [t for t in self.deaths if now - t < window_s] + [now]
        if len(self.deaths) > most_deaths:
            raise Failure(f"{self.name} died {len(self.deaths)} times within {window_s:.0f} s (last status "
                          f"{self.child.returncode}). Its log is {self.log_path}; it ends with:\n{self.log_tail()}")
        self.start()
        return True


def wait_until(check, process, timeout_s, what):
    """Waits until check() is true; Failure when the process dies or time is up."""
    deadline = time.monotonic() + timeout_s
    while not check():
        if not process.running():
            raise Failure(f"{process.name} ended with status {process.child.returncode} while starting. "
                          f"Its log is {process.log_path}; it ends with:\n{process.log_tail()}")
        if time.monotonic() > deadline:
            raise Failure(f"{what} within {timeout_s:.0f} s: look into {process.log_path}; it ends with:\n{process.log_tail()}")
        time.sleep(0.1)
