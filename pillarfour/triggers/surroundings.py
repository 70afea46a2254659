"""Each leaf that looks beyond its own series: at the stage's total or mix, at what earlier releases said, at the law, at the calendar."""

from collections.abc import Sequence
from math import isnan
from typing import Any

from pillarfour.alerts.model import Evidence
from pillarfour.breaks import StructuralBreak
from pillarfour.model import OTHER, STATELESS
from pillarfour.triggers.conditions import BreakLeaf, CompositionLeaf, RevisionLeaf, ShareLeaf, StalenessLeaf
from pillarfour.triggers.judged import JudgedMix
from pillarfour.triggers.leaves import REACHES, answer, counted, figures_of
from pillarfour.triggers.night import Line, Night

TOLD_REVISIONS = 3
"""Of many revised figures the largest are named; the evidence keeps them all."""


def ask_share(leaf: ShareLeaf, line: Line, column: int) -> Evidence:
    """Compare the figure's share of the stage's total with its bounds."""
    asked = column - leaf.periods_before
    value, total, period = line.value(asked), line.beside("total").value(asked), line.period(asked)
    wanted = " and ".join(
        f"{side} {bound:.1%}" for side, bound in (("at least", leaf.at_least), ("at most", leaf.at_most)) if bound is not None
    )
    most = value
    if value is None and total is not None:
        most = line.beside(OTHER).value(asked)
    figures = figures_of(
        line, asked, value=value, total=total, other=None if value is not None else most, at_least=leaf.at_least, at_most=leaf.at_most
    )
    figures |= {"periods_before": leaf.periods_before} if leaf.periods_before else {}
    if total is None or most is None:
        return answer("share", None, f"no share for {period}: no figure is published; {wanted} is asked for", line, asked, figures=figures)
    if total == 0 or (leaf.floor is not None and total < leaf.floor):
        floor = "" if leaf.floor is None else f", under the floor of {leaf.floor:,.0f}"
        text = f"the total of {period} is {total:,.0f} {line.unit}{floor}: a share says nothing"
        return Evidence(test="share", held=False, text=text, figures=figures, releases=line.releases(asked))
    share = most / total
    figures["share"] = share
    if value is None:
        held = False if leaf.at_least is not None and share < leaf.at_least else True if _only_most(leaf, share) else None
        text = f"not published apart in {period}, so at most the {most:,.0f} of other, {share:.1%} of {total:,.0f}; {wanted} is asked for"
        return answer("share", held, text, line, asked, figures=figures)
    held = (leaf.at_least is None or share >= leaf.at_least) and (leaf.at_most is None or share <= leaf.at_most)
    text = f"{value:,.0f} of {total:,.0f} {line.unit} in {period}, {share:.1%}; {wanted} is asked for"
    return answer("share", held, text, line, asked, figures=figures)


def ask_composition(leaf: CompositionLeaf, line: Line, column: int) -> Evidence:
    """Compare how far the stage's mix of nationalities moved with the threshold, and the stage's total with the floor."""
    total, period = line.beside("total").value(column), line.period(column)
    judged = line.judged_mix(leaf.use, column) if column >= 0 else None
    figures = figures_of(line, column, value=total, detector=leaf.use, threshold=leaf.score, share=leaf.share, floor=leaf.floor)
    figures |= {"status": "no_data" if judged is None else judged.status}
    if total is None or judged is None or judged.status != "ok":
        why = "no figure is published by nationality" if total is None or judged is None else judged.status.replace("_", " ")
        text = f"{leaf.use} cannot judge the mix of {period}: {why}"
        return Evidence(test="composition", held=None, text=text, figures=figures, releases=line.releases_to(column))
    named = ("score", "divergence", "highest", "p_value", "leading", "change", "unseen", "false_alarms_per_year")
    figures |= {name: found for name in named for found in (getattr(judged, name),) if not (isinstance(found, float) and isnan(found))}
    figures["unseen"] = [code for code in judged.unseen if code not in {OTHER, STATELESS}]
    figures["beside"] = [f"{line.key.stage}/{subject}" for subject in dict.fromkeys((judged.leading, *figures["unseen"]))]
    floored = leaf.floor is None or total >= leaf.floor
    text = f"the mix of {counted(line.beside('total'), column)} {_moved(judged, figures['unseen'])}: "
    text += f"score {judged.score:+.2f} of {leaf.use}, {leaf.score:+g} asked for"
    if leaf.share is not None:
        text += f", and a share moved by {100 * leaf.share:g} points"
    if leaf.floor is not None:
        text += f"; the total {REACHES[floored]} the floor of {leaf.floor:,.0f}"
    held = judged.score >= leaf.score and abs(judged.change) >= (leaf.share or 0) and floored
    return Evidence(test="composition", held=held, text=text, figures=figures, releases=line.releases_to(column))


