"""Fits that take a series each: one after the other, or shared between processes where there are many."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

MANY = 64
"""Series from which starting processes costs less than it saves."""

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def answer_each(function: Callable[[Job], Answer], jobs: Sequence[Job], *, title: str) -> list[Answer]:
    """Answer every job, in order; the answers do not depend on how many processes there are.

    Where processes share the work, a terminal shows under the title how far it has come. They are forked, so they start at once and
    need nothing of the program that calls; a program with threads of its own is not forked, since a thread's locks would stay locked
    for ever.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if len(jobs) < MANY or processors == 1 or not forks:
        return [function(job) for job in jobs]
    with ProcessPoolExecutor(processors, mp_context=multiprocessing.get_context("fork")) as pool:
        answers = pool.map(function, jobs, chunksize=max(len(jobs) // (8 * processors), 1))
        return list(_shown(answers, len(jobs), title))


def _shown(answers: Iterable[Answer], total: int, title: str) -> Iterable[Answer]:
    from rich.console import Console  # noqa: PLC0415 - few series need no bar
    from rich.progress import track  # noqa: PLC0415

    terminal = Console(stderr=True)
    return track(answers, title, total=total, console=terminal, transient=True, disable=not terminal.is_terminal)
