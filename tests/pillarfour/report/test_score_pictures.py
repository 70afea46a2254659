"""The scorecard's pictures are PNG files, the same for the same figures."""

from datetime import date

from pillarfour.evaluation.timeline import Lane, Mark
from pillarfour.report import score_pictures

PNG = b"\x89PNG\r\n"


def lane(*marks: Mark, counts=(100.0, None, 900.0)) -> Lane:
    return Lane(
        stage="darien",
        of="HTI",
        months=(date(2021, 4, 15), date(2021, 5, 15), date(2021, 6, 15)),
        counts=counts,
        onset=date(2021, 6, 1),
        floor=date(2021, 7, 12),
        marks=marks,
    )


def test_an_event_is_drawn_the_same_twice():
    """A gap, a stage without any figure and one without an alert are no obstacle."""
    lanes = [lane(Mark(on=date(2021, 5, 12), level="watch", alert="t:darien/HTI")), lane(counts=(None, None, None))]
    drawn = score_pictures.draw_timeline("E99: something", lanes)

    assert drawn.startswith(PNG)
    assert drawn == score_pictures.draw_timeline("E99: something", lanes)
    assert drawn != score_pictures.draw_timeline("E99: something", lanes[1:])


def test_curves_are_drawn_with_and_without_rules():
    """The triggers' own point is always there."""
    point = {"threshold": 1.0, "false_a_quiet_series_year": 0.1, "told": 0.5, "mean_censored_lead_days": -120.0}
    alone = score_pictures.draw_curves({"shipped": [point]})

    assert alone.startswith(PNG)
    assert alone != score_pictures.draw_curves({"shipped": [point], "z-score": [point, {**point, "false_a_quiet_series_year": 0.3}]})
