"""Whether a change is news or goes to the digest: silences and cool-downs, which never hide a rise."""

from dataclasses import replace
from datetime import timedelta

from pillarfour.alerts.acts import Act
from pillarfour.alerts.model import AlertState, Transition, rank


def announce(transition: Transition, previous: AlertState, *, silence: Act | None = None, cooldown_days: int = 0) -> Transition:
    """Say whether a change is announced, and why not.

    A rise is announced whatever the silence, and lifts it. Two rises are not: the very fact that readers were told last; and, within the
    cool-down after the end that they were told of, the return of an alert to a level that they were told of before that end.
    A retraction is announced always: whoever was told of the alert must be told that it was none.

    Parameters
    ----------
    previous
        Where the alert stood, with what readers were last told of it.
    silence
        The silence in force on the night.
    cooldown_days
        For how many days after its end an alert's return is no news.

    Returns
    -------
    Transition
        The same, with ``unannounced_because`` where it goes to the digest, and in its reason the silence that it lifts.
    """
    if transition.raises:
        because = _known(transition, previous) or _resting(transition, previous, cooldown_days)
        if because is None and silence is not None:
            return replace(transition, reason=f"{transition.reason}; this lifts the silence: {silence}")
    elif transition.after == "retracted":
        because = None
    else:
        because = str(silence) if silence is not None else _believed(transition, previous)
    return replace(transition, unannounced_because=because)


def _known(transition: Transition, previous: AlertState) -> str | None:
    """Say whether readers were told this very level and month last."""
    heard = previous.heard
    if heard is None or (heard.level, heard.reference_period) != (transition.level, transition.reference_period):
        return None
    return f"told on {heard.on}, and nothing else since"


def _resting(transition: Transition, previous: AlertState, cooldown_days: int) -> str | None:
    """Say whether an alert only returns to where it was before an end told of a short while ago."""
    heard = previous.heard
    if previous.level is not None or heard is None or heard.level is not None or rank(transition.level) > rank(previous.peak):
        return None
    if transition.known_on >= heard.on + timedelta(days=cooldown_days):
        return None
    return f"its end was told on {heard.on}; for {cooldown_days} days its return is news only above {previous.peak}"


def _believed(transition: Transition, previous: AlertState) -> str | None:
    """Say whether readers believe already what a lesser change leads to, because what came before was not announced."""
    heard = previous.heard
    if transition.before != "active" or heard is None or heard.level != transition.level:
        return None
    return f"told on {heard.on}; what came since was no news"
