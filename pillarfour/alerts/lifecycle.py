"""What becomes of an alert on a night: decided from where it stands and what was found, and from nothing else."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from pillarfour.alerts.model import (
    AlertState,
    Change,
    Condition,
    Evidence,
    Figure,
    Heard,
    Kind,
    Level,
    Revision,
    State,
    Transition,
    rank,
)


class Step(Protocol):
    """What moves a state: a ``Transition``, or an event of the ledger; the names are those of ``Transition``."""

    @property
    def known_on(self) -> date: ...  # noqa: D102 - as said above
    @property
    def kind(self) -> Kind: ...  # noqa: D102
    @property
    def before(self) -> State: ...  # noqa: D102
    @property
    def after(self) -> State: ...  # noqa: D102
    @property
    def level_before(self) -> Level | None: ...  # noqa: D102
    @property
    def level(self) -> Level | None: ...  # noqa: D102
    @property
    def reference_period(self) -> str | None: ...  # noqa: D102
    @property
    def figures(self) -> tuple[Figure, ...]: ...  # noqa: D102
    @property
    def rule_sha256(self) -> str: ...  # noqa: D102
    @property
    def unannounced_because(self) -> str | None: ...  # noqa: D102
    @property
    def case_id(self) -> str | None: ...  # noqa: D102


def decide(previous: AlertState, condition: Condition, *, known_on: date, revision: Revision | None = None) -> Transition | None:
    """Decide whether an alert's state changes on a night, and say why.

    A higher level is always decided. A lower one, and the end, are decided only by figures: where a figure is missing, or the newest
    one told has been withdrawn, the alert stands as it is. It does not end in a month in which a level is met again. Where the figures
    that it was announced with have been revised and no month since supports it, it is retracted. No state ends by the clock, and what
    already stands is not decided again.

    Parameters
    ----------
    previous
        Where the alert stands after the nights up to this one.
    condition
        What its trigger found on this night.
    revision
        What is left of the alert where figures that it was announced with read otherwise now; None where none does.

    Returns
    -------
    Transition or None
        None where nothing changes.
    """
    if condition.level is not None and rank(condition.level) > rank(previous.level):
        return _raise(previous, condition, known_on, condition.level)
    if previous.state == "active":
        return _end_or_lower(previous, condition, known_on, revision)
    if previous.state == "pending":
        return _lapse(previous, condition, known_on)
    if condition.pending is not None:
        because = _because(condition, condition.pending)
        reason = f"{condition.pending} is met in {condition.reference_period}, but not yet for long enough: {because}"
        return _transition(previous, condition, known_on, after="pending", level=None, reason=reason)
    return None


def end_unasked(previous: AlertState, *, known_on: date, why: str) -> Transition | None:
    """End an alert that no rule asks about any more; the figures have not ended it, and the reason says so.

    Parameters
    ----------
    why
        What became of the rule, such as ``trigger darien-surge is retired``.
    """
    if previous.state not in {"active", "pending"}:
        return None
    series = f"{previous.key.stage}/{previous.key.subject}"
    last = [figure for figure in previous.figures if (figure.series, figure.reference_period) == (series, previous.announced_period)]
    condition = Condition(
        key=previous.key,
        kind=previous.kind or "surge",
        level=None,
        clear=None,
        reference_period=previous.announced_period,
        value=last[0].value if last else None,
        expected=None,
        unit="",
        evidence={},
        rule_sha256=previous.rule_sha256 or "",
    )
    after: State = "resolved" if previous.state == "active" else "quiet"
    reason = f"{why}: nobody asks about this alert any more; no figure has ended it"
    return _transition(previous, condition, known_on, after=after, level=None, reason=reason)


def follow(state: AlertState, step: Step) -> AlertState:
    """Take a transition, or an event as it was recorded: the state after it."""
    told = "active" in {step.before, step.after}
    announced = told and step.unannounced_because is None
    raised = rank(step.level) > rank(step.level_before)
    goes_on = step.before == "active"
    periods = [period for period in (state.announced_period, step.reference_period if told else None) if period is not None]
    figures = [*(state.figures if goes_on else ()), *step.figures]
    months = [*(state.periods if goes_on else ()), *([step.reference_period] if raised and step.reference_period else [])]
    return AlertState(
        key=state.key,
        state=step.after,
        level=step.level,
        since=state.since if step.before == step.after and state.since is not None else step.known_on,
        announced_period=max(periods, default=None),
        kind=step.kind,
        figures=_newest(figures) if step.after == "active" else (),
        periods=tuple(months) if step.after == "active" else (),
        heard=Heard(on=step.known_on, level=step.level, reference_period=step.reference_period) if announced else state.heard,
        rule_sha256=step.rule_sha256,
        case_id=step.case_id,
    )


def _newest(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Keep of each series and period what was said last."""
    return tuple(sorted({(figure.series, figure.reference_period): figure for figure in figures}.values()))


def _raise(previous: AlertState, condition: Condition, known_on: date, level: Level) -> Transition:
    risen = f"{level} after {previous.level}" if previous.level else f"{level} reached"
    reason = f"{risen} in {condition.reference_period}: {_because(condition, level)}"
    return _transition(previous, condition, known_on, after="active", level=level, reason=reason)


def _end_or_lower(previous: AlertState, condition: Condition, known_on: date, revision: Revision | None) -> Transition | None:
    """Retract what revisions have left nothing of; else what tonight's figures say goes before what revisions have left."""
    left = max(revision.supported, condition.level, key=rank) if revision is not None and revision.changes else previous.level
    lowered = _lower(previous, condition, known_on)
    if revision is None or rank(left) >= rank(previous.level):
        return lowered
    if lowered is not None and left is not None:
        return replace(lowered, changes=revision.changes, reason=f"{lowered.reason}; revised: {_named(revision.changes)}")
    if left is None and condition.pending is not None:
        return None
    reason = f"revised figures no longer support {previous.level}{f', but {left}' if left else ''}: {_named(revision.changes)}"
    after: State = "active" if left else "retracted"
    return _transition(previous, condition, known_on, after=after, level=left, reason=reason, changes=revision.changes)


def _named(changes: Iterable[Change]) -> str:
    return "; ".join(map(str, changes))


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
    return all(evidence.held is False for level, evidence in condition.evidence.items() if rank(level) > rank(above))


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


def _transition(  # noqa: PLR0913 - a transition is all of these
    previous: AlertState,
    condition: Condition,
    known_on: date,
    *,
    after: State,
    level: Level | None,
    reason: str,
    changes: tuple[Change, ...] = (),
) -> Transition:
    if previous.state in {"active", "pending"} and previous.rule_sha256 not in {None, condition.rule_sha256}:
        reason += " (the rule has changed since this alert was last decided)"
    return Transition(
        key=previous.key,
        known_on=known_on,
        before=previous.state,
        after=after,
        level_before=previous.level,
        level=level,
        reason=reason,
        condition=condition,
        changes=changes,
        case_id=previous.case_id if previous.state == "active" else None,
    )
