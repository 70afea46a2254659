"""A result in words and tables, in the manner of statsmodels' results."""

from collections.abc import Hashable, Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from pillarfour.detection import CONSTANT, OK, STATUSES, AppliedBreak, Scores, name_period

if TYPE_CHECKING:
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable

WHY = {
    "ok": "judged",
    "insufficient_history": "fewer published periods than the method needs",
    "no_data": "the period is not published",
    "not_converged": "the model could not be fitted",
    "constant": "every figure so far is the same",
}
MANNERS = {"restart": "nothing before it is used once it has begun", "leave_out": "its own periods are not used"}
NAME_WIDTH = 32
LINE_WIDTH = 98
LOOKS: dict[str, Any] = {
    "table_dec_above": "=",
    "table_dec_below": "=",
    "header_dec_below": "-",
    "title_align": "c",
    "colsep": "  ",
    "data_fmts": ["%s"],
    "row_pre": "",
    "row_post": "",
    "row_dec_below": None,
    "colwidths": None,
    "stub_align": "l",
    "stub_fmt": "%s",
    "header_fmt": "%s",
    "fmt": "txt",
}


def summarise(scores: Scores, *, alarms_shown: int) -> "Summary":
    """Put a result together as statsmodels' ``Summary``, which prints as text and shows as HTML in a notebook.

    Parameters
    ----------
    alarms_shown
        How many alarms are listed, the strongest first.
    """
    from statsmodels.iolib.summary import Summary  # noqa: PLC0415 - a second that only those pay who ask for a summary

    made = Summary()
    made.tables.append(_about(scores))
    made.tables.append(_statuses(scores))
    if scores.alarm.any():
        made.tables.append(_alarms(scores, alarms_shown))
    made.add_extra_txt([line for note in _notes(scores, alarms_shown) for line in wrap(note, LINE_WIDTH, subsequent_indent="  ")])
    return made


def chance_alarms(scores: Scores) -> float:
    """Say how many of the judgements alarm by chance where every series is in control; NaN where the method states no rate."""
    return float((scores.status == OK).sum() * scores.false_alarms_per_year / scores.panel.periods_per_year)


def _about(scores: Scores) -> "SimpleTable":
    """Put method, calendar and counts on the left, alarms on the right; then the parameters, two beside each other."""
    periods = scores.panel.periods
    judged = periods[scores.columns]
    calendar = "monthly" if scores.panel.periods_per_year == 12 else "weekly"  # noqa: PLR2004 - months a year
    above, below = ((scores.alarm & (scores.direction == side)).sum() for side in (1, -1))
    left = {
        "Method": scores.method,
        "Series": f"{len(scores.panel.series):,}",
        "Calendar": calendar,
        "Panel": f"{name_period(periods[0])} to {name_period(periods[-1])}",
        "Judged": name_period(judged[0]) if len(judged) == 1 else f"{name_period(judged[0])} to {name_period(judged[-1])}",
        "Unit": scores.panel.unit,
    }
    right = {
        "Judgements": f"{(scores.status == OK).sum():,}",
        "Stated false alarms": f"{scores.false_alarms_per_year:.3g} a series and year",
        "Alarms by chance": _about_so_many(chance_alarms(scores)),
        "Alarms": f"{scores.alarm.sum():,}",
        "of them above": f"{above:,}",
        "of them below": f"{below:,}",
    }
    rows = [[f"{one[0]}:", one[1], f"   {other[0]}:", other[1]] for one, other in zip(left.items(), right.items(), strict=True)]
    given = [(name, _write(value)) for name, value in scores.parameters.items() if name != "false_alarms_per_year"]  # stated above
    for at in range(0, len(given), 2):
        (name, value), (other, its) = given[at], given[at + 1] if at + 1 < len(given) else ("", "")
        rows.append([f"{name} =", value, f"   {other} =" if other else "", its])
    return _table(rows, aligns="lrlr", title=f"What {scores.method} says")


def _statuses(scores: Scores) -> "SimpleTable":
    rows = []
    for code, name in enumerate(STATUSES):
        found = scores.status == code
        if found.any():
            rows.append([name, f"{found.sum():,}", f"{found.any(axis=1).sum():,}", WHY[name]])
    return _table(rows, aligns="lrrl", headers=["status", "judgements", "series", ""])


def _alarms(scores: Scores, shown: int) -> "SimpleTable":
    """List the strongest; those of a series that the panel's rows are not named by keep their own names."""
    frame = scores.to_frame()
    found = frame[frame["alarm"]]
    found = found.iloc[np.argsort(-found["score"].abs().to_numpy(), kind="stable")[:shown]]
    columns = ("value", "expected", "lower", "upper")
    rows = [
        [_short(row["series"]), row["period"], *(_count(row[name]) for name in columns), f"{row['score']:+.2f}", _chance(row["p_value"])]
        for row in found.to_dict("records")
    ]
    return _table(rows, aligns="llrrrrrr", headers=["strongest alarms", "period", *columns, "score", "p_value"])


def _notes(scores: Scores, shown: int) -> list[str]:
    observed, by_chance = int(scores.alarm.sum()), chance_alarms(scores)
    if np.isnan(by_chance):
        said = "The threshold is a figure of policy: how often chance reaches it depends on the series."
    else:
        said = (
            f"Were every series in control, about {_about_so_many(by_chance)} of {(scores.status == OK).sum():,} judgements would alarm "
            f"by chance, both directions together; {observed:,} did."
        )
    notes = [
        said,
        "A score of 1 is at the upper threshold, -1 at the lower one. Online: each period is judged with what precedes it alone.",
    ]
    if observed > shown:
        notes.append(f"{observed - shown:,} more alarms are in to_frame().")
    never = int(((scores.status != OK) & (scores.status != CONSTANT)).all(axis=1).sum())
    if never:
        notes.append(f"{never:,} of {len(scores.status):,} series have no judgement at all; the table of statuses says why.")
    notes += [_break(each) for each in scores.breaks]
    return notes


def _break(each: AppliedBreak) -> str:
    until = "in force" if each.last is None else f"to {name_period(each.last)}"
    return f"Break {each.id} ({each.title}), from {name_period(each.first)}, {until}: {MANNERS[each.manner]}; {len(each.series):,} series."


def _table(rows: Sequence[Sequence[str]], *, aligns: str, headers: Sequence[str] | None = None, title: str | None = None) -> "SimpleTable":
    from statsmodels.iolib.table import SimpleTable  # noqa: PLC0415 - as above

    looks = {**LOOKS, "data_aligns": aligns, "header_align": "r"}
    return SimpleTable(rows, headers=headers, title=title, txt_fmt=looks, html_fmt={"data_aligns": aligns, "data_fmts": ["%s"]})


def _short(name: Hashable) -> str:
    text = str(name)
    return text if len(text) <= NAME_WIDTH else f"{text[: NAME_WIDTH - 1]}…"


def _write(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_write(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_write, value)) or "none"
    return "none" if value is None else str(value)


def _count(value: float) -> str:
    return "" if np.isnan(value) else f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:,.1f}"  # noqa: PLR2004 - decimals matter for few


def _about_so_many(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"  # noqa: PLR2004 - two figures that mean something


def _chance(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"
