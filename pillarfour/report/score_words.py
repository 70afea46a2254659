"""How the scorecard says a number, and its first sentences."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

Figures = Mapping[str, Any]

WANTED = 0.9
"""Of the labelled surges at a stage with data."""


def headline(card: Figures, event: str) -> Iterator[str]:
    """Say how the event that everybody asks about was told, and what its alert costs."""
    parts = [each for each in card["events"] if each["id"] == event]
    if not parts:
        return
    upstream = max(
        (each for each in parts if each["upstream_by"]), key=lambda each: (each["upstream_lead_days"], each["stage"]), default=None
    )
    title = plain_title(parts[0]["title"])
    if upstream is None:
        yield f"- **{title}**: no earlier stage told of it in advance."
    else:
        trigger = upstream["upstream_by"].partition(":")[0]
        cost = card["by_trigger"][trigger]
        yield (
            f"- **{title}** ({upstream['onset']}): `{upstream['upstream_by']}` told of it on {upstream['upstream']}, "
            f"**{days(upstream['upstream_lead_days'])} days before**. The trigger costs {number(cost['false'])} false alarms in "
            f"{number(cost['series_years'])} series-years, {rate(cost['false_a_series_year'])} a series-year; "
            f"{rate(cost['false_a_quiet_trigger_year'])} a quiet year of the whole trigger."
        )
    for each in parts:
        when = (
            f"{each['status']}, {each['first_watch']} by `{each['by']}`, {days(each['lead_days'])} days"
            if each["first_watch"]
            else each["status"]
        )
        if each["first_warning"]:
            when += f", a warning on {each['first_warning']}"
        stood = f" (`{each['by']}` stood)" if each["status"] == "standing" else ""
        floor = f"{each['floor']}, {days(between(each['onset'], each['floor']))} days after"
        yield f"  - At {each['stage']} itself: {when}{stood}; its own month came out on {floor}."


def surges(card: Figures) -> Iterator[str]:
    """Say how many labelled surges were told."""
    found = card["detection"]["labelled surges"]["all"]
    told, standing = found["told"], found["told_or_standing"]
    verdict = "reached" if told["share"] is not None and told["share"] >= WANTED else "not reached"
    yield (
        f"- **Labelled surges at a stage with data**: {told['hits']} of {told['of']} told ({percent(told['share'])} "
        f"{interval(told['interval'], percent)}; {found['caught']} in time, {found['late']} late), {standing['hits']} with "
        "those for which an alert "
        f"already stood. The aim of {percent(WANTED)} is {verdict}; so few events leave a wide interval."
    )
    for name in ("mechanical doublings", "mechanical halvings"):
        every = card["detection"][name]["all"]
        yield (
            f"- **{name.capitalize()}**, which nobody chose: {every['told']['hits']} of {every['told']['of']} told "
            f"({percent(every['told']['share'])} {interval(every['told']['interval'], percent)})."
        )


def quiet(card: Figures) -> Iterator[str]:
    """Say what quiet times cost."""
    over = [name for name, each in card["by_trigger"].items() if (each["false_a_quiet_trigger_year"]["rate"] or 0) > 1]
    held = f"all but {', '.join(f'`{name}`' for name in over)}" if over else "every trigger"
    found = card["costs"]["surge"]["all"]
    yield (
        f"- **False alarms over quiet stretches**: at most one a trigger-year for {held}. Surge triggers together: "
        f"{number(found['false'])} false of "
        f"{number(found['alerts'])} alerts, {rate(found['false_a_quiet_series_year'])} a quiet series-year."
    )


def against(card: Figures) -> Iterator[str]:
    """Say which rules the triggers beat in lead at equal false alarms, and which they do not."""
    methods = card["comparison"]["methods"]
    for name in ("labelled", "mechanical"):
        by: dict[str, list[str]] = {}
        for method, each in methods.items():
            row = each["all"][name]
            verdict = row["sooner_days"]["verdict"] if row is not None and row["sooner_days"] is not None else "no such threshold"
            by.setdefault(verdict, []).append(method)
        said = "; ".join(f"{verdict}: {', '.join(by[verdict])}" for verdict in sorted(by))
        beaten = len(by.get("triggers sooner", []))
        yield f"- **Lead at equal false alarms, {name}**: the triggers beat {beaten} of {len(methods)} rules beyond chance ({said})."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give a table of Markdown; a line in its place where there is no row."""
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    if not lines:
        yield "None."
        return
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    yield from lines


def number(value: float | None) -> str:
    """Say a figure with as many digits as it deserves."""
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.2g}"  # noqa: PLR2004 - three digits are enough


def percent(value: float | None) -> str:
    """Say a share."""
    return "" if value is None else f"{100 * value:.0f} %"


def days(value: float | None) -> str:
    """Say a number of days, with a true minus."""
    return "" if value is None else f"{value:.0f}".replace("-", "−")


def interval(found: Sequence[float] | None, say: Callable[[float | None], str]) -> str:
    """Say an interval."""
    return "" if found is None else f"[{say(found[0])}, {say(found[1])}]"


def rate(found: Figures) -> str:
    """Say a rate with its interval."""
    return "" if found["rate"] is None else f"{found['rate']:.2f} {interval(found['interval'], lambda value: f'{value:.2f}')}"


def median(found: Figures | None) -> str:
    """Say a median of days with its interval."""
    return "" if found is None else f"{days(found['median'])} {interval(found['interval'], days)}"


def between(first: str, last: str) -> int:
    """Count the days between two dates."""
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def plain_title(title: str) -> str:
    """Take out what Markdown would read."""
    return title.replace("[", "(").replace("]", ")").replace("|", "/")


def size(title: str) -> float:
    """Give the larger of the two figures that an onset's title names."""
    before, after = title.removesuffix(" a month").replace(",", "").split(" → ")
    return max(float(before), float(after))
