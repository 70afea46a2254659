"""A case: the alerts of one movement, so that the officer sees one event and not nine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from pillarfour.alerts.events import Event
from pillarfour.alerts.model import AlertKey, AlertState, Kind, Level, Transition, rank

DIRECTIONS: Mapping[Kind, str] = {"surge": "rise", "shift": "rise", "collapse": "fall"}
"""Which kinds tell of a movement, and which way; an outage or a revision of figures is none."""

ALL = "total"
"""The subject of a stage's total."""


@dataclass(frozen=True, kw_only=True)
class Corridor:
    """What makes two alerts neighbours: stages in the order of travel, and nationalities that move as one."""

    stages: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def near(self, one: str, other: str, *, everybody: bool) -> bool:
        """Whether people seen at two stages can be the same movement: the same stage, or two of the corridor.

        Totals of all nationalities are near only at stages next to each other. Of one people a stage between does not part what is seen
        before and behind it: it publishes later, or has not met those who pass.
        """
        if one == other:
            return True
        if one not in self.stages or other not in self.stages:
            return False
        return not everybody or abs(self.stages.index(one) - self.stages.index(other)) == 1

    def akin(self, one: str, other: str) -> bool:
        """Whether two subjects are the same, or one is a group that contains the other; the total of all is akin to itself alone."""
        return one == other or one in self.groups.get(other, ()) or other in self.groups.get(one, ())


@dataclass(frozen=True, kw_only=True)
class Case:
    """A movement as its alerts tell it.

    Parameters
    ----------
    since, until
        The nights of its first alert's beginning and of its last alert's end; ``until`` is None while any stands.
    highest
        The gravest level that any of its alerts reached.
    alerts
        In the order in which they began.
    standing
        Those that stand.
    """

    id: str
    since: date
    until: date | None
    highest: Level | None
    alerts: tuple[AlertKey, ...]
    standing: tuple[AlertKey, ...]


def summarise(events: Iterable[Event]) -> list[Case]:
    """Sum up the cases of the ledger's events, given in the order of nights; the newest case first."""
    lives: dict[str, list[Event]] = {}
    for event in events:
        if event.case_id is not None:
            lives.setdefault(event.case_id, []).append(event)
    return sorted((_case(case_id, life) for case_id, life in lives.items()), key=lambda case: (case.since, case.id), reverse=True)


def _case(case_id: str, life: Sequence[Event]) -> Case:
    last = {event.key: event for event in life}
    standing = tuple(key for key, event in last.items() if event.after == "active")
    return Case(
        id=case_id,
        since=life[0].known_on,
        until=None if standing else max(event.known_on for event in last.values()),
        highest=max((event.level for event in life), key=rank),
        alerts=tuple(last),
        standing=standing,
    )


@dataclass(frozen=True, kw_only=True)
class _Member:
    """An alert that stands tonight; ``case_id`` is None where it begins tonight."""

    key: AlertKey
    direction: str
    case_id: str | None


def assign(transitions: Sequence[Transition], states: Iterable[AlertState], *, corridor: Corridor) -> list[Transition]:
    """Give each alert that begins tonight its case; the others keep theirs.

    Two alerts belong together when they stand on the same night, both tell of a rise or both of a fall, their subjects are the same or
    one contains the other, and their stages are near (``Corridor.near``); so do those that a third joins. A shift of the mix of all
    tells neither of more nor of fewer and is a movement of its own. An alert joins the oldest standing case that it belongs to. A case
    keeps its name for ever: two that a later alert joins stay two.

    Parameters
    ----------
    states
        Where every alert stands after tonight's transitions.

    Returns
    -------
    list of Transition
        The same, in the same order, with their cases.
    """
    beginning = {each.key: each for each in transitions if each.after == "active" and each.before != "active" and each.kind in DIRECTIONS}
    members = [
        _Member(key=state.key, direction=_direction(state.key, state.kind), case_id=None if state.key in beginning else state.case_id)
        for state in states
        if state.state == "active" and state.kind is not None and state.kind in DIRECTIONS
    ]
    named: dict[AlertKey, str] = {}
    for together in _components(members, corridor):
        standing = [member.case_id for member in together if member.case_id is not None]
        new = [member for member in together if member.key in beginning]
        if new:
            case_id = min(standing) if standing else _name(new, beginning, corridor)
            named |= {member.key: case_id for member in new}
    return [replace(each, case_id=named[each.key]) if each.key in named and each.key in beginning else each for each in transitions]


def _direction(key: AlertKey, kind: Kind) -> str:
    return "shift" if kind == "shift" and key.subject == ALL else DIRECTIONS[kind]


def _components(members: Sequence[_Member], corridor: Corridor) -> list[list[_Member]]:
    left, found = sorted(members, key=lambda member: member.key), []
    while left:
        together = [left.pop(0)]
        for member in together:
            near = [each for each in left if _neighbours(member, each, corridor)]
            together += near
            left = [each for each in left if each not in near]
        found.append(together)
    return found


def _neighbours(one: _Member, other: _Member, corridor: Corridor) -> bool:
    return (
        one.direction == other.direction
        and corridor.near(one.key.stage, other.key.stage, everybody=one.key.subject == ALL)
        and corridor.akin(one.key.subject, other.key.subject)
    )


def _name(new: Sequence[_Member], beginning: Mapping[AlertKey, Transition], corridor: Corridor) -> str:
    """Name a case after its first night and its first alert on the way, such as ``2021-07-12-rise-darien-haitian``."""

    def place(member: _Member) -> tuple[int, str, AlertKey]:
        stage = member.key.stage
        return (corridor.stages.index(stage) if stage in corridor.stages else len(corridor.stages), member.key.subject, member.key)

    first = min(new, key=place)
    return f"{beginning[first.key].known_on}-{first.direction}-{first.key.stage}-{first.key.subject}"
