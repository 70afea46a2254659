"""Whom the triggers watch on a night, and which figures that needs."""

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from pillarfour.detection import Floats, Panel
from pillarfour.model import OTHER, STATELESS, TOTAL, SeriesKey
from pillarfour.triggers.conditions import CompositionLeaf, DetectorLeaf, ForecastLeaf, RevisionLeaf, ShareLeaf
from pillarfour.triggers.schema import Top, Trigger, Triggers

NATIONALITY = re.compile("[A-Z]{3}")


def needed(triggers: Triggers) -> tuple[SeriesKey, ...]:
    """Give every series that the file names, and what its shares, forecasts and messages need beside.

    These are totals, *other*, the earlier stages that forecasts are made from, and the members of groups.

    Stages whose largest nationalities are watched (``whole``) need every nationality besides.
    """
    watched = triggers.series()
    stages = {stage for trigger in _of_figures(triggers) if trigger.asks(ShareLeaf) for stage in trigger.series.stages}
    beside = [SeriesKey(stage=stage, subject=subject) for stage in sorted(stages) for subject in ("total", OTHER)]
    members = [
        SeriesKey(stage=key.stage, subject=nationality)
        for key in watched
        if key.subject in triggers.groups
        for nationality in sorted(triggers.groups[key.subject].nationalities)
    ]
    leading = [key for trigger in _of_figures(triggers) for key, _ in led(trigger, triggers)]
    return tuple(dict.fromkeys([*watched, *beside, *leading, *members]))


def whole(triggers: Triggers) -> frozenset[str]:
    """Name the stages whose largest nationalities or whose mix are watched: there every nationality is needed."""
    largest_of = (stage for trigger in _of_figures(triggers) if trigger.series.for_each_top is not None for stage in trigger.series.stages)
    return frozenset(largest_of).union(mixed(triggers))


def mixed(triggers: Triggers) -> tuple[str, ...]:
    """Name the stages whose mix of nationalities is watched, in travel order."""
    asked = {stage for trigger in _of_figures(triggers) if trigger.asks(CompositionLeaf) for stage in trigger.series.stages}
    return tuple(stage.id for stage in triggers.stages if stage.id in asked)


def mix(panel: Panel, stage: str) -> tuple[SeriesKey, ...]:
    """Give the series that make the mix of a stage: every nationality, stateless persons and *other*, in the order of their codes."""
    keys = (key for key in panel.series if isinstance(key, SeriesKey) and key.stage == stage)
    return tuple(sorted(key for key in keys if NATIONALITY.fullmatch(key.subject)))


def led(trigger: Trigger, triggers: Triggers) -> tuple[tuple[SeriesKey, SeriesKey], ...]:
    """Give the pairs of series that a trigger asks forecasts of, the earlier stage first, in travel order."""
    sources = {leaf.from_ for leaf in trigger.leaves if isinstance(leaf, ForecastLeaf)}
    return tuple(
        (SeriesKey(stage=upstream.id, subject=subject), SeriesKey(stage=downstream.id, subject=subject))
        for upstream, downstream in combinations(triggers.stages, 2)
        if upstream.id in sources and downstream.id in trigger.series.stages
        for subject in trigger.series.subjects
    )


def held_releases(triggers: Triggers) -> dict[str, int]:
    """Say for each stage how many publications its triggers look back on, where that is more than the newest one."""
    found: dict[str, int] = {}
    for trigger in _of_figures(triggers):
        window = max((rule.for_.window for _, rule in trigger.rules() if rule.for_.counted == "releases"), default=1)
        if window > 1:
            found |= {stage: max(window, found.get(stage, 1)) for stage in trigger.series.stages}
    return found


def revisable(triggers: Triggers) -> frozenset[str]:
    """Name the stages whose revisions are watched."""
    return frozenset(stage for trigger in _of_figures(triggers) if trigger.asks(RevisionLeaf) for stage in trigger.series.stages)


def scored(triggers: Triggers, panel: Panel) -> tuple[SeriesKey, ...]:
    """Give the series that detectors are asked of on a night, in the order of the file; a stage may be asked on behalf of a later one."""
    known = frozenset(panel.series)
    found: dict[SeriesKey, None] = {}
    for trigger in _of_figures(triggers):
        if trigger.asks(DetectorLeaf):
            stages = trigger.series.stages
            keys = (SeriesKey(stage=stage, subject=subject) for stage in stages for subject in _asked_of(trigger, panel))
            found |= dict.fromkeys(key for key in keys if key in known)
    return tuple(found)


def subjects(trigger: Trigger, stage: str, panel: Panel) -> tuple[str, ...]:
    """Give whom a trigger watches at a stage on a night: those it names, or the largest nationalities by what the panel shows."""
    top = trigger.series.for_each_top
    return trigger.series.subjects if top is None else largest(panel, stage, top)


def largest(panel: Panel, stage: str, top: Top) -> tuple[str, ...]:
    """Name the nationalities that were ever among the largest of a stage, in the order of their codes.

    Parameters
    ----------
    panel
        What is known on a night, with every nationality of the stage.

    Notes
    -----
    A window counts once the stage has published as many periods. A figure not published apart counts for nothing. Of two with the same
    sum the first by its code is the larger.
    """
    keys = {row: key for row, key in enumerate(panel.series) if isinstance(key, SeriesKey)}
    rows = sorted((key.subject, row) for row, key in keys.items() if key.stage == stage and _nationality(key))
    counts = panel.values[[row for _, row in rows]]
    published = np.flatnonzero(np.isfinite(counts).any(axis=0))
    if not published.size:
        return ()
    sums = _rolling(np.nan_to_num(counts[:, published[0] : published[-1] + 1]), top.over_periods)
    order = np.argsort(-sums, axis=0, kind="stable")[: top.nationalities]
    ranked = np.zeros(sums.shape, dtype=bool)
    np.put_along_axis(ranked, order, values=True, axis=0)
    among = np.flatnonzero((ranked & (sums > 0)).any(axis=1))
    return tuple(rows[place][0] for place in among)


def _asked_of(trigger: Trigger, panel: Panel) -> tuple[str, ...]:
    """Give whom a trigger can be asked of: of the largest any nationality, since who has an alert is asked on after falling behind."""
    if trigger.series.for_each_top is None:
        return trigger.series.subjects
    keys = (key for key in panel.series if isinstance(key, SeriesKey) and key.stage in trigger.series.stages and _nationality(key))
    return tuple(sorted({key.subject for key in keys}))


def _rolling(counts: Floats, periods: int) -> Floats:
    """Sum each run of successive periods, shape (n_series, n_periods - periods + 1)."""
    sums = np.cumsum(np.pad(counts, ((0, 0), (1, 0))), axis=1)
    return np.asarray(sums[:, periods:] - sums[:, :-periods])


def _nationality(key: SeriesKey) -> bool:
    return NATIONALITY.fullmatch(key.subject) is not None and key.subject not in {OTHER, STATELESS, TOTAL}


def _of_figures(triggers: Triggers) -> Iterator[Trigger]:
    return (trigger for trigger in triggers.triggers if trigger.watched and trigger.kind != "outage")
