"""Processes that end with the one that started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pillarfour.processes import pool

PATIENCE_SECONDS = 30

PROGRAM = """
import time
from pillarfour.processes import pool

if __name__ == "__main__":
    with pool(2) as started:
        for _ in range(2):
            started.submit(time.sleep, 1)
        print(*started._processes, flush=True)
        input()
"""


def told(name):
    os.environ["PILLARFOUR_TOLD"] = name


def test_each_process_calls_first_what_it_is_given():
    """And then does its work."""
    with pool(1, initializer=told, initargs=("before",)) as started:
        assert started.submit(os.getenv, "PILLARFOUR_TOLD").result() == "before"


def alive(pid: int) -> bool:
    """Whether a process runs: one that has ended may still be listed until somebody asks for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc, which Linux has")
def test_processes_of_a_killed_one_leave(checkout, tmp_path):
    """Nobody is left to tell them that there is no more to do."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, program], **pipes, text=True, env=environment) as running:  # noqa: S603 - our own program
        started = [int(pid) for pid in running.stdout.readline().split()]
        assert len(started) == 2
        assert all(map(alive, started))
        running.send_signal(signal.SIGKILL)

    until = time.monotonic() + PATIENCE_SECONDS
    while any(map(alive, started)) and time.monotonic() < until:
        time.sleep(0.1)
    assert [pid for pid in started if alive(pid)] == []
