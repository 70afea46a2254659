"""The corridor's figures in a report: every stage's total month by month, then each stage with its picture and its people."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from pillarfour.delivery import backdrop
from pillarfour.report.charts import Break, Chart, draw
from pillarfour.report.document import Block, Items, Paragraph, Picture, Section, Table
from pillarfour.report.model import Report, StageFigures
from pillarfour.report.period import Kind
from pillarfour.report.speaker import Speaker

MONTHS: dict[Kind, int] = {"weekly": 4, "quarterly": 13}
OPEN = "\u00a0*"


def overview(report: Report, speaker: Speaker) -> Section:
    """Put the totals of all stages side by side, month by month."""
    say = speaker.words.say
    published = [stage for stage in report.stages if stage.newest]
    newest = max((str(stage.newest) for stage in published), default=None)
    blocks: list[Block] = [
        Paragraph(text=say("Persons and events are different things and are never added up: whoever is met twice is two events.")),
        Paragraph(text=say("“Not published” means that there is no figure; it is never zero.")),
    ]
    if newest is None:
        return Section(title=say("The corridor"), blocks=(*blocks, Paragraph(text=say("No stage has published any figure yet."))))
    months = pd.period_range(end=newest, periods=MONTHS[report.period.kind], freq="M").astype(str)[::-1]
    columns = [say("{place} ({unit})", place=stage.title[speaker.words.language], unit=speaker.unit(stage.unit)) for stage in report.stages]
    rows = [(speaker.words.period(month), *(_total(stage, month, speaker) for stage in report.stages)) for month in months]
    blocks += [
        Table(caption=say("All nationalities, by month"), columns=(say("Month"), *columns), rows=tuple(rows)),
        Paragraph(text=say("* can still be revised: the publisher's year has not ended, or the figure is a first one."), note=True),
    ]
    return Section(title=say("The corridor"), blocks=tuple(blocks))


def stage(figures: StageFigures, report: Report, speaker: Speaker) -> Section:
    """Tell one stage: what is counted, its picture, and who they are."""
    return Section(title=figures.title[speaker.words.language], blocks=tuple(_blocks(figures, report, speaker)))


def in_brief(figures: StageFigures, speaker: Speaker) -> str:
    """Say the newest total of a stage in one sentence."""
    say, words = speaker.words.say, speaker.words
    place = figures.title[words.language]
    if figures.newest is None or not figures.lines:
        return say("{place}: nothing published yet.", place=place)
    total = figures.lines[0].values
    return say(
        "{place}: {value} {unit} in {period}; on the month before {month}, on the year before {year}.",
        place=place,
        value=speaker.count(total[-1]),
        unit=speaker.unit(figures.unit),
        period=words.period(figures.newest),
        month=speaker.change(total[-1], total[-2]),
        year=speaker.change(total[-1], total[0]),
    )


def breaks(report: Report, speaker: Speaker) -> Section:
    """Name the changes of law, definition or border that are in force, and where."""
    words = speaker.words
    places: dict[str, list[str]] = {}
    for each in report.stages:
        for found in each.breaks:
            line = words.say("{title}, since {day}", title=words.fact(found.title), day=words.day(found.since))
            places.setdefault(line, []).append(each.title[words.language])
    lines = tuple(f"{line} ({words.listed(names)})" for line, names in places.items())
    block: Block = Items(lines=lines) if lines else Paragraph(text=words.say("None is known."))
    return Section(title=words.say("Structural breaks in force"), blocks=(block,))


def _total(figures: StageFigures, month: str, speaker: Speaker) -> str:
    value = figures.lines[0].values[figures.periods.index(month)] if month in figures.periods else None
    is_open = value is not None and figures.open_from is not None and month >= figures.open_from
    return speaker.count(value) + (OPEN if is_open else "")


def _blocks(figures: StageFigures, report: Report, speaker: Speaker) -> Iterator[Block]:
    words = speaker.words
    yield Paragraph(text=words.fact(figures.counts))
    if figures.unit == "events":
        yield Paragraph(text=words.say("Events are not persons."))
    if figures.newest is None:
        yield Paragraph(text=words.say("Nothing is published yet: that is a gap, not a zero."))
        return
    yield Paragraph(text=_fresh(figures, report, speaker))
    if figures.chart is not None:
        chart = _charted(figures.chart, figures, speaker)
        newest = speaker.count(figures.lines[0].values[-1])
        alt = words.say(
            "Line chart of {title}, {first} to {last}; newest figure: {value}.",
            title=chart.title,
            first=words.period(chart.periods[0]),
            last=words.period(chart.periods[-1]),
            value=newest,
        )
        yield Picture(image=draw(chart, wording=words), alt=alt)
        if speaker.fewer_than:
            hidden = words.number(speaker.fewer_than)
            yield Paragraph(text=words.say("Months with fewer than {count} are left out of the picture.", count=hidden), note=True)
    yield _people(figures, speaker)


def _fresh(figures: StageFigures, report: Report, speaker: Speaker) -> str:
    """Say which month is the newest, since when, and which are still open."""
    words = speaker.words
    newest = words.period(str(figures.newest))
    said = [words.say("The newest month is {period}.", period=newest)]
    if figures.published_on and figures.published_basis:
        basis = backdrop.basis(figures.published_basis, words)
        published = words.say("published {day} ({basis})", day=words.day(figures.published_on), basis=basis)
        said = [words.say("The newest month is {period}, {published}.", period=newest, published=published)]
        if report.period.first <= figures.published_on <= report.period.last:
            said.append(words.say("It is new in this report."))
    if figures.open_from:
        first = words.period(figures.open_from)
        said.append(
            words.say("{period} can still be revised.", period=newest)
            if figures.open_from == figures.newest
            else words.say("{first} to {last} can still be revised.", first=first, last=newest)
        )
    return " ".join(said)


def _people(figures: StageFigures, speaker: Speaker) -> Table:
    words = speaker.words
    newest, month, year = (words.period(figures.periods[place]) for place in (-1, -2, 0))
    return Table(
        caption=words.say("{place}: who was counted in {period}", place=figures.title[words.language], period=newest),
        columns=(
            words.say("Who"),
            words.say("{period}, {unit}", period=newest, unit=speaker.unit(figures.unit)),
            words.say("change on {period}", period=month),
            words.say("change on {period}", period=year),
        ),
        rows=tuple(
            (
                line.title[words.language],
                words.say("not published apart") if line.values[-1] is None else speaker.count(line.values[-1]),
                speaker.change(line.values[-1], line.values[-2]),
                speaker.change(line.values[-1], line.values[0]),
            )
            for line in figures.lines
        ),
    )


def _charted(chart: Chart, figures: StageFigures, speaker: Speaker) -> Chart:
    """Give the chart in the reader's language, without the counts that are hidden from them."""
    words = speaker.words
    return replace(
        chart,
        title=figures.title[words.language],
        counts=words.say("all nationalities, {unit}", unit=backdrop.unit(figures.unit, words)),
        observed=tuple(None if speaker.hides(value) else value for value in chart.observed),
        breaks=tuple(Break(period=each.period, label=words.fact(each.label)) for each in chart.breaks),
    )
