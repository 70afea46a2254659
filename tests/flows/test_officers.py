"""What officers say of alerts, by the command."""

import pytest

ALERT = "haitian-corridor:darien/haitian"


def test_an_alert_is_acknowledged_and_silenced(pillarfour, told):
    """The list says by whom and until when, and the alert's life keeps the words."""
    seen = pillarfour("alerts", "ack", ALERT, "--reason", "call held at 10:00", "--by", "R. Díaz", **told)
    silent = pillarfour("alerts", "silence", ALERT, "--reason", "known", "--until", "2021-09-30", "--by", "R. Díaz", **told)
    (row,) = [row for row in pillarfour("alerts", "list", "--json", **told).json if row["alert"] == ALERT]
    shown = pillarfour("alerts", "show", ALERT, **told).output

    assert (seen.code, silent.code) == (0, 0)
    assert (row["acknowledged"], row["silent_until"]) == ("R. Díaz", "2021-09-30")
    assert "2021-08-15  acknowledged by R. Díaz: call held at 10:00" in shown
    assert "2021-08-15  silenced by R. Díaz until 2021-09-30: known" in shown
    assert pillarfour("nightly", **told).code in {0, 3}


def test_a_case_is_listed_and_shown(pillarfour, told):
    """The movement of the Haitian families has a name, and every change of its alerts."""
    (row,) = [row for row in pillarfour("alerts", "list", "--json", **told).json if row["alert"] == ALERT]
    cases = {case["id"]: case for case in pillarfour("alerts", "case", "--json", **told).json}
    shown = pillarfour("alerts", "case", row["case"], **told)

    assert ALERT in cases[row["case"]]["standing"]
    assert (cases[row["case"]]["since"], cases[row["case"]]["until"]) == ("2021-08-15", None)
    assert f"2021-08-15  {ALERT}: quiet → active" in shown.output


def test_a_list_says_after_which_night_it_is(pillarfour, told, tmp_path):
    """That nothing stands and that nobody has looked are two things."""
    after = pillarfour("alerts", "list", **told).output
    before = pillarfour("alerts", "list", "--known-on", "2021-08-14", **told).output
    elsewhere = pillarfour("alerts", "list", "--store", tmp_path / "mistyped", **told).output

    assert "Alerts after the night of 2021-08-15" in after
    assert "no night up to 2021-08-14 is on record" in before
    assert "no night is on record in" in elsewhere
    assert "none stands" not in before + elsewhere


WRONG = {
    "no such alert": (["alerts", "ack", "nobody:knows/it", "--reason", "x"], "nobody:knows/it: the ledger has no such alert"),
    "no such case": (["alerts", "case", "nowhere"], "nowhere: the ledger has no such case"),
    "a silence of the past": (
        ["alerts", "silence", ALERT, "--reason", "x", "--until", "2020-01-01"],
        "a silence ends on a day, and not before",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_said_is_refused(case, pillarfour, told):
    """With one message and exit code 1."""
    arguments, said = WRONG[case]
    done = pillarfour(*arguments, **told)

    assert done.code == 1
    assert said in done.errors


def test_an_alert_whose_trigger_is_removed_ends_and_says_so(pillarfour, told, checkout, tmp_path):
    """Its last message gives the reason; it never silently stays."""
    text = (checkout / "triggers.yaml").read_text(encoding="utf-8")
    begin = text.index("  - id: haitian-corridor")
    triggers = tmp_path / "triggers.yaml"
    triggers.write_text(text[:begin] + text[text.index("  - id: ", begin + 10) :], encoding="utf-8")
    done = pillarfour("nightly", PILLARFOUR_TRIGGERS=triggers, **told)
    (row,) = [row for row in pillarfour("alerts", "list", "--all", "--json", **told).json if row["alert"] == ALERT]

    assert done.code in {0, 3}
    assert row["state"] == "resolved"
    assert "trigger haitian-corridor is no longer in the file of triggers" in pillarfour("alerts", "show", ALERT, **told).output
