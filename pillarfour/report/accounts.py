"""What a report says of the alerts: which began, stood and ended, how long their figures took, and how the last ones fared."""

from collections.abc import Iterable, Iterator

from pillarfour.delivery.wording import Wording, noted
from pillarfour.report.document import Block, Heading, Items, Paragraph, Section, Table
from pillarfour.report.model import Delay, Intake, Life, Report, Scorecard
from pillarfour.report.speaker import Speaker


def tally(report: Report, words: Wording) -> str:
    """Count in one sentence what began, ended and stands."""
    standing = sum(life.ended is None or life.ended > report.period.last for life in report.alerts)
    begun = words.many("{count} alert began", "{count} alerts began", len(report.begun()))
    ended = words.many("{count} ended", "{count} ended", len(report.over()))
    stand = words.many("{count} stands at its end", "{count} stand at its end", standing)
    said = [begun, ended, stand]
    if report.period.kind == "weekly":
        return words.say("In the week {listed}.", listed=words.listed(said))
    return words.say("In the quarter {listed}.", listed=words.listed(said))


def alerts(report: Report, speaker: Speaker) -> Section:
    """List the alerts that began, stood on, and ended in the period, each with its outcome."""
    words = speaker.words
    blocks: list[Block] = [Paragraph(text=tally(report, words))]
    parts = (
        (words.say("Begun in the period"), report.begun()),
        (words.say("Standing since before"), report.stood()),
        (words.say("Ended in the period"), tuple(life for life in report.over() if life not in report.begun())),
    )
    for title, found in parts:
        lines = tuple(alert(life, speaker) for life in found)
        blocks += [Heading(text=title), Items(lines=lines) if lines else Paragraph(text=words.say("None."))]
    return Section(title=words.say("Alerts and their outcomes"), blocks=tuple(blocks))


def alert(life: Life, speaker: Speaker) -> str:
    """Say one alert and what became of it."""
    words = speaker.words
    begun = words.say("{level}, alert since {since}", level=words.level(life.level), since=words.day(life.began))
    return " ".join([f"{begun}: {speaker.matter(life)}: {speaker.figure(life)}.", *_outcome(life, speaker)])


def _outcome(life: Life, speaker: Speaker) -> Iterator[str]:
    words = speaker.words
    if life.ended is None:
        yield words.say("It stands.")
    elif life.how == "retracted":
        yield words.say("Retracted on {day}.", day=words.day(life.ended))
    else:
        yield words.say("Resolved on {day}.", day=words.day(life.ended))
    if life.level != life.highest:
        yield words.say("Its highest level was {level}.", level=words.level(life.highest))
    for each in life.changes:
        yield words.say(
            "The figure of {period} was announced as {was} and is {now} now.",
            period=words.period(each.after.reference_period),
            was=speaker.count(each.before.value),
            now=speaker.count(each.after.value),
        )
    if speaker.fewer_than:
        return
    if life.acknowledged is not None:
        seen = life.acknowledged
        yield words.say(
            "Acknowledged by {author} on {day}: {reason}.", author=seen.author, day=words.day(seen.known_on), reason=seen.reason
        )
    elif life.ended is None:
        yield words.say("Not acknowledged.")


def latency(report: Report, speaker: Speaker) -> Section:
    """Say how many days lie between the end of a month and the alert on it."""
    words = speaker.words
    blocks: list[Block] = [
        Paragraph(
            text=words.say(
                "Days from the end of the month that began an alert to its publication, and from its publication to the alert: "
                "the median, and the worst in brackets. Alerts on overdue or revised publications are left out."
            )
        )
    ]
    parts = (
        (words.say("Alerts that began in the period"), report.delays),
        (words.say("Alerts that began in the twelve months to its end"), report.delays_year),
    )
    for title, found in parts:
        blocks.append(_delays(title, found, words) if found else Paragraph(text=words.say("{title}: none.", title=title)))
    return Section(title=words.say("From the data to the alert"), blocks=tuple(blocks))


def _delays(title: str, found: Iterable[Delay], words: Wording) -> Table:
    def days(median: float, worst: int) -> str:
        return f"{words.number(median)} ({words.number(worst)})"

    return Table(
        caption=title,
        columns=(words.say("Source"), words.say("alerts"), words.say("days to publication"), words.say("days to the alert")),
        rows=tuple((words.fact(each.title), words.number(each.alerts), days(*each.to_publication), days(*each.to_alert)) for each in found),
    )


