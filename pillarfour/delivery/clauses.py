"""A condition as something that would have to be so: ``the figure is at most 1,000, or “stl” and “cusum” score under 0.5``."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

import pandas as pd

from pillarfour.alerts.model import Evidence
from pillarfour.delivery.wording import Wording, noted

Figures = Mapping[str, Any]
"""What a leaf used."""


def said(evidence: Evidence, wording: Wording, *, names: Mapping[str, str], turned: bool = False) -> str:
    """Say a condition, or with ``turned`` its opposite."""
    if evidence.test == "not":
        return said(evidence.parts[0], wording, names=names, turned=not turned)
    if not evidence.parts:
        return _leaf(evidence, wording, names=names, turned=turned)
    needed = int(evidence.figures.get("needed", len(evidence.parts) if evidence.test != "any" else 1))
    if turned:
        needed = len(evidence.parts) - needed + 1
    return joined(evidence.parts, wording, names=names, turned=turned, needed=needed)


def joined(parts: Sequence[Evidence], wording: Wording, *, names: Mapping[str, str], needed: int, turned: bool = False) -> str:
    """Say several conditions of which so many must be so."""
    everything, said_parts = needed == len(parts), _merged(parts, wording, names=names, turned=turned, either=needed == 1)
    if everything or len(said_parts) == 1:
        return wording.listed(said_parts)
    if needed == 1:
        return wording.say("{one}, or {other}", one="; ".join(said_parts[:-1]), other=said_parts[-1])
    return wording.say("at least {needed} of these are so: {parts}", needed=wording.number(needed), parts="; ".join(said_parts))


def _merged(parts: Sequence[Evidence], wording: Wording, *, names: Mapping[str, str], turned: bool, either: bool) -> list[str]:
    """Say the parts, detectors that are asked for the same in one breath."""
    found: list[str] = []
    for asked, alike in groupby(parts, key=lambda part: _asked(part, turned=turned)):
        together = list(alike)
        if asked is None or len(together) == 1:
            found += [said(part, wording, names=names, turned=turned) for part in together]
        else:
            leaves = [part.parts[0] if part.test == "not" else part for part in together]
            found.append(_scores(leaves, wording, turned=asked[0], either=either))
    return found


def _asked(part: Evidence, *, turned: bool) -> tuple[bool, Any, Any] | None:
    negated = part.test == "not"
    leaf = part.parts[0] if negated else part
    if leaf.test != "detector":
        return None
    return turned != negated, leaf.figures.get("threshold"), leaf.figures.get("direction")


def _scores(leaves: Sequence[Evidence], wording: Wording, *, turned: bool, either: bool = False) -> str:
    join = wording.either if either else wording.listed
    named = join([wording.say("“{name}”", name=leaf.figures.get("detector")) for leaf in leaves])
    figures = leaves[0].figures
    down, threshold = figures.get("direction") == "down", wording.number(float(figures.get("threshold", 1)))
    one, more = {
        (False, False): noted("{names} scores {threshold} or more", "{names} score {threshold} or more"),
        (False, True): noted("{names} scores under {threshold}", "{names} score under {threshold}"),
        (True, False): noted("{names} scores −{threshold} or less", "{names} score −{threshold} or less"),
        (True, True): noted("{names} scores above −{threshold}", "{names} score above −{threshold}"),
    }[down, turned]
    return wording.many(one, more, 1 if either else len(leaves), names=named, threshold=threshold)


def _leaf(leaf: Evidence, wording: Wording, *, names: Mapping[str, str], turned: bool) -> str:
    """Say a leaf by what it asks; one that is not known here by its own text."""
    clause = ASKED[leaf.test](leaf.figures, wording, turned) if leaf.test in ASKED else None
    if leaf.test == "detector":
        clause = _scores([leaf], wording, turned=turned)
    elif leaf.test == "upstream":
        clause = _upstream(leaf.figures, wording, names=names, turned=turned)
    if clause is not None:
        return clause
    return wording.say("not so: {text}", text=leaf.text) if turned else leaf.text


def _upstream(figures: Figures, wording: Wording, *, names: Mapping[str, str], turned: bool) -> str:
    if "stage" not in figures:
        return wording.say("no earlier stage is asked about") if turned else wording.say("an earlier stage reaches the level")
    fields = {"place": names.get(str(figures["stage"]), str(figures["stage"])), "level": wording.level(figures["level"])}
    return wording.say("{place} does not reach {level}", **fields) if turned else wording.say("{place} reaches {level}", **fields)


def _level(figures: Figures, wording: Wording, turned: bool) -> str | None:  # noqa: FBT001 - the answer's other side
    least, most = figures.get("at_least"), figures.get("at_most")
    if least is not None:
        bound = wording.number(least)
        return (
            wording.say("the figure is under {bound}", bound=bound)
            if turned
            else wording.say("the figure is at least {bound}", bound=bound)
        )
    if most is None:
        return None
    bound = wording.number(most)
    return wording.say("the figure is above {bound}", bound=bound) if turned else wording.say("the figure is at most {bound}", bound=bound)


def _share(figures: Figures, wording: Wording, turned: bool) -> str | None:  # noqa: FBT001 - as above
    least, most = figures.get("at_least"), figures.get("at_most")
    if least is None and most is None:
        return None
    bound, months = wording.percent(figures["at_most" if least is None else "at_least"]), int(figures.get("periods_before") or 0)
    said, one, more = {
        (True, False): (
            wording.say("the share is at least {bound}", bound=bound),
            *noted("the share {count} month before was at least {bound}", "the share {count} months before was at least {bound}"),
        ),
        (True, True): (
            wording.say("the share is under {bound}", bound=bound),
            *noted("the share {count} month before was under {bound}", "the share {count} months before was under {bound}"),
        ),
        (False, False): (
            wording.say("the share is at most {bound}", bound=bound),
            *noted("the share {count} month before was at most {bound}", "the share {count} months before was at most {bound}"),
        ),
        (False, True): (
            wording.say("the share is above {bound}", bound=bound),
            *noted("the share {count} month before was above {bound}", "the share {count} months before was above {bound}"),
        ),
    }[least is not None, turned]
    return wording.many(one, more, months, bound=bound) if months else said


def _composition(figures: Figures, wording: Wording, turned: bool) -> str:  # noqa: FBT001 - as above
    threshold, share = float(figures.get("threshold", 1)), figures.get("share")
    if share is not None:
        points = wording.number(100 * share)
        if turned:
            return wording.say(
                "the mix of nationalities moves no further than in its history, or no share by {points} points", points=points
            )
        return wording.say(
            "the mix of nationalities moves further than ever in its history, and the share of one by {points} points", points=points
        )
    if threshold == 1:
        return (
            wording.say("the mix of nationalities moves no further than in its history")
            if turned
            else wording.say("the mix of nationalities moves further than ever in its history")
        )
    times = wording.ratio(threshold)
    if turned:
        return wording.say("the mix of nationalities moves less than {times} × as far as ever in its history", times=times)
    return wording.say("the mix of nationalities moves {times} × as far as ever in its history", times=times)


def _growth(figures: Figures, wording: Wording, turned: bool) -> str | None:  # noqa: FBT001 - as above
    if "factor" not in figures:
        return None
    factor, (later, earlier) = float(figures["factor"]), (figures["reference_period"], figures["before_period"])
    months = int(pd.Period(later, freq="M").ordinal - pd.Period(earlier, freq="M").ordinal)
    one, more = {
        (True, False): noted(
            "the figure is at least {asked} × that of {count} month before",
            "the figure is at least {asked} × that of {count} months before",
        ),
        (True, True): noted(
            "the figure is less than {asked} × that of {count} month before",
            "the figure is less than {asked} × that of {count} months before",
        ),
        (False, False): noted(
            "the figure is at most {asked} of that of {count} month before",
            "the figure is at most {asked} of that of {count} months before",
        ),
        (False, True): noted(
            "the figure is more than {asked} of that of {count} month before",
            "the figure is more than {asked} of that of {count} months before",
        ),
    }[factor > 1, turned]
    return wording.many(one, more, months, asked=wording.ratio(factor) if factor > 1 else wording.percent(factor))


def _new_high(figures: Figures, wording: Wording, turned: bool) -> str | None:  # noqa: FBT001 - as above
    if "over_periods" not in figures:
        return None
    months = wording.number(figures["over_periods"])
    if turned:
        return wording.say("the figure is no new high of {months} months", months=months)
    return wording.say("the figure is above all {months} months before", months=months)


def _revision(_: Figures, wording: Wording, turned: bool) -> str:  # noqa: FBT001 - as above
    return wording.say("no release moves the figures far") if turned else wording.say("a release moves the figures far")


def _break(_: Figures, wording: Wording, turned: bool) -> str:  # noqa: FBT001 - as above
    return wording.say("no known break is in force") if turned else wording.say("a known break is in force")


def _staleness(figures: Figures, wording: Wording, turned: bool) -> str | None:  # noqa: FBT001 - as above
    if "days" not in figures:
        return None
    days = int(figures["days"])
    if not turned:
        return wording.many("the next figures are {count} day late", "the next figures are {count} days late", days)
    if days == 1:
        return wording.say("the overdue figures are published")
    return wording.many("the next figures are less than {count} day late", "the next figures are less than {count} days late", days)


def _forecast(figures: Figures, wording: Wording, turned: bool) -> str:  # noqa: FBT001 - as above
    bound, months = wording.number(figures["at_least"]), int(figures["within_months"])
    one, more = {
        (False, False): noted(
            "at least {bound} a month are expected within {count} month", "at least {bound} a month are expected within {count} months"
        ),
        (False, True): noted(
            "under {bound} a month are expected within {count} month", "under {bound} a month are expected within {count} months"
        ),
        (True, False): noted(
            "by the lower figure at least {bound} a month are expected within {count} month",
            "by the lower figure at least {bound} a month are expected within {count} months",
        ),
        (True, True): noted(
            "by the lower figure under {bound} a month are expected within {count} month",
            "by the lower figure under {bound} a month are expected within {count} months",
        ),
    }[figures["by"] == "lower", turned]
    return wording.many(one, more, months, bound=bound)


ASKED: Final[Mapping[str, Callable[[Figures, Wording, bool], str | None]]] = {
    "level": _level,
    "share": _share,
    "composition": _composition,
    "growth": _growth,
    "new_high": _new_high,
    "forecast": _forecast,
    "revision": _revision,
    "break_in_force": _break,
    "staleness": _staleness,
}
"""What each kind of leaf asks, or with ``True`` its opposite; None where its figures do not say."""
