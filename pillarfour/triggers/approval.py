"""Whether each active trigger stands as it was approved."""

from collections.abc import Iterator

from pillarfour.strict_yaml import Location
from pillarfour.triggers.schema import Triggers


def unapproved(triggers: Triggers) -> Iterator[tuple[Location, str]]:
    """Give each active trigger whose approval is missing, or is of another content, with the hash to approve."""
    for number, trigger in enumerate(triggers.triggers):
        if trigger.status != "active":
            continue
        now = triggers.sha256(trigger.id)
        remedy = f"once it is agreed, write approval: {{by: …, on: …, sha256: {now}}}"
        if trigger.approval is None:
            yield ("triggers", number), f"active without an approval; {remedy}"
        elif trigger.approval.sha256 != now:
            yield ("triggers", number, "approval", "sha256"), f"not the content that was approved on {trigger.approval.on}; {remedy}"
