"""Report: a week or a quarter from the ledger and the store, written to a folder and recorded for the readers who ask for it."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from detectors import DETECTORS, METHODS
from flows import deliver, detect, ingest
from flows.tell import Teller
from pillarfour import breaks, clock
from pillarfour.alerts import acts, events
from pillarfour.alerts.cases import Corridor
from pillarfour.alerts.ledger import Ledger
from pillarfour.delivery import outbox, sending
from pillarfour.delivery.channels import keep_whole
from pillarfour.delivery.outbox import Recipient
from pillarfour.delivery.routes import revealed
from pillarfour.delivery.sending import Delivered
from pillarfour.delivery.wording import wording
from pillarfour.detection import OK
from pillarfour.lookups import LANGUAGES, Language
from pillarfour.model import Release, SeriesKey
from pillarfour.panel import ALL
from pillarfour.report import contents, figures, letter, outcomes, page, paper
from pillarfour.report.charts import Break, Chart, chart_of
from pillarfour.report.model import HeldRelease, Intake, Life, Report
from pillarfour.report.period import Kind, ended
from pillarfour.report.scorecard import read as read_scorecard
from pillarfour.settings import CHECKOUT, Settings
from pillarfour.store import Store
from pillarfour.triggers import reading
from pillarfour.triggers.conditions import DetectorLeaf
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Stage, Triggers

Format = Literal["html", "pdf"]
FORMATS: Final[tuple[Format, ...]] = ("html", "pdf")
SCORECARD: Final = CHECKOUT / "docs" / "scorecard.json"


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """All that one report is told from, on what was known on its date."""

    settings: Settings
    store: Store
    triggers: Triggers
    known: Night
    register: breaks.Register

    @classmethod
    def of(cls, settings: Settings, *, known_on: date) -> "Reporter":
        """Read what was known; no detector is asked yet."""
        store, triggers, register = ingest.open_store(settings), detect.load_triggers(settings), breaks.load()
        known = detect.gather(detect.Reader(store=store, triggers=triggers), known_on=known_on, register=register)
        return cls(settings=settings, store=store, triggers=triggers, known=known, register=register)

    def report(self, kind: Kind) -> Report:
        """Report on the newest week or quarter that was over on the date."""
        known_on, stages = self.known.known_on, self.triggers.stages
        period, found = ended(kind, known_on), self.lives()
        year_ago = period.last.replace(day=1, year=period.last.year - 1)
        titles = {name: recipe.title for name, recipe in detect.RECIPES.items()}
        return Report(
            period=period,
            known_on=known_on,
            stages=tuple(
                figures.of_stage(
                    stage,
                    self.known,
                    triggers=self.triggers,
                    recipes=detect.RECIPES,
                    releases=self.releases,
                    chart=self.chart(stage),
                )
                for stage in stages
            ),
            alerts=tuple(outcomes.during(found, period)),
            delays=tuple(outcomes.delays((life for life in found if period.first <= life.began <= period.last), titles=titles)),
            delays_year=tuple(outcomes.delays((life for life in found if year_ago < life.began <= period.last), titles=titles)),
            intake=tuple(self.intake(source, first=period.first, last=period.last) for source in detect.RECIPES),
            score=outcomes.score(found, period.before, corridor=self.corridor),
            scorecard=read_scorecard(SCORECARD, triggers=self.triggers, known_on=known_on),
            exercise=self.settings.exercise,
        )

    @cached_property
    def releases(self) -> Mapping[str, Release]:
        """What had been published by the date."""
        return {release.id: release for release in self.store.releases() if release.published_on <= self.known.known_on}

    @property
    def corridor(self) -> Corridor:
        """Which stages and people follow each other."""
        groups = {name: group.nationalities for name, group in self.triggers.groups.items()}
        return Corridor(stages=tuple(stage.id for stage in self.triggers.stages), groups=groups)

    def lives(self) -> list[Life]:
        """Read every alert's life out of the ledger, nothing of it later than the date."""
        day = self.known.known_on
        teller = Teller(
            settings=self.settings,
            store=self.store,
            triggers=self.triggers,
            known=self.known,
            releases=self.releases,
            register=self.register,
        )
        with Ledger(self.settings.ledger).read() as connection:
            told = [event for event in events.events(connection) if event.known_on <= day]
            said = acts.acts(connection, known_on=day)
        return outcomes.lives(told, said=said, releases=self.releases, topic=teller.topic)

    def intake(self, source: str, *, first: date, last: date) -> Intake:
        """Say what a source published between two days, what of it is held, and whether more is overdue."""
        recipe, fresh = detect.RECIPES[source], self.known.freshness[source]
        own = [release for release in self.releases.values() if release.source == source]
        supplier = self.releases.get(fresh.releases[-1]) if fresh.releases else None
        return Intake(
            source=source,
            title=recipe.title,
            attribution=recipe.publisher.attribution,
            published=sum(first <= release.published_on <= last for release in own),
            held=tuple(
                HeldRelease(id=release.id, document=release.document, problem=str(release.problems[0]) if release.problems else "")
                for release in own
                if release.status == "held"
            ),
            newest_period=fresh.newest_period,
            published_on=fresh.published_on,
            due=fresh.due,
            overdue_days=max((self.known.known_on - fresh.due).days, 0) if fresh.due else 0,
            rebuilt=supplier is not None and supplier.rebuilt,
        )

    def chart(self, stage: Stage) -> Chart | None:
        """Draw a stage's total as the detector sees it that judges most of its months; nothing where nothing is published."""
        key = SeriesKey(stage=stage.id, subject=ALL)
        if key not in self.known.rows or not any(place == stage.id for place, _ in self.known.releases):
            return None
        instances = reading.instances(self.triggers, detectors=METHODS)
        alone = [name for name, instance in self.triggers.detectors.items() if instance.method in DETECTORS]
        names = dict.fromkeys(leaf.use for leaf in self._leaves(stage) if leaf.use in alone) or alone
        panel = detect.select(self.known.panel, [key])
        judged = [instances[name].detect(panel, judge="all") for name in names]
        if not judged:
            return None
        return chart_of(
            max(judged, key=lambda scores: int((scores.status == OK).sum())),
            key,
            title=stage.title.en,
            counts=stage.unit,
            breaks=[
                Break(period=each.from_.strftime("%Y-%m"), label=each.title) for each in self.register.at(stage.id, self.known.known_on)
            ],
        )

    def _leaves(self, stage: Stage) -> Iterator[DetectorLeaf]:
        for trigger in self.triggers.triggers:
            if trigger.watched and stage.id in trigger.series.stages and ALL in trigger.series.subjects:
                yield from (leaf for _, rule in trigger.rules() for _, leaf, _ in rule.leaves() if isinstance(leaf, DetectorLeaf))


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What a scheduled report came to: its files, how many readers it was recorded for, and the round of sending."""

    report: Report
    files: tuple[Path, ...]
    recorded: int
    delivered: Delivered


def write(  # noqa: PLR0913 - a file is all of these
    report: Report,
    settings: Settings,
    *,
    folder: Path | None = None,
    languages: Collection[Language] = LANGUAGES,
    formats: Collection[Format] = FORMATS,
    fewer_than: int = 0,
) -> list[Path]:
    """Write a report's files, each whole or not at all; the same report gives the same bytes.

    Parameters
    ----------
    folder
        By default ``reports`` in the outbox folder.
    fewer_than
        Counts below it are hidden, for readers outside the task force; 0 hides nothing.
    """
    place, written = folder or settings.outbox_folder / "reports", []
    for language in languages:
        words = wording(language)
        document = contents.compose(report, words, fewer_than=fewer_than)
        name = letter.stem(report, words, external=fewer_than > 0)
        with sending.sole_sender(settings.store / ".outbox.lock"):
            for kind in formats:
                content = page.render(document, words) if kind == "html" else paper.render(document, words, known_on=report.known_on)
                keep_whole(place / f"{name}.{kind}", content)
                written.append(place / f"{name}.{kind}")
    return written


def send(settings: Settings, kind: Kind, *, password: str | None = None) -> Sent:
    """Write the report of the newest week or quarter that is over, and send it, once, to the readers who ask for it.

    It says what was known on the period's last day, so that a later run says the same.
    """
    period = ended(kind, clock.today() - timedelta(days=1))
    reporter = Reporter.of(settings, known_on=period.last)
    report, who = reporter.report(kind), deliver.routes(settings, reporter.triggers)
    files = write(report, settings)
    now, recorded = clock.now(), 0
    asking = [reader for reader in who.readers if kind in reader.reports]
    with Ledger(settings.ledger).begin() as connection:
        for language in {reader.language: None for reader in asking}:
            words = wording(language)
            pdf = next(path for path in files if path.name == f"{letter.stem(report, words)}.pdf").read_bytes()
            message = letter.write(report, words, pdf=pdf, sender=settings.mail_from, now=now)
            for reader in asking:
                if reader.language == language:
                    address = revealed(reader.address, os.environ, of=f"{reader.name}.address").get_secret_value()
                    recipient = Recipient(channel="smtp", address=address, not_before=reader.held_until(now, notices=()))
                    recorded += outbox.record(connection, message, recipients=[recipient], now=now)
    return Sent(report=report, files=tuple(files), recorded=recorded, delivered=deliver.deliver(settings, password=password))