def intake(report: Report, speaker: Speaker) -> Section:
    """Say what each source published, what of it is held, and what is overdue."""
    words = speaker.words
    rows = tuple(
        (
            words.fact(each.title),
            words.number(each.published),
            words.number(len(each.held)),
            words.period(each.newest_period) if each.newest_period else words.say("nothing published"),
            _due(each, words),
        )
        for each in report.intake
    )
    columns = (words.say("Source"), words.say("releases"), words.say("held"), words.say("newest month"), words.say("next"))
    blocks: list[Block] = [Table(caption=words.say("Releases in the period"), columns=columns, rows=rows, figures=False)]
    held = [each for source in report.intake for each in source.held]
    if held and not speaker.fewer_than:
        lines = tuple(f"{each.id} ({each.document}): {each.problem}" for each in held)
        blocks += [Heading(text=words.say("Held releases, not used")), Items(lines=lines)]
    rebuilt = [words.fact(each.title) for each in report.intake if each.rebuilt]
    if rebuilt:
        names = words.listed(rebuilt)
        text = words.say("Rebuilt from published figures, not the publisher's own documents: {names}.", names=names)
        blocks.append(Paragraph(text=text, note=True))
    return Section(title=words.say("Releases"), blocks=tuple(blocks))


def _due(source: Intake, words: Wording) -> str:
    if source.due is None:
        return "–"
    day = words.day(source.due)
    if not source.overdue_days:
        return words.say("about {day}", day=day)
    return words.many("since {day}, {count} day overdue", "since {day}, {count} days overdue", source.overdue_days, day=day)


def score(report: Report, speaker: Speaker) -> Section:
    """Say how the alerts of the period before fared, and what the kept scorecard says."""
    words, found = speaker.words, report.score
    between = {"first": words.day(found.period.first), "last": words.day(found.period.last), "day": words.day(report.known_on)}
    blocks: list[Block] = []
    if found.alerts:
        one, more = noted(
            "{count} alert of a movement began from {first} to {last}. As known on {day}:",
            "{count} alerts of a movement began from {first} to {last}. As known on {day}:",
        )
        counted = (
            (words.say("confirmed by the next stage on the way"), found.confirmed),
            (words.say("retracted after a revision"), found.retracted),
            (words.say("ended unconfirmed"), found.resolved),
            (words.say("standing, not confirmed yet"), found.open),
            (words.say("standing at the last stage, which none follows"), found.last_stage),
        )
        lines = tuple(f"{name}: {words.number(number)}" for name, number in counted)
        blocks += [Paragraph(text=words.many(one, more, found.alerts, **between)), Items(lines=lines)]
    else:
        blocks.append(Paragraph(text=words.say("No alert of a movement began from {first} to {last}.", **between)))
    blocks += _scorecard(report.scorecard, words)
    return Section(title=words.say("Last period's score"), blocks=tuple(blocks))


def _after(lead_days: float, words: Wording) -> str:
    """Write how long after the onset; before it with a minus sign."""
    return f"{'−' if lead_days > 0 else ''}{words.number(abs(lead_days))}"


def _scorecard(found: Scorecard, words: Wording) -> list[Block]:
    why = {
        "missing": words.say("No scorecard of the triggers on past events is kept: run pillarfour scorecard."),
        "unreadable": words.say("The kept scorecard cannot be read: run pillarfour scorecard anew."),
        "other_rules": words.say("The kept scorecard is of another set of triggers, and is left out: run pillarfour scorecard anew."),
        "later": words.say("The kept scorecard rests on figures that came out after this report's date, and is left out."),
    }
    if found.state in why or found.first is None or found.last is None:
        return [Paragraph(text=why.get(found.state, why["missing"]), note=True)]
    sorts = {
        "labelled surges": words.say("Surges on record"),
        "labelled policies, rise expected": words.say("Policies after which a rise was expected"),
        "labelled policies and collapses, fall expected": words.say("Policies and collapses after which a fall was expected"),
        "mechanical doublings": words.say("Doublings of a series"),
        "mechanical halvings": words.say("Halvings of a series"),
    }
    rows = tuple(
        (
            sorts.get(each.events, each.events),
            words.say("{told} of {all}", told=words.number(each.told), all=words.number(each.of)),
            "–" if each.lead_days is None else _after(each.lead_days, words),
        )
        for each in found.tried
    )
    caption = words.say("The triggers on past events, {first} to {last}", first=words.day(found.first), last=words.day(found.last))
    columns = (words.say("Event"), words.say("told of"), words.say("median days after the onset"))
    false = words.say("{false} of {all} alerts had no event behind them.", false=words.number(found.false), all=words.number(found.alerts))
    return [Table(caption=caption, columns=columns, rows=rows), Paragraph(text=false)]
