"""The few sentences of a notice, in one language."""

from pillarfour.alerts.model import Kind
from pillarfour.delivery import message
from pillarfour.delivery.notice import COUNTED, Notice, Shown
from pillarfour.delivery.wording import Wording, one_line


def headline(notice: Notice, told: Shown, wording: Wording) -> str:
    """Read as ``WARNING: Haitian families, Darién: 6,527 persons in June 2021, 3 × what was expected``."""
    marks = {"live": "", "exercise": f"[{wording.say('EXERCISE')}] ", "past": f"[{wording.say('PAST NIGHT')}] "}[notice.mark]
    trial = f"[{wording.say('TEST')}] " if notice.news.on_trial else ""
    label = message.label(notice.news, wording)
    return one_line(f"{marks}{trial}{label}: {wording.fact(notice.news.topic.said(wording.language))}: {figure(notice, told, wording)}")


def description(notice: Notice, told: Shown, wording: Wording) -> str:
    """Say which agreement, what changed, why, and what the figure is not."""
    news = notice.news
    said = [f"{notice.title[wording.language]}.", message.change(news, wording)]
    if told.reasons:
        said += message.why(news, wording)
    if news.transition.condition.unit == "events":
        said.append(wording.say("Events are not persons: whoever is met twice is counted twice."))
    if any(release.rebuilt for release in news.releases):
        said.append(wording.say("Rests on documents rebuilt from published figures, not on the publisher's originals."))
    return one_line(" ".join(said))


def figure(notice: Notice, told: Shown, wording: Wording) -> str:
    """Say the newest figure in its unit, and how it compares with what was expected."""
    condition = notice.transition.condition
    if condition.unit not in COUNTED:
        return message.figure(condition, wording)
    value = told.value if told.fewer_than is None else told.fewer_than
    if value is None or condition.reference_period is None:
        return wording.say("no figure")
    said = message.counted(value, condition.unit, condition.reference_period, wording)
    if told.fewer_than is not None:
        return wording.say("fewer than {figure}", figure=said)
    return said if told.expected is None else f"{said}, {wording.multiple(value, told.expected)}"


def steps(notice: Notice, wording: Wording) -> list[str]:
    """Say what is agreed, the nearest deadline first."""
    return [
        one_line(
            wording.many(
                "within {count} hour: {step}", "within {count} hours: {step}", each.within_hours, step=each.action[wording.language]
            )
        )
        for each in sorted(notice.news.response, key=lambda each: each.within_hours)
    ]


def event(kind: Kind, wording: Wording) -> str:
    """Name what happens."""
    return {
        "surge": wording.say("More arrivals than usual"),
        "collapse": wording.say("Far fewer arrivals than usual"),
        "outage": wording.say("A publication is overdue"),
        "shift": wording.say("Who arrives has changed"),
        "revision": wording.say("Published figures were revised"),
    }[kind]
