"""What is expected on many nights: of each trigger that asks, by what was known on each night and by nothing else."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pillarfour.detection import Panel
from pillarfour.model import SeriesKey
from pillarfour.outlook import Forecast, Foretell, Lead, Outlook
from pillarfour.triggers import watching
from pillarfour.triggers.night import Night
from pillarfour.triggers.schema import Triggers

Told = tuple[tuple[Lead, ...], tuple[Forecast, ...]]


def foresee(nights: Sequence[Night], triggers: Triggers, *, foretell: Foretell) -> list[Night]:
    """Give each night the outlook of every trigger that asks for one.

    Each trigger is answered by itself, so that its answers follow from its own content: chance is corrected for the pairs that it asks
    about. Nights on which all these read the same are answered once.
    """
    asked = {trigger.id: pairs for trigger in triggers.triggers if trigger.watched and (pairs := watching.led(trigger, triggers))}
    units = {stage.id: stage.unit for stage in triggers.stages}
    told: dict[tuple[str, int, bytes], Told] = {}
    found = []
    for night in nights:
        outlooks = {}
        for name, pairs in asked.items():
            panel = _published(night.panel, tuple(dict.fromkeys(key for pair in pairs for key in pair)))
            known = name, panel.periods[0].ordinal, panel.values.tobytes()
            if known not in told:
                told[known] = foretell(panel, pairs)
            leads, forecasts = told[known]
            outlooks[name] = Outlook(known_on=night.known_on, leads=leads, forecasts=forecasts, units=units)
        found.append(replace(night, outlooks=outlooks))
    return found


def _published(whole: Panel, keys: tuple[SeriesKey, ...]) -> Panel:
    """Take some rows, from the first month of which any is published to the last."""
    row = {key: at for at, key in enumerate(whole.series)}
    values = whole.values[[row[key] for key in keys]]
    published = np.flatnonzero(np.isfinite(values).any(axis=0))
    first, end = (published[0], published[-1] + 1) if published.size else (0, 1)
    return replace(whole, values=values[:, first:end], series=keys, periods=whole.periods[first:end])
