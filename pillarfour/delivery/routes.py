"""Who is told what, how and when: read from one strict YAML file of the installation's own."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from pillarfour import strict_yaml
from pillarfour.alerts.model import Kind, Level, rank
from pillarfour.delivery.letter import checked_address
from pillarfour.delivery.notice import Notice
from pillarfour.errors import ConfigurationError, DeliveryError
from pillarfour.lookups import Language
from pillarfour.recipe import Facts
from pillarfour.report.period import Kind as Period
from pillarfour.strict_yaml import Location, Text

Way = Literal["smtp", "webhook", "chat"]
SECRET_WAYS: Final = frozenset({"webhook", "chat"})
"""Whoever knows such an address may write to it."""
NOUN: Final = {"stages": "stage", "subjects": "subject", "notify": "group of readers"}


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as cause:
        raise ValueError(f"{name!r} is no time zone; write one as America/Panama") from cause
    return name


def _hour(value: str) -> str:
    try:
        time.fromisoformat(value)
    except ValueError as cause:
        raise ValueError(f'{value!r} is no time of day; write it as "22:00"') from cause
    return value


class FromEnvironment(Facts):
    """A value that the environment holds."""

    env: Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]


class QuietHours(Facts):
    """When a reader is not to be woken; they may span midnight."""

    from_: Annotated[str, AfterValidator(_hour), Field(alias="from")]
    until: Annotated[str, AfterValidator(_hour)]
    zone: Annotated[str, AfterValidator(_zone)]

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.from_ == self.until:
            raise strict_yaml.several([(("until",), "quiet hours that never end would hold everything; give another end")])
        return self

    def end(self, now: datetime) -> datetime | None:
        """Say when the quiet hours that ``now`` lies in are over; None where it lies in none."""
        local = now.astimezone(ZoneInfo(self.zone))
        begins, ends = time.fromisoformat(self.from_), time.fromisoformat(self.until)
        for day in (local.date() - timedelta(days=1), local.date()):
            start = datetime.combine(day, begins, local.tzinfo)
            end = datetime.combine(day if ends > begins else day + timedelta(days=1), ends, local.tzinfo)
            if start <= local < end:
                return end
        return None


class Reader(Facts):
    """One reader: how they are reached, and what they are told. What is left out excludes nothing.

    Parameters
    ----------
    notify
        Groups of readers that triggers name.
    levels
        Of an alert as it begins, changes or ends: the higher of before and after.
    subjects
        Nationalities, groups, ``total``, or a source for its outages; a nationality in a group counts as both.
    digest
        Whether each night's digest is sent, by mail.
    reports
        Which reports are sent, by mail, once their week or quarter is over.
    operator
        Whether it is told, by mail, when a night fails.
    external
        Whether the reader stands outside the task force and sees no small counts.
    """

    name: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,60}$")]
    way: Way
    address: str | FromEnvironment
    key: FromEnvironment | None = None
    authority: Path | None = None
    language: Language = "en"
    notify: tuple[str, ...] | None = None
    levels: tuple[Level, ...] | None = None
    stages: tuple[str, ...] | None = None
    subjects: tuple[str, ...] | None = None
    kinds: tuple[Kind, ...] | None = None
    digest: bool = True
    reports: tuple[Period, ...] = ()
    operator: bool = False
    external: bool = False
    quiet_hours: QuietHours | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        found: list[tuple[Location, str]] = []
        if self.way in SECRET_WAYS and isinstance(self.address, str):
            found.append((("address",), f"the address of a {self.way} is a secret; write {{env: NAME}} and set NAME"))
        if (self.way == "webhook") != (self.key is not None):
            found.append((("way",), "a webhook, and nothing else, needs a key to sign with; write key: {env: NAME}"))
        if self.way != "smtp" and self.reports:
            found.append((("reports",), "reports are sent by mail; give this reader the way smtp, or none of them"))
        if self.way == "smtp" and self.external:
            found.append((("external",), "the mail shows every figure; give an external reader a webhook or a chat"))
        if self.way == "smtp" and isinstance(self.address, str):
            try:
                checked_address(self.address)
            except DeliveryError as fault:
                found.append((("address",), str(fault)))
        if found:
            raise strict_yaml.several(found)
        return self

    def wants(self, notice: Notice, *, groups: Mapping[str, Collection[str]]) -> bool:
        """Say whether a notice is for this reader."""
        transition = notice.transition
        level = max(transition.level, transition.level_before, key=rank)
        return (
            (self.notify is None or not set(self.notify).isdisjoint(notice.notify))
            and (self.levels is None or level in self.levels)
            and (self.stages is None or transition.key.stage in self.stages)
            and (self.subjects is None or self._concerns(notice, groups))
            and (self.kinds is None or transition.condition.kind in self.kinds)
        )

    def held_until(self, now: datetime, *, notices: Collection[Notice]) -> datetime | None:
        """Say when what is recorded now may be sent; at once where an emergency is among it, or begins to end."""
        levels = {level for notice in notices for level in (notice.transition.level, notice.transition.level_before)}
        return None if self.quiet_hours is None or "emergency" in levels else self.quiet_hours.end(now)

    def _concerns(self, notice: Notice, groups: Mapping[str, Collection[str]]) -> bool:
        asked = self.subjects or ()
        members = {member for name in asked for member in groups.get(name, ())}
        return notice.transition.key.subject in {*asked, *members} or not set(asked).isdisjoint(notice.nationalities)


class Cap(Facts):
    """The CAP messages: one a change, the same for all who get it."""

    external: bool = False
    """Whether anybody outside the task force reads the folder or its feed; then small counts are hidden in all of them."""


class Routes(Facts):
    """The whole file."""

    version: Literal[1]
    fewer_than: int = Field(default=10, ge=0)
    """Counts below it are not shown to external readers."""
    cap: Cap = Cap()
    readers: tuple[Reader, ...] = ()

    def hidden_below(self, reader: Reader) -> int:
        """Give the number below which counts are hidden from a reader; 0 for none."""
        return self.fewer_than if reader.external else 0

    @property
    def hidden_in_cap(self) -> int:
        """Give the same for the CAP messages."""
        return self.fewer_than if self.cap.external else 0


def load(path: Path, *, known: Mapping[str, Collection[str]] | None = None) -> Routes:
    """Read the routes.

    Parameters
    ----------
    known
        The names of ``stages``, ``subjects`` and ``notify`` that are known; without them they are not looked at.

    Raises
    ------
    ConfigurationError
        Listing every fault as ``routes.yaml:12:3: …``.
    """
    text = strict_yaml.read(path, error=ConfigurationError)
    routes = strict_yaml.validate(Routes, text, error=ConfigurationError)
    faults = [*_twice(routes, text), *_unknown(routes, text, known or {})]
    if faults:
        raise ConfigurationError("\n".join(faults))
    return routes


def revealed(value: str | FromEnvironment, environment: Mapping[str, str], *, of: str) -> SecretStr:
    """Give a value, from the environment where it is a reference; ``of`` names whose it is.

    Raises
    ------
    ConfigurationError
        If the environment does not hold it.
    """
    if isinstance(value, str):
        return SecretStr(value)
    found = environment.get(value.env, "").strip()
    if not found:
        raise ConfigurationError(f"routes: {of}: the environment has no {value.env}; set it")
    return SecretStr(found)


def mailed_to(reader: Reader, environment: Mapping[str, str]) -> str:
    """Give a mail reader's address, or their name where the environment does not hold it: the sending looks it up again."""
    try:
        return revealed(reader.address, environment, of=f"{reader.name}.address").get_secret_value()
    except ConfigurationError:
        return reader.name


def _twice(routes: Routes, text: Text) -> Iterator[str]:
    names = [reader.name for reader in routes.readers]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"{text.place(('readers', place, 'name'))}: a second reader {name!r}; give each a name of its own"


def _unknown(routes: Routes, text: Text, known: Mapping[str, Collection[str]]) -> Iterator[str]:
    for place, reader in enumerate(routes.readers):
        for field, words in known.items():
            for number, word in enumerate(getattr(reader, field) or ()):
                if word not in words:
                    yield f"{text.place(('readers', place, field, number))}: {strict_yaml.unknown(NOUN[field], word, words)}"
