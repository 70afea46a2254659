"""A night as e-mails: one a case and one digest, text complete by itself, HTML with charts, the same bytes for the same night."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from pillarfour.alerts.model import AlertKey
from pillarfour.delivery import case as naming
from pillarfour.delivery import contents, letter
from pillarfour.delivery.case import Case, cases
from pillarfour.delivery.letter import Attachment, Letter
from pillarfour.delivery.night import Mark, Night
from pillarfour.delivery.wording import Wording, wording
from pillarfour.lookups import Language
from pillarfour.report.charts import Chart, draw

CHARTS_SHOWN = 6
"""More pictures would not be looked at, and the message would be refused for its size."""


def compose(  # noqa: PLR0913 - a night's mail is all of these
    night: Night,
    *,
    sender: str,
    now: datetime,
    languages: Sequence[Language] = ("en",),
    attachments: Mapping[AlertKey, Sequence[Attachment]] | None = None,
    taken: Collection[str] = (),
) -> list[Letter]:
    """Write all of a night's messages: each case, then the digest, in each language.

    Parameters
    ----------
    night
        What was found.
    sender
        The address in ``From``.
    now
        The time in ``Date``, aware.
    attachments
        Files that go with an alert's case, as many as fit (``letter.attach``); the rest are kept beside the messages and in the ledger.
    taken
        The Message-IDs that the night's messages have already; no message is given one of them again.

    Returns
    -------
    list of Letter
        The same bytes for the same night, sender and time; the digest is the last of its language.
    """
    found = cases(night)
    files = attachments or {}
    return [
        written
        for language in languages
        for written in (
            *(
                compose_case(
                    case,
                    night,
                    sender=sender,
                    now=now,
                    language=language,
                    attachments=[file for news in case.news for file in files.get(news.transition.key, ())],
                    taken=taken,
                )
                for case in found
            ),
            compose_digest(night, sender=sender, now=now, language=language, taken=taken),
        )
    ]


def compose_case(  # noqa: PLR0913 - a message is all of these
    case: Case,
    night: Night,
    *,
    sender: str,
    now: datetime,
    language: Language,
    attachments: Sequence[Attachment] = (),
    taken: Collection[str] = (),
) -> Letter:
    """Write the message of one case."""
    words = wording(language)
    name = naming.message_id(case, night, language=language, taken=taken)
    pictures = _pictures(case, name, words)
    subject, fields = contents.of_case(case, night, words, cids=pictures, now=now)
    mail = letter.begin(name, subject, fields, template="case", words=words, sender=sender, now=now)
    if name != (root := naming.root_id(case.thread, night.mark, language=language)):
        mail["In-Reply-To"] = mail["References"] = root
    letter.show(mail, {cid: draw(chart, wording=words) for cid, chart in pictures.items()})
    letter.attach(mail, attachments)
    return Letter(
        message_id=name,
        known_on=night.known_on,
        mark=night.mark,
        subject=subject,
        quiet=False,
        kind="case",
        language=language,
        keys=tuple(news.transition.key for news in case.news),
        level=case.level,
        content=letter.seal(mail, name, subject, language=language),
    )


def compose_digest(night: Night, *, sender: str, now: datetime, language: Language, taken: Collection[str] = ()) -> Letter:
    """Write a night's digest."""
    words = wording(language)
    name = naming.digest_id(night, language=language, taken=taken)
    subject, fields = contents.of_digest(night, words)
    mail = letter.begin(name, subject, fields, template="digest", words=words, sender=sender, now=now)
    return Letter(
        message_id=name,
        known_on=night.known_on,
        mark=night.mark,
        subject=subject,
        quiet=not night.news,
        language=language,
        content=letter.seal(mail, name, subject, language=language),
    )


def compose_report(  # noqa: PLR0913 - a message is all of these
    name: str,
    *,
    subject: str,
    fields: Mapping[str, Any],
    known_on: date,
    mark: Mark,
    sender: str,
    now: datetime,
    language: Language,
    attachments: Sequence[Attachment],
) -> Letter:
    """Write the message that a report goes with; ``fields`` are those of its template."""
    mail = letter.begin(name, subject, fields, template="report", words=wording(language), sender=sender, now=now)
    letter.attach(mail, attachments)
    return Letter(
        message_id=name,
        known_on=known_on,
        mark=mark,
        subject=subject,
        quiet=False,
        kind="report",
        language=language,
        content=letter.seal(mail, name, subject, language=language),
    )


def _pictures(case: Case, name: str, words: Wording) -> dict[str, Chart]:
    charts = [chart for news in case.news[:CHARTS_SHOWN] if (chart := contents.charted(news, words)) is not None]
    return {f"chart-{place}.{name[1:-1]}": chart for place, chart in enumerate(charts, start=1)}
