"""The documentation names all there is, and the commands that it shows are commands."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from detectors import DETECTORS
from flows.cli import app
from flows.detect import RECIPES, load_triggers
from pillarfour.settings import Settings
from sources import SOURCES

PAGES = ("README.md", "CONTRIBUTING.md", "data/README.md", "docs/*.md", "docs/decisions/*.md")
ROOT = get_command(app)

SHOWN = re.compile(r"^(?:\.venv/bin/)?(pillarfour +[a-z-].*)$")
FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def pages(checkout: Path) -> dict[str, str]:
    """Read every page."""
    found = {str(path.relative_to(checkout)): path.read_text(encoding="utf-8") for page in PAGES for path in sorted(checkout.glob(page))}
    assert {"README.md", "CONTRIBUTING.md", "docs/operations.md"} <= set(found)
    return found


def shown(text: str) -> Iterator[str]:
    """Give the command lines that a page shows, in blocks and in sentences."""
    inside = [line.strip() for block in FENCE.findall(text) for line in block.splitlines()]
    for line in (*inside, *INLINE.findall(FENCE.sub("", text))):
        command = SHOWN.match(line)
        if command:
            yield command[1]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Name every command, those of groups by two words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def parse(line: str) -> None:
    """Have typer read a command line, as far as to the point where the command would run."""
    words = shlex.split(line.replace("DATE", "2021-08-15").replace("NUMBER", "1"), comments=True)[1:]
    if tuple(words) in commands(ROOT):
        return  # named, without what it needs
    command, context = ROOT, None
    try:
        while hasattr(command, "commands"):
            context = command.make_context(command.name, words, parent=context)
            _, command, words = command.resolve_command(context, [*context._protected_args, *context.args])
        command.make_context(command.name, words, parent=context)
    except typer.Exit:
        assert "--help" in line  # which answers, and ends


LINES = [
    pytest.param(line, id=f"{page}: {line}")
    for page, text in pages(Path(__file__).parents[1]).items()
    for line in dict.fromkeys(shown(text))
    if "COMMAND" not in line
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_that_is_shown_is_understood(line):
    """Typer knows every command, option and value in it; nothing is run."""
    parse(line)


def test_enough_lines_are_shown():
    """The lines were found: those of the README, and every command by an example or by name."""
    assert len(LINES) > 15
    assert {"nightly", "observations", "ingest", "backfill"} <= {param.values[0].split()[1] for param in LINES}


@pytest.mark.parametrize(
    "wrong",
    ["pillarfour nightli", "pillarfour nightly --known 2021-08-15", "pillarfour nightly --known-on soon", "pillarfour releases lst"],
)
def test_a_wrong_line_would_be_found(wrong):
    """The parser that is trusted above refuses what the command line refuses."""
    with pytest.raises(Exception, match=r"(?i)no such|invalid|not match"):
        parse(wrong)


def test_every_command_is_documented(checkout):
    """``pillarfour …`` with its name stands on a page."""
    text = "\n".join(pages(checkout).values())
    names = [" ".join(path) for path in commands(ROOT)]

    assert len(names) > 8
    assert [name for name in names if f"pillarfour {name}" not in text] == []


def test_every_source_detector_and_trigger_is_documented(checkout):
    """A source has its section, a detector its name as code, a trigger its place in docs/triggers.md."""
    text = pages(checkout)
    triggers = load_triggers(Settings()).triggers

    assert min(len(SOURCES), len(DETECTORS), len(triggers)) >= 1
    assert [name for name in RECIPES if f"## {name}" not in text["docs/sources.md"]] == []
    assert [
        name for name in DETECTORS if f"`{name}`" not in "\n".join(text.values()) and f"**{name}**" not in text["docs/triggers.md"]
    ] == []
    assert [trigger.id for trigger in triggers if f"`{trigger.id}`" not in text["docs/triggers.md"]] == []


def test_the_python_of_the_readme_runs(checkout, monkeypatch, capsys):
    """As it stands, in the checkout; what it prints is a summary and the alarms."""
    monkeypatch.chdir(checkout)
    examples = re.findall(r"```python\n(.*?)```", (checkout / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own document

    assert examples
    assert "Stated false alarms:" in capsys.readouterr().out


def test_every_setting_is_documented(checkout):
    """Each variable of the environment stands in docs/operations.md, and each that stands there is one."""
    operations = (checkout / "docs" / "operations.md").read_text(encoding="utf-8")
    settings = {f"PILLARFOUR_{name.upper()}" for name in Settings.model_fields} | {"PILLARFOUR_NOW"}

    assert set(re.findall(r"PILLARFOUR_[A-Z_]+[A-Z]", operations)) == settings


def test_every_exit_code_is_documented(checkout):
    """The table of docs/operations.md has those of the code, and no other."""
    from flows.commands import options  # noqa: PLC0415 - only this test needs it

    operations = (checkout / "docs" / "operations.md").read_text(encoding="utf-8")
    table = operations.partition("## Exit codes")[2].partition("\n## ")[0]

    assert set(map(int, re.findall(r"^\| (\d) \|", table, re.MULTILINE))) == {options.DONE, options.FAILED, options.USAGE, options.HELD}


def test_every_link_leads_somewhere(checkout):
    """A link to a file of the project names one that is there."""
    links = [
        (page, link)
        for page, text in pages(checkout).items()
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", FENCE.sub("", text))
        if "://" not in link
    ]

    assert links
    assert [(page, link) for page, link in links if not ((checkout / page).parent / link).exists()] == []
