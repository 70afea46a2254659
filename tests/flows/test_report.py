"""The weekly and the quarterly report, on real figures, by the command and by the schedule."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

ALERT = "haitian-corridor:darien/haitian"
MONDAY = "2021-08-16T11:30:00+00:00"
ROUTES = """\
version: 1
readers:
  - {name: minister, way: smtp, address: minister@example.org, digest: false, stages: [], reports: [weekly]}
  - {name: ministra, way: smtp, address: ministra@example.org, language: es, digest: false, stages: [], reports: [weekly, quarterly]}
  - {name: officer, way: smtp, address: officer@example.org, stages: []}
"""
MAIL = "SELECT recipient, message_id, content FROM outbox JOIN outbox_contents ON sha256 = content_sha256 WHERE channel = 'smtp'"


def newest(found: dict, stage: str) -> tuple[str, float]:
    """Give a stage's newest month and its total."""
    (figures,) = (each for each in found["stages"] if each["stage"] == stage)
    return figures["periods"][-1], figures["lines"][0]["values"][-1]


@pytest.fixture(scope="module")
def quarter(pillarfour, whole, whole_night, tmp_path_factory):
    """Report the third quarter of 2021 from the whole bundle, to a folder."""
    assert whole_night.code in {0, 3}
    folder = tmp_path_factory.mktemp("quarter")
    done = pillarfour("report", "quarterly", "--known-on", "2021-09-30", "--output", folder, "--json", **whole)
    assert done.code == 0, done.errors
    return done.json, folder


def test_the_quarter_has_the_figures_that_were_known_at_its_end(quarter):
    """Darién's August, Mexico's July, the U.S. border's August: published by 30 September 2021, and nothing later."""
    found, _ = quarter

    assert (found["period"]["name"], found["known_on"]) == ("2021-Q3", "2021-09-30")
    assert newest(found, "darien") == ("2021-08", 25_332)
    assert newest(found, "mexico") == ("2021-07", 25_871)
    assert newest(found, "us_southwest") == ("2021-08", 209_840)
    assert [each["published"] for each in found["intake"]] == [3, 3, 3]
    assert "2023" not in str(found["stages"])


def test_an_alert_of_a_later_night_is_not_in_it(quarter, pillarfour, whole):
    """The ledger has the night of 2025; on 30 September 2021 nobody knew of it."""
    found, _ = quarter
    listed = pillarfour("alerts", "list", "--json", **whole).json

    assert any(each["since"] >= "2025" for each in listed)
    assert [each["key"] for each in found["alerts"] if each["began"] > "2021-09-30" or (each["reference_period"] or "") > "2021-08"] == []


