"""Tests of who is told what, how and when."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.alerts.model import AlertKey
from pillarfour.delivery.routes import FromEnvironment, QuietHours, Reader, Routes, load, revealed
from pillarfour.errors import ConfigurationError

GROUPS = {"haitian": ("HTI", "BRA", "CHL")}
KNOWN = {"stages": {"darien", "mexico"}, "subjects": {"haitian", "HTI", "total"}, "notify": {"task_force"}}
HEAD = "version: 1\nreaders:\n  - "
SMTP = f"{HEAD}{{name: a, way: smtp, address: a@example.org, "
CHAT = f"{HEAD}{{name: a, way: chat, address: {{env: U}}"
UNTIL = "quiet_hours: {{from: '{}', until: '{}', zone: {}}}}}"


def reader(**facts) -> Reader:
    return Reader.model_validate({"name": "duty", "way": "smtp", "address": "duty@example.org", **facts})


def read(tmp_path: Path, text: str) -> Routes:
    (tmp_path / "routes.yaml").write_text(text)
    return load(tmp_path / "routes.yaml", known=KNOWN)


def test_who_says_nothing_is_told_everything(notice):
    """What is left out excludes nothing."""

    assert reader().wants(notice(), groups=GROUPS)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"levels": ["warning"]}, True),
        ({"levels": ["emergency"]}, False),
        ({"stages": ["darien"]}, True),
        ({"stages": ["mexico"]}, False),
        ({"subjects": ["haitian"]}, True),
        ({"subjects": ["HTI"]}, True),
        ({"subjects": ["CUB"]}, False),
        ({"subjects": ["total"]}, False),
        ({"kinds": ["surge"]}, True),
        ({"kinds": ["outage"]}, False),
        ({"notify": ["task_force"]}, True),
        ({"notify": ["data_officers"]}, False),
        ({"levels": ["warning"], "stages": ["mexico"]}, False),
    ],
)
def test_each_filter_is_asked(notice, facts: dict, wanted: bool):  # noqa: FBT001
    """All of them must agree."""

    assert reader(**facts).wants(notice(), groups=GROUPS) == wanted


def test_a_nationality_of_a_group_is_told_to_whoever_asked_for_the_group(notice):
    """The group's reader also hears of one of its nationalities alone."""
    cuban, chilean = (notice(key=AlertKey(trigger="t", stage="darien", subject=code), nationalities=(code,)) for code in ("CUB", "CHL"))
    asks = reader(subjects=["haitian"])

    assert asks.wants(chilean, groups=GROUPS)
    assert not asks.wants(cuban, groups=GROUPS)


def test_whoever_was_told_of_an_emergency_is_told_of_its_end(notice):
    """The higher level of before and after counts."""
    ended = notice(before="active", after="resolved", level_before="emergency", level=None)

    assert reader(levels=["emergency"]).wants(ended, groups=GROUPS)


HOURS = {"from": "22:00", "until": "06:00", "zone": "America/Panama"}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2021-07-12T02:59:00+00:00", None),
        ("2021-07-12T03:00:00+00:00", "2021-07-12T11:00:00+00:00"),
        ("2021-07-12T10:59:59+00:00", "2021-07-12T11:00:00+00:00"),
        ("2021-07-12T11:00:00+00:00", None),
    ],
)
def test_quiet_hours_span_midnight_in_the_reader_s_zone(now: str, end: str | None):
    """From ten to six in Panama, which is three to eleven in UTC."""
    found = QuietHours.model_validate(HOURS).end(datetime.fromisoformat(now))

    assert found == (datetime.fromisoformat(end) if end else None)


