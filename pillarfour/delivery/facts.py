"""Each leaf of a condition as a sentence about the figure that the headline has given."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from pillarfour import lookups
from pillarfour.alerts.model import Evidence
from pillarfour.delivery.wording import LEAST_WRITTEN, Wording, noted

TOLD_REVISIONS = 3

Figures = Mapping[str, Any]
"""What a leaf used."""


def sentence(leaf: Evidence, wording: Wording, *, turned: bool, names: Mapping[str, str]) -> str:
    """Say what a leaf found; ``turned`` where it stands under a *not*. What is not known here is told by its own text."""
    if leaf.test in PLACED:
        return PLACED[leaf.test](leaf.figures, wording, names)
    say, needed = FOUND.get(leaf.test, (None, ()))
    if say is not None and all(leaf.figures.get(name) is not None for name in needed):
        return say(leaf.figures, wording, leaf.held is True)
    return wording.say("Not so: {text}", text=leaf.text) if turned else leaf.text


def unable(leaf: Evidence, wording: Wording) -> str:
    """Name a test that could not judge, and why."""
    reasons = {
        "insufficient_history": wording.say("too little history"),
        "no_data": wording.say("no figure"),
        "not_converged": wording.say("no stable fit"),
        "constant": wording.say("a flat series"),
    }
    if leaf.test in {"detector", "composition"}:
        why = reasons.get(str(leaf.figures.get("status")), wording.say("no figure"))
        return wording.say("“{name}” ({why})", name=leaf.figures.get("detector"), why=why)
    if leaf.test == "forecast":
        why = no_lag(leaf.figures["no_lag"], wording) if leaf.figures.get("no_lag") else wording.say("too little history")
        return wording.say("forecast ({why})", why=why)
    named = {"new_high": wording.say("new high"), "growth": wording.say("growth"), "share": wording.say("share")}
    return wording.say("{name} (an earlier figure is missing)", name=named.get(leaf.test, leaf.test))


def _level(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - whether it is so
    value, least, most = figures["value"], figures.get("at_least"), figures.get("at_most")
    if least is not None:
        bound = wording.number(least)
        return (
            wording.say("It reaches the threshold of {bound}.", bound=bound)
            if value >= least
            else wording.say("It is under the threshold of {bound}.", bound=bound)
        )
    if most is None:
        return ""
    bound = wording.number(most)
    return wording.say("It is not above {bound}.", bound=bound) if value <= most else wording.say("It is above {bound}.", bound=bound)


def _detector(figures: Figures, wording: Wording, held: bool) -> str:  # noqa: FBT001 - as above
    down = figures.get("direction") == "down"
    score = -figures["score"] if down else figures["score"]
    fields = {
        "name": figures["detector"],
        "score": wording.number(score) if score >= 0 else f"−{wording.number(-score)}",
        "threshold": wording.number(figures["threshold"]),
        "expected": wording.estimate(figures["expected"]) if figures.get("expected") is not None else "–",
    }
    if not held:
        return wording.say("The test “{name}” does not call it unusual: its score is {score}, and {threshold} is asked for.", **fields)
    said = (
        wording.say(
            "The test “{name}” calls it unusually low: about {expected} expected, score {score} (asked for: {threshold}).", **fields
        )
        if down
        else wording.say(
            "The test “{name}” calls it unusually high: about {expected} expected, score {score} (asked for: {threshold}).", **fields
        )
    )
    if figures.get("floor") is None:
        return said
    floor = wording.number(figures["floor"])
    return f"{said} " + (
        wording.say("As many as the floor of {floor} were expected.", floor=floor)
        if down
        else wording.say("It reaches the floor of {floor}.", floor=floor)
    )


def _new_high(figures: Figures, wording: Wording, held: bool) -> str:  # noqa: FBT001 - as above
    highest = "–" if figures.get("highest") is None else wording.number(figures["highest"])
    fields = {"months": wording.number(figures["over_periods"]), "highest": highest}
    if held:
        return wording.say("It is above every one of the {months} months before; the highest of them was {highest}.", **fields)
    return wording.say("It is no new high: the highest of the {months} months before was {highest}.", **fields)


def _growth(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - as above
    before = figures["before"]
    fields = {
        "before": wording.number(before),
        "period": wording.period(str(figures["before_period"])),
        "factor": wording.ratio(figures["factor"]),
    }
    if before < LEAST_WRITTEN:
        return wording.say("It is up from none in {period}.", **fields)
    ratio = wording.ratio(figures["value"] / before) if figures["value"] else wording.number(0)
    return wording.say("It is {ratio} × the {before} of {period} (asked for: {factor} ×).", ratio=ratio, **fields)


def _share(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - as above
    fields = {
        "share": wording.percent(figures["share"]) if figures["share"] else "0\u00a0%",
        "total": wording.number(figures["total"]),
        "period": wording.period(str(figures["reference_period"])),
    }
    if figures.get("value") is None:
        return wording.say("Not published apart; at most {share} of the {total} in {period}.", **fields)
    if figures.get("periods_before"):
        return wording.say("In {period} it was {share} of the {total} of all nationalities.", **fields)
    return wording.say("It is {share} of the {total} of all nationalities in {period}.", **fields)


def _composition(figures: Figures, wording: Wording, held: bool) -> str:  # noqa: FBT001 - as above
    points = wording.number(abs(round(100 * figures["change"], 1)))
    fields = {
        "divergence": wording.bits(figures["divergence"]),
        "highest": wording.bits(figures["highest"]),
        "name": lookups.name(figures["leading"], wording.language),
        "points": points,
    }
    if not held:
        return wording.say("The mix of nationalities moved by {divergence} bits; the furthest of its history is {highest}.", **fields)
    moved = (
        wording.say(
            "The mix of nationalities moved further than ever in its history: by {divergence} bits, before by {highest} at the most.",
            **fields,
        )
        if figures["divergence"] > figures["highest"]
        else wording.say("The mix of nationalities moved by {divergence} bits; the furthest of its history is {highest}.", **fields)
    )
    led = (
        wording.say("{name} moved it most: a share larger by {points} points.", **fields)
        if figures["change"] >= 0
        else wording.say("{name} moved it most: a share smaller by {points} points.", **fields)
    )
    unseen = [lookups.name(code, wording.language) for code in figures["unseen"]]
    first = [wording.say("Never seen there before: {names}.", names=wording.listed(unseen))] if unseen else []
    return " ".join([moved, led, *first])


def _revision(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - as above
    moved = figures["revised"]
    if not moved:
        return wording.say("The newest release moves no figure that far.")
    told = [
        wording.say(
            "{period} from {was} to {now}",
            period=wording.period(each["reference_period"]),
            was=wording.number(each["was"]),
            now=wording.number(each["now"]),
        )
        for each in moved[:TOLD_REVISIONS]
    ]
    more = len(moved) - TOLD_REVISIONS
    if more > 0:
        told.append(wording.many("{count} more", "{count} more", more))
    return wording.say("The newest release moves {figures}.", figures=wording.listed(told))


def _staleness(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - as above
    due = wording.day(date.fromisoformat(figures["due"]))
    if not figures["overdue_days"]:
        return wording.say("The next figures are usual by {due}.", due=due)
    return wording.many(
        "The next figures were usual by {due}; they are {count} day late.",
        "The next figures were usual by {due}; they are {count} days late.",
        int(figures["overdue_days"]),
        due=due,
    )


def _break(figures: Figures, wording: Wording, _: bool) -> str:  # noqa: FBT001 - as above
    return wording.say("A known break is in force.") if figures["breaks"] else wording.say("No known break is in force.")


def no_lag(reason: str, wording: Wording) -> str:
    """Say why no lag is usable."""
    return {
        "too_short": wording.say("too few months are known of both stages"),
        "too_few": wording.say("too few are counted"),
        "insignificant": wording.say("no lag is beyond chance"),
        "wrong_sign": wording.say("more there went with fewer here"),
        "published_first": wording.say("its own figures come out first"),
    }[reason]


def _forecast(figures: Figures, wording: Wording, names: Mapping[str, str]) -> str:
    if figures.get("forecast") is None:
        return ""
    lag, bound = int(figures["lag_months"]), wording.number(figures["at_least"])
    low = figures["by"] == "lower"
    reached = figures["forecast_lower" if low else "forecast"] >= figures["at_least"]
    fields = {
        "expected": wording.estimate(figures["forecast"]),
        "period": wording.period(str(figures["month"])),
        "lower": wording.estimate(figures["forecast_lower"]),
        "upper": wording.estimate(figures["forecast_upper"]),
        "place": names.get(str(figures["from"]), str(figures["from"])),
    }
    one, more = noted(
        "About {expected} are expected in {period} ({lower}–{upper}), by the figures of {place} {count} month earlier.",
        "About {expected} are expected in {period} ({lower}–{upper}), by the figures of {place} {count} months earlier.",
    )
    same = wording.say(
        "About {expected} are expected in {period} ({lower}–{upper}), by the figures of {place} of the same month.", **fields
    )
    said = wording.many(one, more, lag, **fields) if lag else same
    held = {
        (False, True): wording.say("That reaches the threshold of {bound}.", bound=bound),
        (False, False): wording.say("That is under the threshold of {bound}.", bound=bound),
        (True, True): wording.say("Even the lower figure reaches the threshold of {bound}.", bound=bound),
        (True, False): wording.say("The lower figure is under the threshold of {bound}.", bound=bound),
    }
    return f"{said} {held[low, reached]}"


def _upstream(figures: Figures, wording: Wording, names: Mapping[str, str]) -> str:
    if not figures.get("reached"):
        return ""
    months = wording.listed([wording.period(str(month)) for month in figures["reached"]])
    place = names.get(str(figures["stage"]), str(figures["stage"]))
    return wording.say("{place} had reached {level} in {months}.", place=place, level=wording.level(figures["level"]), months=months)


PLACED: Final[Mapping[str, Callable[[Figures, Wording, Mapping[str, str]], str]]] = {"forecast": _forecast, "upstream": _upstream}
"""How the leaves are said that name another stage."""

FOUND: Final[Mapping[str, tuple[Callable[[Figures, Wording, bool], str], tuple[str, ...]]]] = {
    "level": (_level, ("value",)),
    "detector": (_detector, ("score", "detector", "threshold")),
    "new_high": (_new_high, ("value", "over_periods")),
    "growth": (_growth, ("value", "before", "before_period", "factor")),
    "share": (_share, ("share", "total", "reference_period")),
    "composition": (_composition, ("divergence", "highest", "leading", "change", "unseen")),
    "revision": (_revision, ("revised",)),
    "staleness": (_staleness, ("due", "overdue_days")),
    "break_in_force": (_break, ("breaks",)),
}
"""How each kind of leaf is said, and the figures without which it says nothing."""