def test_the_same_report_twice_is_the_same_bytes(pillarfour, whole, quarter, tmp_path):
    """Page and paper, from two processes."""
    found, folder = quarter
    again = pillarfour("report", "quarterly", "--known-on", "2021-09-30", "--output", tmp_path, "--json", **whole)
    files = {Path(path).name for path in found["files"]}

    assert files == {f"pillarfour-2021-Q3-known-2021-09-30-en.{kind}" for kind in ("html", "pdf")}
    assert {key: value for key, value in again.json.items() if key != "files"} == {k: v for k, v in found.items() if k != "files"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {name: (folder / name).read_bytes() for name in files}


def test_the_week_is_written_in_spanish(pillarfour, whole, whole_night, tmp_path):
    """The week to 15 August 2021, as a page: July in the Darién, and no month that had not been published."""
    assert whole_night.code in {0, 3}
    done = pillarfour("report", "weekly", "--known-on", "2021-08-15", "--language", "es", "--format", "html", "--output", tmp_path, **whole)
    (path,) = tmp_path.iterdir()
    page = path.read_text(encoding="utf-8")

    assert done.code == 0, done.errors
    assert path.name == "pillarfour-2021-W32-known-2021-08-15-es.html"
    assert "Darién: 18\u202f813 personas en julio de 2021" in page
    assert "Informe semanal, del 9 de agosto de 2021 al 15 de agosto de 2021" in page
    assert "agosto de 2021, personas" not in page


def test_outside_the_task_force_small_counts_are_hidden(pillarfour, whole, whole_night, tmp_path):
    """Eight Colombians in the Darién are fewer than ten; who knows more is named in the file's name."""
    assert whole_night.code in {0, 3}
    done = pillarfour("report", "quarterly", "--known-on", "2021-09-30", "--external", "--format", "html", "--output", tmp_path, **whole)
    (path,) = tmp_path.iterdir()

    assert done.code == 0, done.errors
    assert path.name.endswith("-en-external.html")
    assert '<th scope="row">Colombia</th><td>fewer than 10</td><td>not shown</td><td>not shown</td>' in path.read_text(encoding="utf-8")


def test_a_source_that_gives_nothing_is_a_gap(pillarfour, small, tmp_path):
    """With Mexico's figures withheld its column says so, and no total is made of the others."""
    (Path(small["PILLARFOUR_BUNDLE_FOLDER"]) / "mexico_segob.csv").unlink()
    nothing = pillarfour("report", "weekly", "--output", tmp_path / "nothing", "--json", **small)
    for source in ("panama_darien", "us_cbp"):
        assert pillarfour("ingest", source, **small).code == 0
    done = pillarfour("report", "weekly", "--output", tmp_path / "some", "--json", **small)
    page = next((tmp_path / "some").glob("*.html")).read_text(encoding="utf-8")

    assert nothing.code == done.code == 0, nothing.errors + done.errors
    assert [stage["periods"] for stage in nothing.json["stages"]] == [[], [], []]
    assert newest(done.json, "darien") == ("2021-07", 18_813)
    assert next(stage for stage in done.json["stages"] if stage["stage"] == "mexico")["periods"] == []
    assert '<th scope="row">July 2021</th><td>18,813\u00a0*</td><td>not published</td><td>not published</td>' in page
    assert "Mexico: nothing published yet." in page


def test_alerts_are_reported_with_their_outcome(pillarfour, told, tmp_path):
    """What the night began, who acknowledged it, and how long its figures took."""
    assert pillarfour("alerts", "ack", ALERT, "--reason", "call <b>held</b>", "--by", "R. Díaz", **told).code == 0
    done = pillarfour("report", "weekly", "--output", tmp_path / "out", "--json", **told)
    before = pillarfour("report", "weekly", "--known-on", "2021-08-08", "--output", tmp_path / "before", "--json", **told)
    page = next((tmp_path / "out").glob("*.html")).read_text(encoding="utf-8")
    (life,) = (each for each in done.json["alerts"] if "haitian" in each["key"]["subject"] and each["key"]["stage"] == "darien")
    (delay,) = (each for each in done.json["delays"] if each["source"] == "panama_darien")

    assert (life["began"], life["began_with"], life["value"], life["published_on"]) == ("2021-08-15", "2021-07", 15_488, "2021-08-12")
    assert (life["acknowledged"]["author"], life["ended"]) == ("R. Díaz", None)
    assert (delay["to_publication"], delay["to_alert"]) == ([12, 12], [3, 3])
    assert "Acknowledged by R. Díaz on 15 August 2021: call &lt;b&gt;held&lt;/b&gt;." in page
    assert before.json["alerts"] == []


def test_a_reader_who_asks_gets_each_report_once(pillarfour, small, tmp_path):
    """Two of three ask for the week, one for the quarter too; a run on the next day tells nobody again."""
    (tmp_path / "routes.yaml").write_text(ROUTES)
    asked = {"PILLARFOUR_ROUTES": str(tmp_path / "routes.yaml"), "PILLARFOUR_SMTP_HOST": "127.0.0.1", "PILLARFOUR_SMTP_PORT": "1"}
    monday = small | asked | {"PILLARFOUR_NOW": MONDAY}
    tuesday = monday | {"PILLARFOUR_NOW": MONDAY.replace("-16T", "-17T")}
    for source in ("panama_darien", "us_cbp"):
        pillarfour("ingest", source, **small)
    runs = [pillarfour("report", "weekly", "--send", **each) for each in (monday, tuesday)]
    quarterly = pillarfour("report", "quarterly", "--send", **monday)
    with closing(sqlite3.connect(Path(small["PILLARFOUR_STORE"]) / "ledger.sqlite")) as ledger:
        sent = ledger.execute(MAIL).fetchall()
    mails = {(to, str(mail["Subject"])): mail for to, _, content in sent if (mail := message_from_bytes(content, policy=default))}

    assert (runs[0].code, quarterly.code) == (1, 1)  # recorded, and waiting for a server that does not answer
    assert set(mails) == {
        ("minister@example.org", "Weekly report, 9 August 2021 to 15 August 2021 (pillarfour)"),
        ("ministra@example.org", "Informe semanal, del 9 de agosto de 2021 al 15 de agosto de 2021 (pillarfour)"),
        ("ministra@example.org", "Informe trimestral, del 1 de abril de 2021 al 30 de junio de 2021 (pillarfour)"),
    }
    assert len(sent) == 3
    for mail in mails.values():
        (paper,) = mail.iter_attachments()
        kept = Path(small["PILLARFOUR_STORE"]) / "outbox" / "reports" / paper.get_filename()
        assert paper.get_content() == kept.read_bytes()


def test_sending_leaves_no_choice(pillarfour, small):
    """A past report, a folder or an audience of one's own is for the command alone."""
    done = pillarfour("report", "weekly", "--send", "--known-on", "2021-08-15", **small)

    assert done.code == 2
    assert "--send is for the period that has just ended" in done.errors


def test_the_schedules_flow_writes_both_languages(fresh, environment, server, small, checkout):
    """What `prefect.yaml` deploys, run by Prefect: page and paper, and nobody told where nobody asks."""
    done = fresh("ingest", "panama_darien", **small)
    script = "from flows.reporting import send_report; print(send_report('weekly')['recorded'])"
    ran = subprocess.run(  # noqa: S603 - the project's own flow
        [sys.executable, "-c", script],
        env={**environment, **small, "PILLARFOUR_NOW": MONDAY, "PREFECT_API_URL": server},
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.code == 0, done.errors
    assert ran.stdout.strip().endswith("0"), ran.stderr
    assert sorted(path.name for path in (Path(small["PILLARFOUR_STORE"]) / "outbox" / "reports").iterdir()) == [
        f"pillarfour-2021-W32-known-2021-08-15-{language}.{kind}" for language in ("en", "es") for kind in ("html", "pdf")
    ]
