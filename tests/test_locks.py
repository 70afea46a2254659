"""The locks pin each package once, by hash, and hold what pyproject.toml asks for."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock")


def pins(lock: Path) -> list[tuple[str, str]]:
    return re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_each_package_once(checkout: Path, lock: str):
    """A package pinned twice would depend on which line the installer reads."""
    counts = Counter(name for name, _ in pins(checkout / lock))

    assert counts
    assert {name for name, count in counts.items() if count > 1} == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_its_hash(checkout: Path, lock: str):
    """What is installed is what was locked."""
    text = (checkout / lock).read_text()

    assert all(
        re.search(rf"^{re.escape(name)}=={re.escape(version)} \\\n    --hash=sha256:", text, re.MULTILINE)
        for name, version in pins(checkout / lock)
    )


def test_the_locks_agree_and_name_no_index(checkout: Path):
    """The tests run on the versions that the nights run on."""
    runtime, development = (dict(pins(checkout / lock)) for lock in LOCKS)

    assert runtime.items() <= development.items()
    assert "://" not in "".join((checkout / lock).read_text() for lock in LOCKS)


def test_what_pyproject_asks_for_is_locked(checkout: Path):
    """A dependency added without a new lock is found here."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    asked = {re.split(r"[<>=!~\[ ]", line, maxsplit=1)[0].lower().replace(".", "-") for line in project["dependencies"]}

    assert asked <= {name.lower() for name, _ in pins(checkout / "requirements.lock")}
