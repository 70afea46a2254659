"""Tests of fits that take a series each."""

import os
import pty
import subprocess
import sys

import pytest

from detectors.parallel import MANY, answer_each

ASK = f"from detectors.parallel import answer_each; answer_each(abs, range({2 * MANY}), title='Fitting')"


def test_many_jobs_are_answered_in_order_by_several_processes_or_by_one():
    """The answers are the same, whoever gives them."""
    assert answer_each(abs, [*range(-2 * MANY, 0)], title="x") == [*range(2 * MANY, 0, -1)]
    assert answer_each(abs, [-1], title="x") == [1]


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="one processor shares nothing: there is no bar to look at")
def test_a_terminal_shows_how_far_it_has_come(checkout):
    """Who waits for thousands of fits sees them go by, and what stands on standard output stays clean."""
    master, terminal = pty.openpty()
    done = subprocess.run(  # noqa: S603 - our own line
        [sys.executable, "-c", ASK], cwd=checkout, stdout=subprocess.PIPE, stderr=terminal, check=True, env={**os.environ, "TERM": "xterm"}
    )
    os.close(terminal)
    shown = os.read(master, 100_000).decode()

    assert "Fitting" in shown
    assert "100%" in shown
    assert done.stdout == b""


def test_a_log_gets_no_bar(checkout):
    """Where nobody looks on, nothing is drawn."""
    done = subprocess.run([sys.executable, "-c", ASK], cwd=checkout, capture_output=True, check=True)  # noqa: S603 - our own line

    assert done.stderr == b""
