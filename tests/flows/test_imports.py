"""Commands that run no flow are quick, because they load nothing that they do not need."""

import subprocess
import sys

import pytest

HEAVY = {"prefect", "pandas", "statsmodels", "matplotlib", "scipy"}


@pytest.fixture
def loaded(environment, tmp_path, checkout):
    """Run a command in a new interpreter, and say which modules it loaded."""

    def run(*arguments: str) -> set[str]:
        look = (
            "import sys, atexit\n"
            "atexit.register(lambda: print('loaded', *{name.partition('.')[0] for name in sys.modules}, file=sys.stderr))\n"
            "from flows.cli import main\nmain()\n"
        )
        done = subprocess.run(  # noqa: S603 - the project's own command
            [sys.executable, "-c", look, *arguments],
            env={**environment, "PILLARFOUR_STORE": str(tmp_path / "store"), "PILLARFOUR_INBOX": str(tmp_path / "inbox")},
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (line,) = (line for line in done.stderr.splitlines() if line.startswith("loaded "))
        return set(line.split()[1:])

    return run


@pytest.mark.parametrize("arguments", [["--help"], ["nightly", "--help"], ["alerts", "list"], ["alerts", "list", "--json"]], ids=" ".join)
def test_a_quick_command_loads_nothing_heavy(loaded, arguments):
    """Neither Prefect nor anything of the numerical stack."""
    found = loaded(*arguments)

    assert "typer" in found
    assert found & HEAVY == set()


@pytest.mark.parametrize(
    "arguments", [["releases", "list"], ["observations", "--source", "us_cbp"], ["doctor"], ["triggers", "check"]], ids=" ".join
)
def test_a_command_that_runs_no_flow_never_loads_prefect(loaded, arguments):
    """What it needs of the house, but not the orchestrator, and no charts."""
    found = loaded(*arguments)

    assert "flows" in found
    assert found & {"prefect", "matplotlib"} == set()
