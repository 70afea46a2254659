"""The examples that the README and the pages of docs/ mark with ``<!-- runs -->`` do run."""

import re
import shlex
from pathlib import Path

import pytest

MARKED = re.compile(r"<!-- runs -->\n+```[a-z]*\n(.*?)```", re.DOTALL)
CHECKOUT = Path(__file__).parents[2]
EXAMPLES = [
    pytest.param(shlex.split(line, comments=True), id=f"{page.name}: {line}")
    for page in (CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")))
    for block in MARKED.findall(page.read_text(encoding="utf-8"))
    for line in block.splitlines()
    if line.strip()
]


def test_examples_are_marked():
    """At least the night and the figures of the README."""
    words = [param.values[0] for param in EXAMPLES]

    assert {"nightly", "observations"} <= {command[1] for command in words}
    assert {Path(command[0]).name for command in words} == {"pillarfour"}


@pytest.mark.slow
@pytest.mark.parametrize("command", EXAMPLES)
@pytest.mark.usefixtures("whole_night")
def test_an_example_runs(pillarfour, whole, command):
    """On the store of the whole bundle it is done, and says something."""
    arguments = [str(CHECKOUT / word) if (CHECKOUT / word).is_file() else word for word in command[1:]]
    done = pillarfour(*arguments, **whole)

    assert done.code == 0, done.errors
    assert len(done.output.splitlines()) > 1