def ask_revision(leaf: RevisionLeaf, line: Line, column: int) -> Evidence:
    """Compare what the newest release says of each period with what was known the day before it."""
    earlier = line.before()
    if earlier is None:
        text = f"no figure of {line.key} is known from before the newest release"
        return Evidence(test="revision", held=False, text=text, figures=figures_of(line, column, share=leaf.share, floor=leaf.floor))
    moved = []
    for at in range(column, max(column - leaf.over_periods, -1), -1):
        now, was = line.value(at), earlier.value_of(line.period(at))
        if now is not None and was is not None and abs(now - was) >= max(leaf.floor, leaf.share * was):
            moved.append((at, was, now))
    moved.sort(key=lambda found: -abs(found[2] - found[1]))
    told = ", ".join(f"{line.period(at)} from {was:,.0f} to {now:,.0f}" for at, was, now in moved[:TOLD_REVISIONS])
    more = f" and {len(moved) - TOLD_REVISIONS} more" if len(moved) > TOLD_REVISIONS else ""
    wanted = f"a change by {leaf.share:.0%} and by {leaf.floor:,.0f} {line.unit} is asked for"
    text = f"the newest release moves {told}{more}; {wanted}" if moved else f"the newest release moves no figure that far; {wanted}"
    figures = figures_of(
        line,
        column,
        revised=[{"reference_period": line.period(at), "was": was, "now": now} for at, was, now in moved],
        share=leaf.share,
        floor=leaf.floor,
    )
    releases = tuple(
        sorted({*line.releases(column, *(at for at, _, _ in moved)), *earlier.releases(line.period(at) for at, _, _ in moved)})
    )
    return Evidence(test="revision", held=bool(moved), text=text, figures=figures, releases=releases)


def ask_break(leaf: BreakLeaf, line: Line, column: int) -> Evidence:
    """Look the stage up in the register of structural breaks, as far as they had begun on the night."""
    period = line.night.panel.periods[0] + column
    first, last = period.start_time.date(), period.end_time.date()
    since = None if leaf.within_months is None else (period - leaf.within_months).start_time.date()

    def applies(each: StructuralBreak) -> bool:
        in_force = each.from_ <= last and (each.to is None or each.to >= first)
        recent = since is None or each.from_ >= since
        return (leaf.id is None or each.id == leaf.id) and in_force and recent

    found = [each for each in line.night.breaks.get(line.key.stage, ()) if applies(each)]
    named = f"{leaf.id} at {line.key.stage}" if leaf.id else f"a structural break at {line.key.stage}"
    span = "" if leaf.within_months is None else f", begun within {leaf.within_months} months"
    text = (
        f"in {line.period(column)}: {'; '.join(each.title for each in found)}"
        if found
        else f"{named} is not in force in {line.period(column)}"
    )
    figures: dict[str, Any] = {"reference_period": line.period(column), "breaks": [each.id for each in found]}
    return Evidence(test="break_in_force", held=bool(found), text=f"{text}{span}", figures=figures)


def ask_staleness(leaf: StalenessLeaf, night: Night) -> Evidence:
    """Count the days since a source's next period was due."""
    fresh = night.freshness.get(leaf.source)
    if fresh is None or (due := fresh.due) is None:
        return Evidence(
            test="staleness", held=None, text=f"{leaf.source} has no release yet", figures={"source": leaf.source, "days": leaf.days}
        )
    overdue = max((night.known_on - due).days, 0)
    looked = f"last looked for on {fresh.looked_at:%Y-%m-%d}" if fresh.looked_at else "no visit is on record"
    since = f"overdue by {overdue} days" if overdue else "not overdue"
    text = f"{leaf.source} reaches {fresh.newest_period}; the next period was usual by {due}: {since}, {leaf.days} are asked for; {looked}"
    figures = {
        "source": leaf.source,
        "newest_period": fresh.newest_period,
        "published_on": fresh.published_on.isoformat() if fresh.published_on else None,
        "looked_at": fresh.looked_at.isoformat() if fresh.looked_at else None,
        "due": due.isoformat(),
        "overdue_days": overdue,
        "days": leaf.days,
    }
    return Evidence(test="staleness", held=overdue >= leaf.days, text=text, figures=figures, releases=fresh.releases)


def _moved(judged: JudgedMix, unseen: Sequence[str]) -> str:
    """Read as ``moved by 0.083 bits, its history by 0.041 at the most; VEN leads by +12.3 points; first seen: CMR``."""
    first = f"; first seen: {', '.join(unseen)}" if unseen else ""
    moved = f"moved by {judged.divergence:.3f} bits, its history by {judged.highest:.3f} at the most"
    return f"{moved}; {judged.leading} leads by {100 * judged.change:+.1f} points{first}"


def _only_most(leaf: ShareLeaf, share: float) -> bool:
    """Whether the largest share that it can have had settles the question."""
    return leaf.at_least is None and leaf.at_most is not None and share <= leaf.at_most
