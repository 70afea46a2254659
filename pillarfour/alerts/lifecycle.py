"""What becomes of an alert on a night: decided from where it stands and what was found, and from nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from pillarfour.alerts.model import LEVELS, AlertState, Condition, Evidence, Level, State, Transition


class Step(Protocol):
    """What moves a state: a ``Transition``, or a row of the ledger."""

    @property
    def known_on(self) -> date: ...  # noqa: D102 - the names are those of Transition
    @property
    def before(self) -> State: ...  # noqa: D102
    @property
    def after(self) -> State: ...  # noqa: D102
    @property
    def level(self) -> Level | None: ...  # noqa: D102
    @property
    def reference_period(self) -> str | None: ...  # noqa: D102


def decide(previous: AlertState, condition: Condition, *, known_on: date) -> Transition | None:
    """Decide whether an alert's state changes on a night, and say why.

    A higher level is always told. A lower one, and the end, are told only by figures: where a figure is missing, or the newest one
    told has been withdrawn, the alert stands as it is. It does not end in a month in which a level is met again. No state ends by
    the clock, and what already stands is not told again.

    Parameters
    ----------
    previous
        Where the alert stands after the nights up to this one.
    condition
        What its trigger found on this night.

    Returns
    -------
    Transition or None
        None where nothing changes.
    """
    if condition.level is not None and _rank(condition.level) > _rank(previous.level):
        return _raise(previous, condition, known_on, condition.level)
    if previous.state == "active":
        return _lower(previous, condition, known_on)
    if previous.state == "pending":
        return _lapse(previous, condition, known_on)
    if condition.pending is not None:
        because = _because(condition, condition.pending)
        reason = f"{condition.pending} is met in {condition.reference_period}, but not yet for long enough: {because}"
        return _transition(previous, condition, known_on, after="pending", level=None, reason=reason)
    return None


def follow(state: AlertState, step: Step) -> AlertState:
    """Take a transition, or an event as it was recorded: the state after it."""
    told = "active" in {step.before, step.after}
    periods = [period for period in (state.announced_period, step.reference_period if told else None) if period is not None]
    return replace(
        state,
        state=step.after,
        level=step.level,
        since=state.since if step.before == step.after and state.since is not None else step.known_on,
        announced_period=max(periods, default=None),
    )


def _raise(previous: AlertState, condition: Condition, known_on: date, level: Level) -> Transition:
    risen = f"{level} after {previous.level}" if previous.level else f"{level} reached"
    reason = f"{risen} in {condition.reference_period}: {_because(condition, level)}"
    return _transition(previous, condition, known_on, after="active", level=level, reason=reason)


def _lower(previous: AlertState, condition: Condition, known_on: date) -> Transition | None:
    if condition.level == previous.level or _withdrawn(previous, condition):
        return None
    told_anew = condition.reference_period == previous.announced_period
    when = f"{condition.reference_period}, as revised" if told_anew else f"{condition.reference_period}"
    if condition.level is not None:
        if not _settled(condition, above=condition.level):
            return None
        reason = f"{previous.level} is no longer met in {when}; {condition.level} is: {_because(condition, condition.level)}"
        return _transition(previous, condition, known_on, after="active", level=condition.level, reason=reason)
    if not condition.clear or condition.pending is not None:
        return None
    reason = f"the stop condition is met in {when}"
    if condition.clear_evidence is not None:
        reason += f": {'; '.join(_grounds(condition.clear_evidence)) or condition.clear_evidence.text}"
    return _transition(previous, condition, known_on, after="resolved", level=None, reason=reason)


def _lapse(previous: AlertState, condition: Condition, known_on: date) -> Transition | None:
    if condition.pending is not None or _withdrawn(previous, condition) or not _settled(condition, above=None):
        return None
    reason = f"no level is met any more in {condition.reference_period}, before it was for long enough"
    return _transition(previous, condition, known_on, after="quiet", level=None, reason=reason)


def _withdrawn(previous: AlertState, condition: Condition) -> bool:
    """Whether the newest figure already told is missing now."""
    if condition.reference_period is None:
        return True
    return previous.announced_period is not None and condition.reference_period < previous.announced_period


def _settled(condition: Condition, *, above: Level | None) -> bool:
    """Whether every level above this one is refused by figures, none left open by a missing one."""
    return all(evidence.held is False for level, evidence in condition.evidence.items() if _rank(level) > _rank(above))


def _because(condition: Condition, level: Level) -> str:
    return "; ".join(_grounds(condition.evidence[level])) or condition.evidence[level].text


def _grounds(evidence: Evidence) -> Iterator[str]:
    """Give the sentences of the tests that hold, of the newest period; each once."""
    if evidence.test == "for":
        yield from _grounds(evidence.parts[0])
        yield evidence.text
    elif evidence.held and evidence.test == "not":
        yield from (part.text for part in evidence.parts)
    elif evidence.held and evidence.parts:
        for part in evidence.parts:
            yield from _grounds(part)
    elif evidence.held:
        yield evidence.text


def _rank(level: Level | None) -> int:
    return -1 if level is None else LEVELS.index(level)


def _transition(  # noqa: PLR0913 - a transition is all of these
    previous: AlertState, condition: Condition, known_on: date, *, after: State, level: Level | None, reason: str
) -> Transition:
    return Transition(
        key=previous.key,
        known_on=known_on,
        before=previous.state,
        after=after,
        level_before=previous.level,
        level=level,
        reason=reason,
        condition=condition,
    )
