"""Where things lie and whom to tell, from the environment (``PILLARFOUR_*``); every setting has a default that runs."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """The whole configuration. Secrets come from the environment or a Prefect block, never from a file of the project.

    Parameters
    ----------
    store
        The folder of raw documents, releases, visits and the ledger.
    bundle
        Whether the rebuilt documents of ``data/bundle`` are read as history.
    ledger_url
        A SQLAlchemy URL; by default SQLite inside the store.
    mail_to
        Addresses, separated by commas, each with ``es:`` before it where it is to be written to in Spanish; none means that messages
        stay in the outbox folder as ``.eml`` files.
    routes
        A YAML file of who is told what, in place of ``mail_to``.
    exercise
        The name of an exercise: every message then says in its subject and its first line that it is one.
    smtp_password_block
        The name of a Prefect ``Secret`` block that holds the password, in place of ``smtp_password``.
    smtp_authority
        A PEM file to verify the mail server by, in place of the public authorities.
    """

    model_config = SettingsConfigDict(env_prefix="PILLARFOUR_", frozen=True, extra="forbid", ignored_types=(cached_property,))

    store: Path = CHECKOUT / "data" / "store"
    triggers: Path = CHECKOUT / "triggers.yaml"
    bundle: bool = True
    bundle_folder: Path = CHECKOUT / "data" / "bundle"
    inbox: Path = CHECKOUT / "data" / "inbox"
    outbox: Path | None = None
    ledger_url: str | None = None
    contact: str = "https://github.com/pillarfour/pillarfour"

    mail_from: str = "pillarfour@localhost"
    mail_to: Annotated[tuple[str, ...], NoDecode] = ()
    routes: Path | None = None
    exercise: str = ""
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_password_block: str | None = None
    smtp_authority: Path | None = None

    @field_validator("mail_to", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        return tuple(address.strip() for address in value.split(",") if address.strip()) if isinstance(value, str) else value

    @property
    def ledger(self) -> str:
        """The ledger's URL."""
        return self.ledger_url or f"sqlite:///{self.store.resolve() / 'ledger.sqlite'}"

    @property
    def outbox_folder(self) -> Path:
        """Where messages are written: beside the default store, or inside another one."""
        if self.outbox is not None:
            return self.outbox
        return CHECKOUT / "data" / "outbox" if self.store == CHECKOUT / "data" / "store" else self.store / "outbox"
