"""Fits that take a series each: one after the other, or shared between processes where there are many."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

MANY = 64
"""Series from which starting processes costs less than it saves."""

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def answer_each(function: Callable[[Job], Answer], jobs: Sequence[Job]) -> list[Answer]:
    """Answer every job, in order; the answers do not depend on how many processes there are.

    Processes are forked, so they start at once and need nothing of the program that calls; a program with threads of its own is not
    forked, since a thread's locks would stay locked for ever.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    forks = "fork" in multiprocessing.get_all_start_methods() and threading.active_count() == 1
    if len(jobs) < MANY or processors == 1 or not forks:
        return [function(job) for job in jobs]
    with ProcessPoolExecutor(processors, mp_context=multiprocessing.get_context("fork")) as pool:
        return list(pool.map(function, jobs, chunksize=max(len(jobs) // (8 * processors), 1)))
