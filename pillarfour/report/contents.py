"""A report in one language: its title, its few sentences, its sections and where it comes from."""

from pillarfour.delivery.wording import Wording
from pillarfour.report import accounts, corridor
from pillarfour.report.document import Document
from pillarfour.report.model import Report
from pillarfour.report.speaker import Speaker


def compose(report: Report, words: Wording, *, fewer_than: int = 0) -> Document:
    """Write the report.

    Parameters
    ----------
    fewer_than
        Counts below it are shown as *fewer than* it, for readers outside the task force, who see no officer's word either; 0 hides nothing.
    """
    speaker = Speaker(words=words, fewer_than=fewer_than)
    return Document(
        language=words.language,
        title=title(report, words),
        subtitle=words.say("{name}, as known on {day}", name=report.period.name, day=words.day(report.known_on)),
        banners=banners(report, words),
        brief=brief(report, speaker),
        sections=(
            corridor.overview(report, speaker),
            *(corridor.stage(each, report, speaker) for each in report.stages),
            accounts.alerts(report, speaker),
            accounts.latency(report, speaker),
            accounts.intake(report, speaker),
            accounts.score(report, speaker),
            corridor.breaks(report, speaker),
        ),
        footer=_footer(report, speaker),
    )


def title(report: Report, words: Wording) -> str:
    """Name the report by its days."""
    between = {"first": words.day(report.period.first), "last": words.day(report.period.last)}
    if report.period.kind == "weekly":
        return words.say("Weekly report, {first} to {last}", **between)
    return words.say("Quarterly report, {first} to {last}", **between)


def brief(report: Report, speaker: Speaker) -> tuple[str, ...]:
    """Say the report in a few sentences."""
    words = speaker.words
    said = [*(corridor.in_brief(each, speaker) for each in report.stages), accounts.tally(report, words)]
    held = sum(len(each.held) for each in report.intake)
    overdue = [words.fact(each.title) for each in report.intake if each.overdue_days]
    if held:
        said.append(words.many("{count} release is held and not used.", "{count} releases are held and not used.", held))
    if overdue:
        said.append(words.say("Overdue: {sources}.", sources=words.listed(overdue)))
    return tuple(said)


def banners(report: Report, words: Wording) -> tuple[str, ...]:
    """Say before anything else what nobody is to act on."""
    if not report.exercise:
        return ()
    return (words.say("EXERCISE ({name}): no real alert. Nothing here is to be acted upon.", name=report.exercise),)


def _footer(report: Report, speaker: Speaker) -> tuple[str, ...]:
    words = speaker.words
    command = f"pillarfour report {report.period.kind} --known-on {report.known_on} --language {words.language}"
    return (
        words.say("pillarfour, known on {day}. Counts are as published; a missing figure is not zero.", day=words.day(report.known_on)),
        *(words.fact(each.attribution) for each in report.intake if each.attribution),
        words.say("Made again by: {command}", command=command + (" --external" if speaker.fewer_than else "")),
    )
