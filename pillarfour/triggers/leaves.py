"""Each leaf that looks at one series, asked of one period: met, not met, or open, with its figures in words."""

from math import isnan
from typing import Any

from pillarfour.alerts.model import Evidence
from pillarfour.triggers.conditions import DetectorLeaf, GrowthLeaf, LevelLeaf, NewHighLeaf
from pillarfour.triggers.night import Line

REACHES = {True: "reaches", False: "is under", None: "cannot be held against"}


def ask_level(leaf: LevelLeaf, line: Line, column: int) -> Evidence:
    """Compare the figure with its bounds."""
    value, period = line.value(column), line.period(column)
    bounds = {"at least": leaf.at_least, "at most": leaf.at_most}
    wanted = " and ".join(f"{side} {bound:,.0f}" for side, bound in bounds.items() if bound is not None)
    figures = figures_of(line, column, value=value, at_least=leaf.at_least, at_most=leaf.at_most)
    if value is None:
        return answer("level", None, f"no figure for {period}, where {wanted} is asked for", line, column, figures=figures)
    held = (leaf.at_least is None or value >= leaf.at_least) and (leaf.at_most is None or value <= leaf.at_most)
    text = f"{counted(line, column)} {'is' if held else 'is not'} {wanted}"
    return answer("level", held, text, line, column, figures=figures)


def ask_detector(leaf: DetectorLeaf, line: Line, column: int) -> Evidence:
    """Compare a detector's score with the threshold, and the figure (or for a fall, what was expected) with the floor."""
    value, period = line.value(column), line.period(column)
    figures = figures_of(line, column, value=value, detector=leaf.use, direction=leaf.direction, threshold=leaf.score, floor=leaf.floor)
    if column < 0:
        return answer(
            "detector", None, f"{leaf.use} cannot judge {period}: before the first period on record", line, column, figures=figures
        )
    judged = line.judged(leaf.use, column)
    figures |= {
        name: None if isinstance(found, float) and isnan(found) else found
        for name in ("status", "score", "expected", "lower", "upper", "p_value", "false_alarms_per_year")
        for found in (getattr(judged, name),)
    }
    if value is None or judged.status != "ok":
        why = "no figure is published" if value is None else judged.status.replace("_", " ")
        text = f"{leaf.use} cannot judge {period}: {why}"
        return Evidence(test="detector", held=None, text=text, figures=figures, releases=line.releases_to(column))
    up = leaf.direction == "up"
    reached = judged.score >= leaf.score if up else judged.score <= -leaf.score
    compared = value if up else judged.expected
    floored: bool | None = leaf.floor is None or (None if isnan(compared) else compared >= leaf.floor)
    expected = "" if isnan(judged.expected) else f" where about {judged.expected:,.0f} were expected"
    text = f"{counted(line, column)}{expected}: score {judged.score:+.2f} of {leaf.use}, {leaf.score if up else -leaf.score:+g} asked for"
    if leaf.floor is not None:
        text += f"; {'the figure' if up else 'the expectation'} {REACHES[floored]} the floor of {leaf.floor:,.0f}"
    held = every((reached, floored))
    return Evidence(test="detector", held=held, text=text, figures=figures, releases=line.releases_to(column))


def ask_growth(leaf: GrowthLeaf, line: Line, column: int) -> Evidence:
    """Compare the figure with an earlier one."""
    value, before = line.value(column), line.value(column - leaf.over_periods)
    earlier = line.period(column - leaf.over_periods)
    figures = figures_of(line, column, value=value, before=before, before_period=earlier, factor=leaf.factor, floor=leaf.floor)
    if value is None or before is None:
        missing = line.period(column) if value is None else earlier
        return answer("growth", None, f"growth since {earlier} is open: no figure for {missing}", line, column, figures=figures)
    rise = leaf.factor > 1
    reached = (value >= leaf.factor * before and value > before) if rise else (value <= leaf.factor * before and value < before)
    floored = leaf.floor is None or (value if rise else before) >= leaf.floor
    ratio = f"{value / before:.2f} times" if before else "up from none:"
    wanted = f"{'at least' if rise else 'at most'} {leaf.factor:g} times"
    text = f"{counted(line, column)}, {ratio} the {before:,.0f} of {earlier}; {wanted} is asked for"
    if leaf.floor is not None:
        text += f", and {'the figure' if rise else 'the earlier figure'} {REACHES[floored]} the floor of {leaf.floor:,.0f}"
    return answer("growth", reached and floored, text, line, column, column - leaf.over_periods, figures=figures)


def ask_new_high(leaf: NewHighLeaf, line: Line, column: int) -> Evidence:
    """Compare the figure with every one of the periods before."""
    window = tuple(range(column - leaf.over_periods, column))
    value = line.value(column)
    before = {earlier: found for earlier in window if (found := line.value(earlier)) is not None}
    high = max(before, key=lambda earlier: before[earlier], default=None)
    highest = None if high is None else before[high]
    figures = figures_of(line, column, value=value, highest=highest, over_periods=leaf.over_periods, floor=leaf.floor)
    if value is None:
        return answer("new_high", None, f"no figure for {line.period(column)}", line, column, figures=figures)
    floored = leaf.floor is None or value >= leaf.floor
    exceeded: bool | None = highest is None or value > highest
    if exceeded and len(before) < leaf.over_periods:
        exceeded = None
    told = "no figure before" if high is None else f"the highest of the {len(before)} before is {highest:,.0f} ({line.period(high)})"
    text = f"{counted(line, column)}; {told}, {leaf.over_periods} are asked for"
    if leaf.floor is not None:
        text += f"; the figure {REACHES[floored]} the floor of {leaf.floor:,.0f}"
    return answer("new_high", every((exceeded, floored)), text, line, column, *window, figures=figures)


def every(answers: tuple[bool | None, ...]) -> bool | None:
    """All of several answers, an open one leaving it open unless another settles it."""
    if False in answers:
        return False
    return None if None in answers else True


def enough(answers: tuple[bool | None, ...], n: int) -> bool | None:
    """At least n of several answers, open while the open ones could still settle it."""
    met = sum(answer is True for answer in answers)
    if met >= n:
        return True
    return None if met + sum(answer is None for answer in answers) >= n else False


def figures_of(line: Line, column: int, **found: Any) -> dict[str, Any]:
    """Put what a leaf used beside what it was asked of."""
    return {"reference_period": line.period(column), "unit": line.unit, "series": str(line.key), **found}


def counted(line: Line, column: int) -> str:
    """Read as ``6,527 persons in 2021-06``."""
    return f"{line.value(column):,.0f} {line.unit} in {line.period(column)}"


def answer(
    test: str,
    held: bool | None,  # noqa: FBT001 - met, not met or open, the answer itself
    text: str,
    line: Line,
    *columns: int,
    figures: dict[str, Any],
) -> Evidence:
    """Give a leaf's answer with the releases behind the periods that it read."""
    return Evidence(test=test, held=held, text=text, figures=figures, releases=line.releases(*columns))
