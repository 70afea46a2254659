"""What a change of an alert means in the words of CAP 1.2: the tables of ``docs/decisions/0006-one-cap-message-a-change.md``."""

from typing import Final, Literal

from pillarfour.alerts.model import Condition, Kind, Level
from pillarfour.delivery import reasons
from pillarfour.delivery.night import Mark
from pillarfour.delivery.notice import Notice

Status = Literal["Actual", "Exercise", "Test"]

STATUS: Final[dict[Mark, Status]] = {"live": "Actual", "exercise": "Exercise", "past": "Test"}

MOVEMENTS: Final = frozenset({"surge", "collapse", "shift"})
"""The kinds that tell of people; an outage or a revision tells of figures."""

URGENCY: Final[dict[Level, str]] = {"watch": "Future", "warning": "Expected", "emergency": "Immediate"}
"""When the agreed steps are due."""

SEVERITY: Final[dict[bool, dict[Level, str]]] = {
    True: {"watch": "Moderate", "warning": "Severe", "emergency": "Extreme"},
    False: {"watch": "Minor", "warning": "Moderate", "emergency": "Severe"},
}
"""By whether it is a movement of people."""

CERTAINTY: Final[dict[Kind, dict[Level, str]]] = {
    "surge": {"watch": "Likely", "warning": "Observed", "emergency": "Observed"},
    "collapse": {"watch": "Likely", "warning": "Observed", "emergency": "Observed"},
    "shift": {"watch": "Possible", "warning": "Likely", "emergency": "Likely"},
    "outage": dict.fromkeys(("watch", "warning", "emergency"), "Observed"),
    "revision": dict.fromkeys(("watch", "warning", "emergency"), "Observed"),
}
"""A count that is published is observed; that it is more than chance is likely at a watch, and a change of composition is an inference."""

RESPONSE: Final[dict[Level, str]] = {"watch": "Monitor", "warning": "Prepare", "emergency": "Execute"}

ENDED: Final[dict[str, tuple[str, str, str, str]]] = {
    "resolved": ("AllClear", "Past", "Minor", "Observed"),
    "retracted": ("None", "Past", "Unknown", "Unlikely"),
}
"""Response, urgency, severity and certainty of an alert that is over, or never was one."""


def status_of(notice: Notice) -> Status:
    """Say whether anybody is to act on it; a trigger on trial is a test on any night."""
    status = STATUS[notice.mark]
    return "Test" if notice.news.on_trial and status == "Actual" else status


def category_of(kind: Kind) -> str:
    """Say whether it is about the safety of people."""
    return "Safety" if kind in MOVEMENTS else "Other"


def meaning_of(notice: Notice) -> tuple[str, str, str, str]:
    """Give response, urgency, severity and certainty."""
    transition = notice.transition
    level, kind = transition.level, transition.condition.kind
    if transition.after != "active" or level is None:
        return ENDED[transition.after]
    movement = kind in MOVEMENTS
    return RESPONSE[level] if movement else "Assess", URGENCY[level], SEVERITY[movement][level], _certainty(transition.condition, level)


def _certainty(condition: Condition, level: Level) -> str:
    """Say how sure it is: what is yet to come is never observed, only likely where the lower end of its range is enough."""
    evidence = condition.evidence.get(level)
    ends = reasons.foreseen(evidence) if evidence is not None else frozenset()
    if ends:
        return "Likely" if ends == {"lower"} else "Possible"
    return CERTAINTY[condition.kind][level]
