"""The message that a report goes with: its few sentences, and the whole as a PDF."""

from datetime import datetime
from hashlib import sha256

from pillarfour.delivery.email import compose_report
from pillarfour.delivery.letter import Attachment, Letter
from pillarfour.delivery.wording import Wording, one_line
from pillarfour.report import contents
from pillarfour.report.model import Report
from pillarfour.report.speaker import Speaker


def write(report: Report, words: Wording, *, pdf: bytes, sender: str, now: datetime) -> Letter:
    """Write the message; its name is the same for the same period, language and exercise, whatever has become known since."""
    name = f"<{report.period.last}.{_digits(report, words)}@pillarfour>"
    title = contents.title(report, words)
    marks = f"[{words.say('EXERCISE')}: {report.exercise}] " if report.exercise else ""
    fields = {
        "banners": contents.banners(report, words),
        "opening": title,
        "brief": contents.brief(report, Speaker(words=words)),
        "attached": words.say("The whole report is attached: figures, pictures, alerts and their outcomes."),
        "known_on": words.day(report.known_on),
        "attributions": [words.fact(each.attribution) for each in report.intake if each.attribution],
    }
    return compose_report(
        name,
        subject=one_line(f"{marks}{title} (pillarfour)"),
        fields=fields,
        known_on=report.known_on,
        mark="exercise" if report.exercise else "live",
        sender=sender,
        now=now,
        language=words.language,
        attachments=[Attachment(name=f"{stem(report, words)}.pdf", subtype="pdf", content=pdf)],
    )


def stem(report: Report, words: Wording, *, external: bool = False) -> str:
    """Name a report's files, such as ``pillarfour-2021-W32-known-2021-08-15-en``."""
    return f"pillarfour-{report.period.name}-known-{report.known_on}-{words.language}{'-external' if external else ''}"


def _digits(report: Report, words: Wording) -> str:
    named = f"report\n{report.period.name}\n{words.language}\n{report.exercise}"
    return sha256(named.encode(errors="surrogatepass")).hexdigest()[:32]
