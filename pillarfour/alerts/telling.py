"""Whether a change is news or goes to the digest: silences and cool-downs, which never hide a rise."""

from dataclasses import replace
from datetime import timedelta

from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import AlertState, Transition


def announce(transition: Transition, previous: AlertState, *, silence: Act | None = None, cooldown_days: int = 0) -> Transition:
    """Say whether a change is announced, and why not.

    A rise is announced whatever the silence or cool-down, and lifts the silence; only the very level and month that readers were told
    last are not told to them again. A retraction is announced always: whoever was told of the alert must be told that it was none.

    Parameters
    ----------
    previous
        Where the alert stood, with what readers were last told of it.
    silence
        The silence in force on the night.
    cooldown_days
        For how many days after news of the alert its lesser changes go to the digest.

    Returns
    -------
    Transition
        The same, with ``unannounced_because`` where it goes to the digest, and in its reason the silence that it lifts.
    """
    if transition.raises:
        because = _known(transition, previous)
        if because is None and silence is not None:
            return replace(transition, reason=f"{transition.reason}; this lifts the silence: {silence}")
    elif transition.after == "retracted":
        because = None
    else:
        because = str(silence) if silence is not None else _resting(transition, previous, cooldown_days)
    return replace(transition, unannounced_because=because)


def _known(transition: Transition, previous: AlertState) -> str | None:
    """Say whether readers were told this very level and month last."""
    heard = previous.heard
    if heard is None or (heard.level, heard.reference_period) != (transition.level, transition.reference_period):
        return None
    return f"told on {heard.on}, and nothing else since"


def _resting(transition: Transition, previous: AlertState, cooldown_days: int) -> str | None:
    """Say whether news of the alert is still too recent for a lesser change."""
    heard = previous.heard
    if heard is None or transition.known_on >= heard.on + timedelta(days=cooldown_days):
        return None
    return f"within {cooldown_days} days of the news of {heard.on}"
