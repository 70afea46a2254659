"""The triggers beside simpler rules: lead at equal false alarms, and what sooner alerts would cost."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pillarfour.evaluation import operating, score
from pillarfour.evaluation.matching import Happening
from pillarfour.evaluation.measured import CHOSEN_TO, Measured
from pillarfour.evaluation.operating import Begins, Bench, Place, Point
from pillarfour.evaluation.score import Watch


def bench(measured: Measured, happenings: Sequence[Happening]) -> Bench:
    """Take what the triggers for surges and collapses watch and the other methods can be asked of."""
    floors = operating.floors(measured.triggers)
    places: dict[Place, Watch] = {}
    for watch in measured.of_kind("surge", "collapse"):
        if watch.series in measured.asked:
            places[watch.series, watch.direction] = watch
    return Bench(
        happenings=tuple(
            each for each in happenings if each.kind != "mechanical" or any((series, each.direction) in places for series in each.series)
        ),
        places=dict(sorted(places.items())),
        floors={place: floors.get(place, 0.0) for place in places},
    )


def comparison(measured: Measured) -> dict[str, Any]:
    """Hold every method against the triggers at equal false alarms, over all years and with thresholds chosen on the first of them."""
    everything = bench(measured, [*measured.parts[0], *measured.onsets])
    lists = {"labelled": bench(measured, measured.parts[0]), "mechanical": bench(measured, measured.onsets)}
    ours = operating.shipped(
        alert for alert in measured.alerts if alert.key in {watch.key for watch in measured.of_kind("surge", "collapse")}
    )
    early = everything.within(measured.first, CHOSEN_TO)
    late = everything.within(date(CHOSEN_TO.year + 1, 1, 1), measured.last)
    years = score.costs([], everything.happenings, list(everything.places.values()), first=measured.first, last=measured.last).quiet_years
    rows, curves = {}, {}
    for method in measured.methods:
        swept = operating.sweep(measured.asked, everything, method=method)
        chosen = _at_equal(swept, ours, everything, everything)
        held = _at_equal(swept, ours, early, everything)
        rows[method] = {
            "all": {name: _versus(chosen, ours, part, everything) for name, part in lists.items()},
            "from 2023": _versus(held, ours, late, everything),
        }
        curves[method] = _curve(swept, everything, years)
    return {
        "series": sorted(f"{series} {way}" for series, way in everything.places),
        "quiet_series_years": years,
        "shipped": {
            name: _point(part.point(ours, threshold=1.0, among=everything))
            for name, part in (("all", everything), *lists.items(), ("from 2023", late))
        },
        "methods": rows,
        "curves": {"shipped": _curve([(1.0, ours)], everything, years), **curves},
    }


def _at_equal(swept: Sequence[tuple[float, Begins]], ours: Begins, on: Bench, among: Bench) -> tuple[float, Begins] | None:
    limit = on.point(ours, threshold=1.0, among=among).false_alarms
    points = {threshold: on.point(begins, threshold=threshold, among=among) for threshold, begins in swept}
    best = operating.equal(list(points.values()), false_alarms=limit)
    return None if best is None else next((threshold, begins) for threshold, begins in swept if threshold == best.threshold)


def _versus(chosen: tuple[float, Begins] | None, ours: Begins, on: Bench, among: Bench) -> dict[str, Any] | None:
    if chosen is None:
        return None
    theirs, mine = on.point(chosen[1], threshold=chosen[0], among=among), on.point(ours, threshold=1.0, among=among)
    found = operating.gained(mine, theirs, on.happenings)
    return {
        **_point(theirs),
        "sooner_days": None if found is None else {"mean": found[0], "interval": found[1], "verdict": _verdict(found)},
    }


def _verdict(found: tuple[float, score.Interval]) -> str:
    mean, (low, high) = found
    if low > 0:
        return "triggers sooner"
    if high < 0:
        return "method sooner"
    return "triggers ahead, within chance" if mean > 0 else "method ahead, within chance" if mean < 0 else "level"


def _point(point: Point) -> dict[str, Any]:
    return {
        "threshold": point.threshold,
        "false_alarms": point.false_alarms,
        "told": sum(point.told),
        "of": len(point.told),
        "median_lead_days": point.median_lead(),
        "mean_censored_lead_days": point.mean_lead,
    }


def _curve(swept: Sequence[tuple[float, Begins]], on: Bench, years: float) -> list[dict[str, Any]]:
    """Give the best mean lead, with what is told at it, for each number of false alarms; what costs more for less is left out."""
    best: list[Point] = []
    points = [on.point(begins, threshold=threshold) for threshold, begins in swept]
    for point in sorted(points, key=lambda each: (each.false_alarms, -each.mean_lead)):
        if not best or point.mean_lead > best[-1].mean_lead:
            best.append(point)
    return [
        {
            "threshold": point.threshold,
            "false_a_quiet_series_year": point.false_alarms / years if years else None,
            "told": sum(point.told) / len(point.told) if point.told else None,
            "mean_censored_lead_days": point.mean_lead,
        }
        for point in best
    ]
