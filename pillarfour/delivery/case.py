"""A case as it is told: one message a movement and night, in the thread of its first one."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, count

from pillarfour.alerts.model import Level, State, rank
from pillarfour.delivery.night import Mark, News, Night, Standing
from pillarfour.lookups import Language

DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
ORDER: tuple[State, ...] = ("active", "retracted", "resolved", "pending", "quiet")


@dataclass(frozen=True, kw_only=True)
class Case:
    """The changes of one movement on one night, the gravest first and those on trial last, and what else of it stands.

    Parameters
    ----------
    thread
        What its messages have in common, on every night: the case's name, or for an alert without one its own with its first night.
    """

    thread: str
    news: tuple[News, ...]
    standing: tuple[Standing, ...] = ()

    @property
    def lead(self) -> News:
        """The change that the message begins with."""
        return self.news[0]

    @property
    def level(self) -> Level | None:
        """The highest level reached."""
        return max((each.transition.level for each in self.news), key=rank)

    @property
    def begins(self) -> bool:
        """Whether no message was sent of it before."""
        return not self.standing and all(each.transition.before != "active" for each in self.news)


def cases(night: Night) -> list[Case]:
    """Group what is announced by movement, the gravest case first; what is only pending is left to the digest."""
    found: dict[str, list[News]] = {}
    for news in sorted(night.news, key=_gravity):
        if "active" in {news.transition.before, news.transition.after}:
            found.setdefault(thread(news), []).append(news)
    return [
        Case(
            thread=name,
            news=tuple(together),
            standing=tuple(each for each in night.standing if each.state.case_id is not None and each.state.case_id == name),
        )
        for name, together in found.items()
    ]


def thread(news: News) -> str:
    """Name the thread that a change belongs to."""
    return news.transition.case_id or f"{news.since}-{news.transition.key}"


def message_id(case: Case, night: Night, *, language: Language, taken: Collection[str] = ()) -> str:
    """Name a case's message: the first one by the case alone, so that every later one can refer to it; those by what they tell.

    Parameters
    ----------
    taken
        The names that the night's messages have already. What happens again on one night, such as a rise whose figure was withdrawn and
        given again, is told again.
    """
    root = root_id(case.thread, night.mark, language=language)
    if case.begins and root not in taken:
        return root
    return _untaken(str(night.known_on), night.mark, language, case.thread, *sorted(map(_event, case.news)), taken=taken)


def root_id(name: str, mark: Mark, *, language: Language) -> str:
    """Name the first message of a case."""
    dated = DATED.match(name)
    return _name(dated[0] if dated else "case", mark, language, name)


def digest_id(night: Night, *, language: Language, taken: Collection[str] = ()) -> str:
    """Name a night's digest by the night and the changes it tells of; a night without any has one digest, however often it is run."""
    events = sorted(_event(each) for each in night.news)
    return _untaken(str(night.known_on), night.mark, language, "digest", *events, taken=taken if events else ())


def _untaken(start: str, *parts: str, taken: Collection[str]) -> str:
    names = chain([_name(start, *parts)], (_name(start, *parts, str(number)) for number in count(2)))
    return next(name for name in names if name not in taken)


def _name(start: str, *parts: str) -> str:
    digits = sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
    return f"<{start}.{digits}@pillarfour>"


def _event(news: News) -> str:
    each = news.transition
    return "|".join(map(str, (each.key, each.known_on, each.before, each.after, each.level_before, each.level)))


def _gravity(news: News) -> tuple[bool, int, int, str]:
    return news.on_trial, ORDER.index(news.transition.after), -rank(news.transition.level), str(news.transition.key)
