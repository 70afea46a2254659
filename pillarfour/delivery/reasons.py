"""A condition's evidence in words, from its figures: why an alert stands, what would end it, how many of its tests agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pillarfour.alerts.model import Evidence
from pillarfour.delivery import clauses, facts
from pillarfour.delivery.wording import Wording

JUDGING = frozenset({"detector", "new_high", "growth", "share", "composition", "revision", "forecast"})
"""Leaves that judge whether a figure is out of the ordinary, or will be; the others say how large, where and when."""

ORDER = (
    "revision",
    "staleness",
    "forecast",
    "level",
    "detector",
    "new_high",
    "growth",
    "share",
    "composition",
    "upstream",
    "break_in_force",
)
"""The most decisive first."""

Names = Mapping[str, str]
"""The stages' names, in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How many of the tests that could be asked agree that it is out of the ordinary."""

    agree: int
    judged: int
    unable: int


def why(evidence: Evidence, wording: Wording, *, names: Names) -> list[str]:
    """Say in short sentences what made a condition hold, the most decisive first; what could not be judged comes last."""
    newest = _newest(evidence)
    held = sorted(_held(newest), key=lambda found: (found[1], ORDER.index(found[0].test) if found[0].test in ORDER else len(ORDER)))
    said = [facts.sentence(leaf, wording, turned=turned, names=names) for leaf, turned in held]
    if evidence.test == "for" and evidence.held:
        said.append(_lasting(evidence, wording))
    unable = dict.fromkeys(facts.unable(leaf, wording) for leaf in _tests(newest) if leaf.held is None)
    if unable:
        said.append(wording.say("Could not be asked: {tests}.", tests=wording.listed(list(unable))))
    return list(dict.fromkeys(sentence for sentence in said if sentence))


def agreement(evidence: Evidence) -> Agreement:
    """Count the tests behind a condition that holds."""
    tests = list(_tests(_newest(evidence)))
    judged = [leaf for leaf in tests if leaf.held is not None]
    return Agreement(agree=sum(leaf.held is True for leaf in judged), judged=len(judged), unable=len(tests) - len(judged))


def foreseen(evidence: Evidence) -> frozenset[str]:
    """Say by which ends of their ranges forecasts made a condition hold: ``expected``, ``lower``; none where none did."""
    return frozenset(str(leaf.figures["by"]) for leaf, turned in _held(_newest(evidence)) if leaf.test == "forecast" and not turned)


def ending(evidence: Evidence, wording: Wording, *, names: Names) -> list[str]:
    """Say in a sentence what ends an alert, and in another how far that is met."""
    newest = _newest(evidence)
    clause = clauses.said(newest, wording, names=names)
    if evidence.test != "for":
        if newest.test == "not" and newest.parts[0].test == "staleness":
            return [wording.say("It ends once {clause}.", clause=clause)]
        return [wording.say("It ends after a month in which {clause}.", clause=clause)]
    if "releases" in evidence.figures:
        return [_within(evidence, wording, clause=clause), _so_far(evidence, wording)]
    met = [_month(part, wording) for part in evidence.parts if part.held]
    return [
        _within(evidence, wording, clause=clause),
        wording.say("So far this was so in {months}.", months=wording.listed([month for month in met if month]))
        if any(met)
        else wording.say("So far no month was so."),
    ]


def lacking(evidence: Evidence, wording: Wording, *, names: Names) -> str:
    """Say what would have had to be so."""
    parts = failing(evidence)
    if not parts:
        if evidence.test == "for":
            return _within(evidence, wording, clause="", bare=True)
        return clauses.said(evidence, wording, names=names)
    if evidence.test == "for":
        return lacking(parts[0], wording, names=names)
    if not any(failing(part) for part in parts):
        return clauses.joined(parts, wording, names=names, needed=1 if evidence.test == "any" else len(parts))
    said = list(dict.fromkeys(lacking(part, wording, names=names) for part in parts))
    return wording.either(said) if evidence.test == "any" else wording.listed(said)


def failing(evidence: Evidence) -> tuple[Evidence, ...]:
    """Give the parts that keep a condition from being met; none for a leaf, and a negation counts as a leaf."""
    if evidence.test == "not":
        return ()
    parts = evidence.parts[:1] if evidence.test == "for" else evidence.parts
    return tuple(part for part in parts if not part.held)


def _newest(evidence: Evidence) -> Evidence:
    return evidence.parts[0] if evidence.test == "for" and evidence.parts else evidence


def _held(evidence: Evidence, *, turned: bool = False) -> Iterator[tuple[Evidence, bool]]:
    """Give the leaves that made a condition hold, and whether a negation turned them round."""
    if evidence.test == "not":
        yield from _held(evidence.parts[0], turned=not turned)
    elif evidence.parts:
        for part in evidence.parts:
            if part.held is (not turned):
                yield from _held(part, turned=turned)
    elif evidence.held is (not turned):
        yield evidence, turned


def _tests(evidence: Evidence) -> Iterator[Evidence]:
    """Give the judging leaves that stand beside what held: those of a branch that did not hold say nothing of it."""
    for part in evidence.parts or (evidence,):
        if part.test in JUDGING:
            yield part
        elif part.parts and part.held:
            yield from _tests(part)


def _so_far(evidence: Evidence, wording: Wording) -> str:
    held, window = sum(part.held is True for part in evidence.parts), evidence.figures["releases"]
    return wording.say(
        "So far this was so after {held} of the newest {window} releases.", held=wording.number(held), window=wording.number(window)
    )


def _lasting(evidence: Evidence, wording: Wording) -> str:
    if "releases" in evidence.figures:
        return _so_far(evidence, wording)
    months = [month for part in evidence.parts if part.held and (month := _month(part, wording))]
    return wording.say(
        "This was so in {months}: {rule}.", months=wording.listed(months), rule=_within(evidence, wording, clause="", bare=True)
    )


def _within(evidence: Evidence, wording: Wording, *, clause: str, bare: bool = False) -> str:
    """Say for how long something must be so."""
    needed, window = int(evidence.figures.get("needed", len(evidence.parts))), int(evidence.figures.get("releases", len(evidence.parts)))
    fields = {"needed": wording.number(needed), "window": wording.number(window), "clause": clause}
    if "releases" in evidence.figures:
        return (
            wording.say("{needed} of the newest {window} releases are asked for", **fields)
            if bare
            else wording.say("It ends once, after {needed} of the newest {window} releases, {clause}.", **fields)
        )
    if bare:
        return wording.say("{needed} of {window} months are asked for", **fields)
    if needed == window:
        return wording.say("It ends after {needed} months in a row in which {clause}.", **fields)
    return wording.say("It ends once, in {needed} of {window} months, {clause}.", **fields)


def _month(evidence: Evidence, wording: Wording) -> str:
    """Name the period that a part of a duration is about."""
    found = evidence.figures.get("reference_period")
    if found:
        return wording.period(str(found))
    return next((month for part in evidence.parts if (month := _month(part, wording))), "")