@given(
    now=st.datetimes(min_value=datetime(2021, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - its bounds carry no zone
    hours=st.lists(st.times().map(lambda moment: f"{moment:%H:%M}"), min_size=2, max_size=2, unique=True),
    zone=st.sampled_from(["America/Panama", "America/Mexico_City", "America/New_York", "Europe/Madrid", "UTC"]),
)
def test_no_quiet_hours_hold_longer_than_a_day(now: datetime, hours: list[str], zone: str):
    """Whatever the hours, the zone and its summer time."""
    quiet = QuietHours.model_validate({"from": hours[0], "until": hours[1], "zone": zone})
    end = quiet.end(now)

    assert end is None or 0 < (end.astimezone(UTC) - now).total_seconds() <= 25 * 3600
    assert end is None or quiet.end(end) is None


@pytest.mark.parametrize("levels", [{"level": "emergency"}, {"before": "active", "level_before": "emergency", "level": "watch"}])
def test_an_emergency_is_never_held_back(notice, levels: dict):
    """Nor that it has grown less."""
    night = datetime(2021, 7, 12, 5, tzinfo=UTC)
    asleep = reader(quiet_hours=HOURS)

    assert asleep.held_until(night, notices=[notice()]) == datetime(2021, 7, 12, 11, tzinfo=UTC)
    assert asleep.held_until(night, notices=[notice(), notice(**levels)]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMTP + "stages: [darian]}", 'routes.yaml:3:59: unknown stage "darian"; did you mean "darien"?'),
        (SMTP + "subjects: [XYZ]}", 'unknown subject "XYZ"'),
        (SMTP + "notify: [tsk_force]}", 'unknown group of readers "tsk_force"; did you mean "task_force"?'),
        (SMTP + "level: [watch]}", 'unknown key "level"; did you mean "levels"?'),
        (SMTP + "levels: [urgent]}", "is not one of watch, warning, emergency"),
        (f"{HEAD}{{name: a, way: smtp, address: 'a@example.org, b@example.org'}}", "write one plain address"),
        (SMTP + "external: true}", "the mail shows every figure"),
        (f"{HEAD}{{name: a, way: webhook, address: 'https://example.org/x', key: {{env: K}}}}", "the address of a webhook is a secret"),
        (f"{HEAD}{{name: a, way: webhook, address: {{env: U}}}}", "needs a key to sign with"),
        (f"{HEAD}{{name: ../a, way: chat, address: {{env: U}}}}", "name should match"),
        (CHAT + "}\n  - {name: a, way: chat, address: {env: V}}", "a second reader 'a'"),
        (CHAT + ", " + UNTIL.format("22:00", "6:00", "Panama"), "is no time of day"),
        (CHAT + ", " + UNTIL.format("22:00", "06:00", "../x"), "is no time zone"),
        (CHAT + ", " + UNTIL.format("06:00", "06:00", "UTC"), "hold everything"),
        ("version: 1\nversion: 1\n", "duplicate key"),
    ],
)
def test_a_wrong_file_says_where_and_what(tmp_path: Path, text: str, said: str):
    """Every fault has its line and column."""
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, text)

    assert said in str(caught.value)
    assert str(caught.value).startswith("routes.yaml:")


def test_the_documented_example_is_sound(checkout: Path, tmp_path: Path):
    """What docs/operations.md shows can be used as it stands."""
    text = (checkout / "docs" / "operations.md").read_text()
    example = text.partition("```yaml\n# routes.yaml\n")[2].partition("```")[0]
    routes = read(tmp_path, example)

    assert {each.way for each in routes.readers} == {"smtp", "webhook", "chat"}


def test_a_secret_comes_from_the_environment_and_is_not_shown():
    """What is missing is named; what is there is not."""
    secret = revealed(FromEnvironment(env="HOOK"), {"HOOK": " planted \n"}, of="a.address")

    assert secret.get_secret_value() == "planted"
    assert "planted" not in f"{secret!r} {secret}"
    with pytest.raises(ConfigurationError, match=r"a\.address: the environment has no HOOK; set it"):
        revealed(FromEnvironment(env="HOOK"), {"HOOK": ""}, of="a.address")
