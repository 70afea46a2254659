"""Whole nights from the command line: what they find, what they leave, and what they answer."""

import json
from datetime import date
from pathlib import Path

import pytest

from pillarfour.errors import ConfigurationError

HAITIAN = "haitian-corridor"


def alerts(pillarfour, settings, known_on: str) -> set[str]:
    """Name the triggers with an alert that stands on a night."""
    return {row["alert"].partition(":")[0] for row in pillarfour("alerts", "list", "--json", "--known-on", known_on, **settings).json}


@pytest.mark.slow
def test_the_haitian_corridor_is_active_in_august_2021_and_not_in_february(pillarfour, whole, whole_night):
    """Known on 15 August 2021 it stands, known on 15 February it does not, whichever night is run first."""
    nights = {day: pillarfour("nightly", "--known-on", day, "--json", **whole) for day in ("2021-08-15", "2021-02-15")}

    assert whole_night.code == 0
    assert {day: night.code for day, night in nights.items()} == dict.fromkeys(nights, 0)
    assert HAITIAN in {row["alert"].partition(":")[0] for row in nights["2021-08-15"].json["alerts"]}
    assert HAITIAN not in {row["alert"].partition(":")[0] for row in nights["2021-02-15"].json["alerts"]}
    assert HAITIAN in alerts(pillarfour, whole, "2021-08-15")
    assert HAITIAN not in alerts(pillarfour, whole, "2021-02-15")


@pytest.mark.slow
def test_the_installed_command_runs_a_night_with_a_temporary_server(fresh, pillarfour, small, contents, ledger, tmp_path):  # noqa: PLR0913, PLR0917 - two runs to compare
    """No Prefect server anywhere: the same store, ledger and message as against one, JSON alone on stdout, and exit code 0."""
    done = fresh("nightly", "--json", **small)
    other = small | {"PILLARFOUR_STORE": str(tmp_path / "other")}
    against_a_server = pillarfour("nightly", "--json", **other)

    assert (done.code, against_a_server.code) == (0, 0), done.errors
    assert done.json["changed"]
    stores = Path(small["PILLARFOUR_STORE"]), tmp_path / "other"
    assert contents(stores[0]) == contents(stores[1])
    assert ledger(stores[0]) == ledger(stores[1])


def test_a_second_run_of_a_night_changes_nothing_and_says_so(pillarfour, small, contents, ledger, mail):
    """Every file of the store, every row of the ledger and every message is as the first run left it."""
    store = Path(small["PILLARFOUR_STORE"])
    first = pillarfour("nightly", **small)
    before = contents(store), ledger(store)
    second = pillarfour("nightly", **small)

    assert (first.code, second.code) == (0, 0)
    assert len(mail(store)) == 1
    assert (contents(store), ledger(store)) == before
    assert "Something was added." in first.output
    assert "Nothing changed since the last run of this night." in second.output


@pytest.fixture
def short(small, tmp_path) -> Path:
    """Put a CBP file into the inbox whose name announces a month more than it has."""
    from sources.rebuilt import us_cbp  # noqa: PLC0415 - reads facts that only this needs

    written = tmp_path / "written"
    written.mkdir()
    us_cbp.write(Path(small["PILLARFOUR_BUNDLE_FOLDER"]) / "us_cbp.csv.gz", written)
    inbox = Path(small["PILLARFOUR_INBOX"]) / "us_cbp"
    inbox.mkdir(parents=True)
    return (written / "nationwide-encounters-fy20-fy21-dec-aor.csv").rename(inbox / "nationwide-encounters-fy20-fy21-jan-aor.csv")


def test_a_held_release_is_exit_code_3_until_an_analyst_decides(pillarfour, small, short):
    """It is named on the terminal, shown with its problem and remedy, and after a decision the night is done."""
    night = pillarfour("nightly", **(small | {"PILLARFOUR_BUNDLE": "false"}))
    (held,) = pillarfour("releases", "list", "--held", "--json", **small).json
    shown = pillarfour("releases", "show", held["id"], "--json", **small).json
    accepted = pillarfour("releases", "accept", held["id"], "--reason", "the name is wrong, the rows are right", **small)
    after = pillarfour("nightly", "--json", **(small | {"PILLARFOUR_BUNDLE": "false"}))

    assert night.code == 3
    assert held["id"] in night.output
    (problem,) = shown["problems"]
    assert short.name in problem["place"]
    assert problem["remedy"]
    assert (accepted.code, after.code) == (0, 0)
    assert after.json["held"] == []


