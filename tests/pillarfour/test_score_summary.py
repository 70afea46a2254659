"""What a result says of itself."""

import numpy as np
import pytest

from detectors import make
from pillarfour import breaks
from pillarfour.panel_file import read_panel

EXPECTED = """
What cusum says
=================================================================================================
Method: cusum Judgements: 231
Series: 4 Stated false alarms: 0.5 a series and year
Calendar: monthly Alarms by chance: 9.6
Panel: 2018-01 to 2024-10 Alarms: 68
Judged: 2018-01 to 2024-10 of them above: 51
Unit: events of them below: 17
restart_after = mexico-definition-2021 leave_out = none
reference = none ratio = 2.0
new_level_after_periods = 12 baseline = history
season_harmonics = 1
=======================================================================================
status judgements series
---------------------------------------------------------------------------------------
ok 231 4 judged
insufficient_history 96 4 fewer published periods than the method needs
no_data 1 1 the period is not published
==========================================================================
strongest alarms period value expected lower upper score p_value
--------------------------------------------------------------------------
mexico/HND 2023-08 20,151 5,794 3,819 8,361 +37.04
mexico/HND 2023-07 15,456 5,794 3,819 8,361 +22.69
==========================================================================

Were every series in control, about 9.6 of 231 judgements would alarm by chance, both directions
together; 68 did.
A score of 1 is at the upper threshold, -1 at the lower one. Online: each period is judged with
what precedes it alone.
66 more alarms are in to_frame().
Break mexico-definition-2021 (from here on presentados and canalizados together; before,
presentados alone), from 2021-01, in force: nothing before it is used once it has begun; 4
series.
""".strip().splitlines()


@pytest.fixture(scope="module")
def panel(checkout):
    return read_panel(checkout / "docs" / "examples" / "mexico.csv")


def said(scores, **how) -> list[str]:
    return [" ".join(line.split()) for line in str(scores.summary(**how)).splitlines()]


def test_a_summary_reads_as_it_should(panel):
    """Method, calendar, judgements by status, chance beside what was observed, the strongest alarms."""
    scores = make("cusum", restart_after=("mexico-definition-2021",)).detect(panel, judge="all", breaks=breaks.load().breaks)
    lines = said(scores, alarms_shown=2)

    assert lines == EXPECTED


def test_what_chance_would_bring_stands_beside_what_was_observed(panel):
    """Judgements times the stated rate a period; with none judged it is none."""
    scores = make("farrington", alpha=0.12).detect(panel, judge="all")
    judged = int((scores.status == 0).sum())
    (line,) = [line for line in said(scores) if line.startswith("Were every series in control")]

    assert judged > 50
    assert f"about {judged * 0.12:,.0f} of {judged} judgements would alarm by chance" in " ".join(said(scores))
    assert line.startswith("Were every series in control, about ")


def test_a_threshold_of_policy_states_no_chance(panel):
    """How often it is reached depends on the series."""
    scores = make("threshold", at_least=20_000).detect(panel, judge="all")

    assert np.isnan(scores.false_alarms_per_year)
    assert any("figure of policy" in line for line in said(scores))


def test_a_series_without_any_judgement_is_told(panel):
    """A short panel says why nothing was judged, and lists no alarms."""
    lines = said(make("stl").detect(panel))

    assert not any(line.startswith("strongest alarms") for line in said(make("farrington", baseline_years=9).detect(panel)))
    assert any("4 of 4 series have no judgement at all" in line for line in said(make("farrington", baseline_years=9).detect(panel)))
    assert not any("no judgement at all" in line for line in lines)


def test_a_notebook_shows_tables(panel):
    """The same as HTML."""
    assert make("ears").detect(panel).summary().as_html().count("<table") >= 2
