"""An alert recomputed from the raw documents."""

import json
import re
from pathlib import Path

import pytest

ALERT = "haitian-corridor:darien/haitian"


def test_an_alert_is_equal_to_what_its_documents_say(pillarfour, told):
    """Parsed, scored, asked and decided again, in a store of its own that is gone afterwards."""
    done = pillarfour("alerts", "derive", ALERT, "--json", **told)

    assert done.code == 0
    assert (done.json["alert"], done.json["equal"], done.json["differences"]) == (ALERT, True, [])
    assert done.json["documents"] > 10


def test_a_changed_rule_is_named(pillarfour, told, checkout, tmp_path):
    """The content hash differs, and what else that comes to."""
    triggers = tmp_path / "triggers.yaml"
    text = (checkout / "triggers.yaml").read_text(encoding="utf-8")
    triggers.write_text(re.sub(r"at_least: (2000|5000|10000), unit: counts", "at_least: 90000, unit: counts", text), encoding="utf-8")
    done = pillarfour("alerts", "derive", ALERT, PILLARFOUR_TRIGGERS=triggers, **told)

    assert done.code == 1
    assert "differs in" in done.output
    assert "the rule's sha256: recorded" in done.output
    assert "the change: recorded quiet → active" in done.output


def test_what_was_decided_only_afterwards_is_named_where_it_matters(pillarfour, told, checkout, tmp_path):
    """The ledger was right about what it knew: an analyst accepted a release the day after."""
    event = pillarfour("alerts", "show", ALERT, "--json", **told).json[-1]
    release, document = event["releases"][-1], event["documents"][-1]
    decision = {"release": release, "document_sha256": document, "choice": "accepted", "reason": "right", "by": "R. Díaz"}
    with (Path(told["PILLARFOUR_STORE"]) / "decisions.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({**decision, "at": "2021-08-16T09:00:00+00:00"}) + "\n")
    triggers = tmp_path / "triggers.yaml"
    triggers.write_text((checkout / "triggers.yaml").read_text(encoding="utf-8").replace("2000, unit", "2001, unit"), encoding="utf-8")
    equal = pillarfour("alerts", "derive", ALERT, "--json", **told)
    differs = pillarfour("alerts", "derive", ALERT, PILLARFOUR_TRIGGERS=triggers, **told)

    assert (equal.code, equal.json["later"]) == (0, [release])
    assert differs.output.splitlines()[-1] == f"  only after it was written down these were fetched or decided on: {release}"


def test_a_raw_document_that_is_gone_is_named(pillarfour, told):
    """Without the bytes there is nothing to recompute from."""
    event = pillarfour("alerts", "show", ALERT, "--json", **told).json[-1]
    (Path(told["PILLARFOUR_STORE"]) / "raw" / event["documents"][0]).unlink()
    done = pillarfour("alerts", "derive", event["id"], **told)

    assert done.code == 1
    assert f"{event['documents'][0]}: no document is kept under this SHA-256; ingest it again" in done.errors


@pytest.mark.parametrize("event", ["99999", "0", "9" * 30, "²", "nobody:knows/it"])
def test_an_event_that_is_not_there_is_an_error(event, pillarfour, told):
    """With the command that names those there are, whatever was typed."""
    done = pillarfour("alerts", "derive", event, **told)

    assert done.code == 1
    assert f"{event}: the ledger has no such event" in done.errors


def test_an_event_of_another_night_is_not_taken_for_it(pillarfour, told):
    """A number and a night that do not belong together are refused, not half obeyed."""
    event = pillarfour("alerts", "show", ALERT, "--json", **told).json[-1]
    done = pillarfour("alerts", "derive", event["id"], "--known-on", "2021-08-14", **told)

    assert done.code == 1
    assert f"{event['id']}: the ledger has no such event on 2021-08-14" in done.errors


@pytest.mark.slow
@pytest.mark.usefixtures("whole_night")
def test_the_haitian_alert_of_august_2021_is_equal(pillarfour, whole):
    """From the whole bundle, as known on 15 August 2021."""
    assert pillarfour("nightly", "--known-on", "2021-08-15", **whole).code in {0, 3}
    done = pillarfour("alerts", "derive", ALERT, "--known-on", "2021-08-15", **whole)

    assert done.code == 0
    assert "equal; recomputed from" in done.output