def test_a_broken_document_is_exit_code_1_and_changes_no_good_figure(pillarfour, small, short, contents, mail, tmp_path):  # noqa: PLR0913, PLR0917 - two runs to compare
    """The file is named with what to do; good documents give the same releases; and a failure is told before a held release."""
    (short.parent / "broken.csv").write_text("<html>Request unsuccessful")
    short.unlink()
    broken = pillarfour("nightly", "--json", **small)
    alone = tmp_path / "alone"
    pillarfour("nightly", **(small | {"PILLARFOUR_STORE": str(alone), "PILLARFOUR_INBOX": str(tmp_path / "none")}))

    assert broken.code == 1
    (failure,) = broken.json["failures"]
    assert "broken.csv" in failure
    (message,) = mail(Path(small["PILLARFOUR_STORE"]))
    assert b"broken.csv" in message.read_bytes()
    kept = {
        name: content for name, content in contents(Path(small["PILLARFOUR_STORE"])).items() if not name.startswith(("outbox", "visits"))
    }
    good = {name: content for name, content in contents(alone).items() if not name.startswith(("outbox", "visits"))}
    assert {name: kept[name] for name in good} == good
    assert [name for name in kept if name not in good] == [name for name in kept if kept[name] == b"<html>Request unsuccessful"]


def test_a_failure_goes_before_a_held_release(pillarfour, small, short):
    """Exit code 1 where both are there: what is held may wait, what failed may not."""
    (short.parent / "broken.csv").write_text("<html>Request unsuccessful")
    both = pillarfour("nightly", "--json", **(small | {"PILLARFOUR_BUNDLE": "false"}))

    assert len(both.json["held"]) == 1
    assert both.code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["nightly", "--known-on", "yesterday"],
        ["nightly", "--known-on", "2021-08-16"],
        ["nightly", "--no-such-option"],
        ["ingest"],
        ["ingest", "us_cpb", "file.csv"],
        ["ingest", "us_cbp", "no-such-file.csv"],
        ["backfill", "--from", "2021-01-01"],
        ["backfill", "--from", "2021-02-01", "--to", "2021-01-01"],
        ["backfill", "--from", "2021-08-01", "--to", "2021-08-16"],
        ["releases", "list", "--source", "us_cpb"],
        ["observations", "--source", "us_cbp", "--table", "country"],
        ["observations", "--source", "us_cbp", "--where", "nation=HTI"],
        ["observations", "--source", "us_cbp", "--format", "parquet"],
        ["observations", "--source", "us_cbp", "--by", "period,reference_period"],
        ["observations", "--source", "us_cbp", "--output", "no-such-folder/figures.csv"],
        ["observations", "--source", "us_cbp", "--format", "parquet", "--output", "no-such-folder/figures.parquet"],
        ["ingest", "us_cbp", "--published-on", "2023-11-17"],
        ["no-such-command"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_exit_code_2(pillarfour, small, arguments):
    """Nothing is done, stdout is empty, and stderr says what is wrong."""
    called = pillarfour(*arguments, **small)

    assert (called.code, called.output) == (2, "")
    assert called.errors
    assert not Path(small["PILLARFOUR_STORE"]).exists()


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["nightly"], {"PILLARFOUR_TRIGGERS": "/no/such/triggers.yaml"}),
        (["nightly"], {"PILLARFOUR_SMTP_PORT": "many"}),
        (["nightly"], {"PILLARFOUR_NOW": "yesterday"}),
        (["releases", "show", "us_cbp/2023-12-20-00000000"], {}),
        (["releases", "reject", "us_cbp/2023-12-20-00000000", "--reason", "none"], {}),
        (["alerts", "show", "haitian-corridor:darien/haitian"], {}),
        (["heartbeat"], {"PILLARFOUR_LEDGER_URL": "rubbish"}),
    ],
    ids=" ".join,
)
def test_an_error_of_the_project_is_exit_code_1_and_one_message(pillarfour, small, arguments, settings):
    """The last line of stderr begins with the program's name; stdout stays empty."""
    failed = pillarfour(*arguments, **(small | {"PILLARFOUR_BUNDLE": "false"} | settings))

    assert (failed.code, failed.output) == (1, "")
    assert failed.errors.splitlines()[-1].startswith("pillarfour: ")


