"""What a night came to, short enough for a terminal and for Prefect's interface."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from flows.alert import Told
from flows.ingest import Outcome
from pillarfour.alerts.model import LEVELS
from pillarfour.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A night in a few rows.

    Parameters
    ----------
    changed
        Whether anything was added: a release, held ones included, a transition, or a message.
    held
        Releases that wait for an analyst.
    failures
        What could not be read or sent, in words.
    """

    known_on: date
    sources: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    transitions: int
    documents: dict[str, int]
    held: tuple[str, ...]
    failures: tuple[str, ...]
    sent: int
    mail: Path
    store: Path
    ledger: str
    changed: bool

    def by_level(self) -> dict[str, int]:
        """Count the alerts that stand."""
        counted = Counter(row["level"] for row in self.alerts)
        return {level: counted[level] for level in reversed(LEVELS)}

    def markdown(self) -> str:
        """Say it in a few lines."""
        levels = ", ".join(f"{count} {level}" for level, count in self.by_level().items())
        lines = [
            f"Known on **{self.known_on}**: {levels}; {self.transitions} new.",
            f"Documents: {', '.join(f'{count} {result}' for result, count in self.documents.items()) or 'none'}.",
            *(f"- held: `{release}`" for release in self.held),
            *(f"- failed: {failure}" for failure in self.failures),
        ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Give it to a machine."""
        return {**asdict(self), "by_level": self.by_level()}


def of(told: Told, outcomes: Sequence[Outcome], settings: Settings) -> Summary:
    """Put a night's summary together."""
    documents = Counter(outcome.result for outcome in outcomes)
    return Summary(
        known_on=told.night.known_on,
        sources=[
            {
                "source": source.source,
                "newest": source.newest_period,
                "published_on": source.published_on,
                "basis": source.published_basis,
                "days": source.days_since,
                "next_due": source.next_expected_on,
                "documents": None if source.newest_period is None else "rebuilt" if source.rebuilt else "original",
            }
            for source in told.night.sources
        ],
        alerts=[
            {"level": state.level, "alert": str(state.key), "since": state.since, "newest": state.announced_period}
            for state in sorted(told.states, key=lambda state: (-LEVELS.index(state.level) if state.level else 1, state.key))
            if state.state == "active"
        ],
        transitions=len(told.transitions),
        documents=dict(sorted(documents.items())),
        held=tuple(release.id for release in told.night.held),
        failures=(
            *(outcome.detail for outcome in outcomes if outcome.result == "failed"),
            *told.delivered.failures,
            *([f"messages given up: {told.delivered.dead}; see `pillarfour outbox list --dead`"] if told.delivered.dead else []),
        ),
        sent=told.delivered.sent,
        mail=settings.outbox_folder,
        store=settings.store,
        ledger=make_url(settings.ledger).render_as_string(hide_password=True),
        changed=bool(any(outcome.added for outcome in outcomes) or told.run or told.delivered.sent),
    )
