"""Alert: findings to transitions, ledger and outbox in one transaction; then deliver what the outbox holds."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from flows.deliver import deliver, routes
from flows.ingest import Outcome
from flows.notices import notices
from flows.tell import Teller
from pillarfour import clock
from pillarfour.alerts import acts, events
from pillarfour.alerts.deciding import ask_on, decide_all
from pillarfour.alerts.ledger import Ledger
from pillarfour.alerts.lifecycle import follow
from pillarfour.alerts.model import AlertState, Transition
from pillarfour.alerts.revision import with_figures
from pillarfour.delivery import outbox
from pillarfour.delivery.dispatch import Dispatch
from pillarfour.delivery.night import Night, as_json
from pillarfour.delivery.sending import Delivered
from pillarfour.triggers.evaluate import evaluate


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a night decided and wrote.

    Parameters
    ----------
    run
        Which run of the night wrote something, from 1; None where this one had nothing to add.
    """

    night: Night
    transitions: tuple[Transition, ...]
    states: tuple[AlertState, ...]
    run: int | None
    delivered: Delivered


def alert(teller: Teller, *, outcomes: Iterable[Outcome] = (), password: str | None = None) -> Told:
    """Decide every alert of the night, record it with its message, and send what waits."""
    settings, known = teller.settings, teller.known
    book, who = Ledger(settings.ledger), routes(settings, teller.triggers)
    conditions = [with_figures(each, known) for each in evaluate(teller.triggers, known)]
    with book.begin() as connection:
        said = acts.acts(connection, known_on=known.known_on)
        stood = events.states(connection, known.known_on)
        conditions += ask_on(conditions, stood, triggers=teller.triggers, known=known)
        before = {**{each.key: AlertState(key=each.key) for each in conditions}, **stood}
        silences = acts.silences(said, known_on=known.known_on)
        transitions = decide_all(conditions, before, triggers=teller.triggers, known=known, silences=silences)
        states = before | {transition.key: follow(before[transition.key], transition) for transition in transitions}
        for transition in transitions:
            if transition.raises and transition.unannounced_because is None and transition.key in silences:
                acts.lift(connection, transition, now=clock.now())
        night = teller.night(
            conditions,
            transitions,
            states,
            before=before,
            said=said,
            outcomes=outcomes,
            undelivered=outbox.tally(connection)["dead"],
        )
        dispatch = Dispatch(
            night=night,
            notices=notices(teller, night),
            routes=who,
            groups={name: group.nationalities for name, group in teller.triggers.groups.items()},
            sender=settings.mail_from,
            now=clock.now(),
        )
        message_id = dispatch.record(connection)
        run = events.record(
            connection,
            transitions,
            known_on=known.known_on,
            finished_at=clock.now(),
            digest=json.loads(as_json(night)),
            message_id=message_id,
            documents={release.id: release.document_sha256 for release in teller.releases.values()},
        )
    return Told(
        night=night, transitions=tuple(transitions), states=tuple(states.values()), run=run, delivered=deliver(settings, password=password)
    )
