"""A process that has loaded everything, and forks ``pillarfour`` for whoever connects: one order in, one answer out.

Loading takes longer than a small night itself. A fork is a process of its own all the same: it can be killed, and has its own exit code.

An order is one line of JSON: ``arguments``; ``environment``; ``patch``, Python to run before the command; and ``steps`` with the folders
to watch, by name, and perhaps at which step to die. A step is a file of such a folder opened for writing, made, renamed or removed, or a
statement sent to the ledger.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}
LEDGER = "ledger"


def load() -> None:
    """Import all that a night needs, so that no fork has to."""
    import fpdf  # noqa: F401, PLC0415 - imported to be there
    import matplotlib.pyplot as plt  # noqa: F401, PLC0415
    import pyarrow.compute  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415
    import pyarrow.parquet  # noqa: F401, PLC0415
    import pypdfium2  # noqa: F401, PLC0415
    import python_calamine  # noqa: F401, PLC0415
    import sqlalchemy.dialects.sqlite  # noqa: F401, PLC0415
    import statsmodels.tsa.api  # noqa: F401, PLC0415
    import xlwt  # noqa: F401, PLC0415

    import flows.backfill  # noqa: PLC0415
    import flows.cli  # noqa: F401, PLC0415

    detect()


def detect() -> None:
    """Ask every detector once, for what it computes once a process."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    from detectors import METHODS  # noqa: PLC0415
    from flows.detect import load_triggers  # noqa: PLC0415
    from pillarfour.detection import Panel  # noqa: PLC0415
    from pillarfour.settings import Settings  # noqa: PLC0415
    from pillarfour.triggers import reading  # noqa: PLC0415

    months = pd.period_range("2018-01", periods=60, freq="M")
    panel = Panel(values=np.arange(100.0, 160.0)[None], series=("any",), periods=months, unit="events")
    for detector in reading.instances(load_triggers(Settings()), detectors=METHODS).values():
        detector.detect(panel)


class Steps:
    """Write down each step, and die at the one that is asked for."""

    def __init__(self, watched: dict[str, str], log: str, *, die: dict[str, float | str] | None) -> None:
        self.watched = {name: os.path.realpath(folder) for name, folder in watched.items()}
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.die = die
        self.taken: Counter[str] = Counter()

    def start(self) -> None:
        """Listen to the interpreter and to the database."""
        import sqlalchemy  # noqa: PLC0415 - loaded already

        sys.addaudithook(self.hear)
        for event in ("before_cursor_execute", "commit"):
            sqlalchemy.event.listen(sqlalchemy.Engine, event, lambda *_: self.take(LEDGER))

    def hear(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take a step where a watched file is about to change."""
        writes = event == "open" and (set("wax+") & set(str(arguments[1] or "")) or int(str(arguments[2] or 0)) & WRITES)
        if writes or event in CHANGES:
            path = os.path.realpath(arguments[0]) if isinstance(arguments[0], str) and not arguments[0].endswith(".lock") else ""
            for name, folder in self.watched.items():
                if path.startswith(folder + os.sep):
                    self.take(name)
                    break

    def take(self, name: str) -> None:
        """Note a step; at the last one, end as a power cut would, at once or a little later."""
        self.taken[name] += 1
        os.write(self.log, f"{name}\n".encode())
        if self.die and self.die["at"] == name and self.die["count"] == self.taken[name]:
            if not self.die["later"]:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(float(self.die["later"]), os.kill, (os.getpid(), signal.SIGKILL)).start()


def run(order: dict, folder: Path) -> None:
    """Be ``pillarfour``."""
    from flows.cli import main  # noqa: PLC0415 - loaded already

    for descriptor, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.update(order["environment"])
    os.chdir(folder)
    sys.argv = ["pillarfour", *order["arguments"]]
    exec(order["patch"], {"sys": sys})  # noqa: S102 - the tests' own lines
    if order["steps"]:
        Steps(order["steps"]["watched"], str(folder / "steps"), die=order["steps"]["die"]).start()
    main()
    sys.exit(0)


def attend(connection: socket.socket) -> None:
    """Take one order and answer it; returns in the fork that is to be the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    order, folder = json.loads(connection.makefile().readline()), Path(tempfile.mkdtemp())
    child = os.fork()
    if child == 0:
        connection.close()
        run(order, folder)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = {each: (folder / each).read_text() if (folder / each).exists() else "" for each in ("output", "errors", "steps")}
    answer = {"code": code, **said}
    shutil.rmtree(folder)
    connection.sendall(json.dumps(answer).encode() + b"\n")
    os._exit(0)


def serve(address: str) -> None:
    """Fork for each connection, for as long as whoever started this process lives."""
    load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)  # noqa: T201 - tells the tests that they may connect
        while server in select.select([server, sys.stdin], [], [])[0]:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                attend(connection)
            connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