def test_a_night_that_is_still_to_come_is_refused_by_the_flows_too(monkeypatch):
    """A schedule's parameter is no better than a typed one: what is written of tomorrow would stand in the ledger for good."""
    from flows.backfill import backfill  # noqa: PLC0415 - Prefect, which no other test of this module needs in its own process
    from flows.nightly import nightly  # noqa: PLC0415 - as above

    monkeypatch.setenv("PILLARFOUR_NOW", "2021-08-15T23:59:00+00:00")
    tomorrow = date(2021, 8, 16)
    for run in (lambda: nightly.fn(tomorrow), lambda: backfill.fn(date(2021, 8, 1), tomorrow)):
        with pytest.raises(ConfigurationError, match=r"the night of 2021-08-16 is still to come, today is 2021-08-15; name one that was"):
            run()


ASKED = {
    "nightly": ["nightly", "--json"],
    "ingest": ["ingest", "panama_darien", "--json"],
    "backfill": ["backfill", "--from", "2021-08-10", "--to", "2021-08-12", "--json"],
    "doctor": ["doctor", "--json"],
    "heartbeat": ["heartbeat", "--json"],
    "outbox list": ["outbox", "list", "--all", "--json"],
    "releases list": ["releases", "list", "--json"],
    "releases show": ["releases", "show", "{release}", "--json"],
    "alerts list": ["alerts", "list", "--json"],
    "alerts show": ["alerts", "show", "{alert}", "--json"],
    "alerts case": ["alerts", "case", "--json"],
    "alerts derive": ["alerts", "derive", "{alert}", "--json"],
    "outlook": ["outlook", "--json"],
    "report": ["report", "weekly", "--json"],
    "revisions": ["revisions", "--json"],
    "triggers list": ["triggers", "list", "--json"],
    "triggers explain": ["triggers", "explain", "haitian-corridor", "--known-on", "2021-08-15", "--json"],
}
"""An example of every command that answers in JSON."""


@pytest.fixture(scope="module")
def answering(pillarfour, small_figures, tmp_path_factory) -> dict[str, str]:
    """Give the settings of a store with a night in it."""
    folder = tmp_path_factory.mktemp("answering")
    settings = {
        "PILLARFOUR_BUNDLE_FOLDER": str(small_figures),
        "PILLARFOUR_INBOX": str(folder / "inbox"),
        "PILLARFOUR_STORE": str(folder / "store"),
        "PILLARFOUR_NOW": "2021-08-15T11:00:00+00:00",
    }
    pillarfour("nightly", **settings)
    return settings


def test_every_command_with_json_is_asked():
    """A command that learns ``--json`` must learn it here too."""
    from typer.main import get_command  # noqa: PLC0415 - only this test looks inside

    from flows.cli import app  # noqa: PLC0415

    def commands(group, path=()):
        for name, command in group.commands.items():
            yield from commands(command, (*path, name)) if hasattr(command, "commands") else [(" ".join((*path, name)), command)]

    found = {
        name for name, command in commands(get_command(app)) if any("--json" in option.opts and option.is_flag for option in command.params)
    }
    assert found == set(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_json_alone_is_on_stdout(pillarfour, answering, name):
    """What a machine reads is JSON from the first character to the last."""
    release = pillarfour("releases", "list", "--json", **answering).json[0]["id"] if "{release}" in ASKED[name] else ""
    alert = pillarfour("alerts", "list", "--json", **answering).json[0]["alert"] if "{alert}" in ASKED[name] else ""
    asked = pillarfour(*(each.format(release=release, alert=alert) for each in ASKED[name]), **answering)

    assert asked.code == (name == "heartbeat"), asked.errors  # one source of these months is overdue
    assert json.loads(asked.output) or name == "ingest"
    assert asked.output.strip()[0] in "[{"
