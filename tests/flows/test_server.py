"""What the night leaves on Prefect's server, and how it is deployed there."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import requests

BIN = Path(sys.executable).parent


def ask(server: str, what: str, **body) -> list[dict]:
    answer = requests.post(f"{server}/{what}/filter", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_freshness_and_alerts_are_artifacts_of_the_run(pillarfour, server, small):
    """The run's page shows how far each source reaches, what stands, and what the night did."""
    assert pillarfour("nightly", "--known-on", "2021-07-13", **small).code == 0
    (night,) = (each for each in ask(server, "artifacts", artifacts={"key": {"any_": ["night"]}}) if "2021-07-13" in each["data"])
    artifacts = {
        each["key"]: each["data"]
        for each in ask(server, "artifacts", artifacts={"flow_run_id": {"any_": [night["flow_run_id"]]}})
        if each["key"]
    }

    assert set(artifacts) == {"freshness", "alerts", "night"}
    for source in ("panama_darien", "mexico_segob", "us_cbp"):
        assert source in artifacts["freshness"]
    assert "haitian-corridor:darien/haitian" in artifacts["alerts"]


@pytest.fixture(scope="module")
def prefect(environment, server, checkout):
    """Run Prefect's own command in the checkout, as an operator does."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - Prefect's command
            [BIN / "prefect", *arguments],
            env={**environment, "PREFECT_API_URL": server, **settings},
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def deployments(prefect, server) -> dict[str, dict]:
    """Deploy what ``prefect.yaml`` names, with the lines of docs/operations.md."""
    made = prefect("work-pool", "create", "pillarfour", "--type", "process")
    assert made.returncode == 0, made.stdout + made.stderr
    deployed = prefect("--no-prompt", "deploy", "--all")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    return {each["name"]: each for each in ask(server, "deployments")}


@pytest.mark.slow
def test_the_nightly_is_deployed_for_six_in_panama_one_at_a_time(deployments):
    """``prefect deploy --all`` makes every deployment; the night has its hour, reads the publishers, and none runs beside itself."""
    (schedule,) = deployments["nightly"]["schedules"]

    assert set(deployments) == {"nightly", "backfill", "weekly-report", "quarterly-report"}
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"], schedule["active"]) == ("0 6 * * *", "America/Panama", True)
    assert deployments["nightly"]["parameters"] == {"live": True}
    assert {name: each["global_concurrency_limit"]["limit"] for name, each in deployments.items()} == dict.fromkeys(deployments, 1)


@pytest.mark.slow
def test_reports_are_deployed_for_the_first_morning_after_their_period(deployments):
    """Each once for its kind: Monday, and the first day of a quarter, when the night has had half an hour."""
    found = {name: deployments[f"{name}-report"] for name in ("weekly", "quarterly")}

    assert {name: each["parameters"] for name, each in found.items()} == {name: {"kind": name} for name in found}
    assert {name: each["schedules"][0]["schedule"]["cron"] for name, each in found.items()} == {
        "weekly": "30 6 * * 1",
        "quarterly": "30 6 1 1,4,7,10 *",
    }
    assert {each["schedules"][0]["schedule"]["timezone"] for each in found.values()} == {"America/Panama"}


@pytest.mark.slow
def test_each_entrypoint_is_a_module_path_to_a_flow(deployments):
    """No file path: the installed packages are what runs."""
    from prefect import Flow  # noqa: PLC0415 - heavy

    for deployment in deployments.values():
        module, _, name = deployment["entrypoint"].rpartition(".")
        assert isinstance(getattr(import_module(module), name), Flow)


@pytest.mark.slow
def test_a_worker_runs_the_deployed_night(prefect, deployments, server, small, mail):
    """With a past date from Prefect's interface, by the worker of docs/operations.md: one message in the outbox."""
    off = requests.patch(f"{server}/deployments/{deployments['nightly']['id']}", json={"paused": True}, timeout=30)
    asked = prefect("deployment", "run", "nightly/nightly", "-p", 'known_on="2021-08-13"', "-p", "live=false")
    worked = prefect("worker", "start", "--pool", "pillarfour", "--run-once", **small)
    (run,) = (each for each in ask(server, "flow_runs") if each["parameters"].get("known_on") == "2021-08-13")

    assert off.ok
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert run["state"]["type"] == "COMPLETED", worked.stdout + worked.stderr
    (message,) = mail(Path(small["PILLARFOUR_STORE"]))
    assert message.name.startswith("2021-08-13.")


def test_a_server_started_in_the_checkout_sends_no_telemetry(server):
    """The project's own settings turn it off, without a variable that somebody may forget."""
    settings = requests.get(f"{server}/admin/settings", timeout=30).json()

    assert settings["server"]["analytics_enabled"] is False


def test_a_night_sends_no_telemetry(pillarfour, small):
    """Neither Prefect's client nor the temporary server would."""
    look = """
import flows.nightly, json
from prefect.analytics import is_telemetry_enabled
from prefect.settings import get_current_settings
print(json.dumps([is_telemetry_enabled(), get_current_settings().server.analytics_enabled]))
sys.exit(0)
"""
    assert pillarfour(patch=look, **small).json == [False, False]


GARBAGE = "reference_period,nationality,events\n2021-01,???,many\n"


def test_one_sources_broken_bundle_stops_no_other(pillarfour, small, contents, tmp_path):
    """Mexico's figures replaced by garbage: exit code 1 names the file, and the other sources' releases are what they would have been."""
    alone = tmp_path / "alone"
    pillarfour("nightly", **(small | {"PILLARFOUR_STORE": str(alone)}))
    (Path(small["PILLARFOUR_BUNDLE_FOLDER"]) / "mexico_segob.csv").write_text(GARBAGE)
    broken = pillarfour("nightly", "--json", **small)

    assert broken.code == 1
    (failure,) = broken.json["failures"]
    assert "mexico_segob" in failure
    kept, good = (
        {name: content for name, content in contents(store).items() if name.startswith("observations/") and "mexico" not in name}
        for store in (Path(small["PILLARFOUR_STORE"]), alone)
    )
    assert kept == good
    assert len(kept) > 30


def test_a_fault_in_one_parser_stops_no_other(pillarfour, small, mail):
    """A source whose own code breaks is named in the message and the exit code; the alert of another source goes out."""
    fault = "from sources import us_cbp\ndef parse(document): raise KeyError('a fault of ours')\nus_cbp.parse = parse\n"
    night = pillarfour("nightly", "--json", patch=fault, **small)

    assert night.code == 1
    (failure,) = night.json["failures"]
    assert failure.startswith("us_cbp: KeyError")
    assert "haitian-corridor:darien/haitian" in {row["alert"] for row in night.json["alerts"]}
    (message,) = mail(Path(small["PILLARFOUR_STORE"]))
    assert b"a fault of ours" in message.read_bytes()


def test_only_looking_at_publishers_is_tried_again(pillarfour, small):
    """Discover and fetch have retries; a document that cannot be read is read once a night."""
    look = """
import flows.nightly, flows.backfill, json
from prefect import Task
steps = {**vars(flows.nightly), **vars(flows.backfill)}
print(json.dumps({name: step.retries for name, step in steps.items() if isinstance(step, Task)}))
sys.exit(0)
"""
    retries = pillarfour(patch=look, **small).json

    assert len(retries) >= 5
    assert {name for name, times in retries.items() if times} == {"discover", "fetch"}
