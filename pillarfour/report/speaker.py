"""How figures, changes and alerts are said in a report, small counts hidden where it goes outside the task force."""

from dataclasses import dataclass

from pillarfour.alerts.model import Condition
from pillarfour.delivery import message
from pillarfour.delivery.wording import LEAST_WHOLE, Wording
from pillarfour.report.model import Life

COUNTED = frozenset({"persons", "events"})


@dataclass(frozen=True, kw_only=True)
class Speaker:
    """One language and one audience.

    Parameters
    ----------
    fewer_than
        Counts below it are not shown, nor what they could be worked out from; 0 shows everything.
    """

    words: Wording
    fewer_than: int = 0

    def hides(self, value: float | None) -> bool:
        """Say whether a count is too small to be shown."""
        return value is not None and value < self.fewer_than

    def count(self, value: float | None) -> str:
        """Write a count; a missing one is no zero."""
        if value is None:
            return self.words.say("not published")
        if self.hides(value):
            return self.words.say("fewer than {count}", count=self.words.number(self.fewer_than))
        return self.words.number(value)

    def change(self, value: float | None, before: float | None) -> str:
        """Write how a count differs from an earlier one, as ``+2,347 (+56 %)``; the ratio only where the earlier one is no handful."""
        if value is None or before is None:
            return "–"
        if self.hides(value) or self.hides(before):
            return self.words.say("not shown")
        moved = f"{_sign(value - before)}{self.words.number(abs(value - before))}"
        if before < LEAST_WHOLE or value == before:
            return moved
        if value >= 2 * before:
            return f"{moved} ({self.words.say('{times} ×', times=self.words.ratio(value / before))})"
        return f"{moved} ({_sign(value - before)}{self.words.percent(abs(value - before) / before)})"

    def unit(self, name: str) -> str:
        """Name what is counted."""
        return {"persons": self.words.say("persons"), "events": self.words.say("events")}.get(name, name)

    def figure(self, life: Life) -> str:
        """Say the figure that an alert rests on, and how it compares."""
        if life.unit in COUNTED and self.hides(life.value) and life.reference_period is not None:
            return self.words.say("{value} in {period}", value=self.count(life.value), period=self.words.period(life.reference_period))
        return message.figure(_condition(life), self.words)

    def matter(self, life: Life) -> str:
        """Say who and where, and what about them where the figure does not."""
        return message.matter(life.topic, _condition(life), self.words, ended=life.ended is not None)


def _condition(life: Life) -> Condition:
    return Condition(
        key=life.key,
        kind=life.kind,
        level=life.level,
        clear=None,
        reference_period=life.reference_period,
        value=life.value,
        expected=life.expected,
        unit=life.unit,
        evidence={},
        rule_sha256="",
    )


def _sign(difference: float) -> str:
    return "+" if difference > 0 else "−" if difference < 0 else ""
