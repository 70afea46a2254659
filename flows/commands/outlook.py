"""``pillarfour outlook``: what is expected next downstream, or why no lag says so."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.options import Json, KnownOn, StoreOption, answer, settings

if TYPE_CHECKING:
    from pillarfour.outlook import Forecast, Lead

REASONS = {
    "too_short": "too few months that both publish",
    "too_few": "too few people",
    "insignificant": "no lag beyond chance",
    "wrong_sign": "more upstream goes with fewer downstream",
    "published_first": "the downstream figure comes out first",
}


def outlook(
    known_on: KnownOn = None,
    nationality: Annotated[str | None, typer.Option("--nationality", help="Only this nationality or group, such as haitian.")] = None,
    as_json: Json = False,
    store: StoreOption = None,
) -> None:
    """Say what each stage is expected to show next, by what an earlier stage has shown, or why no lag is usable."""
    from flows.detect import Reader, load_triggers
    from flows.ingest import open_store
    from flows.outlook import named
    from flows.outlook import outlook as look
    from pillarfour import clock

    chosen = settings(store)
    triggers = load_triggers(chosen)
    if nationality is not None and nationality not in named(triggers):
        raise typer.BadParameter(f"no trigger names {nationality}; there are {', '.join(named(triggers))}")
    day = known_on.date() if known_on else clock.today()
    found = look(Reader(store=open_store(chosen), triggers=triggers), known_on=day)
    leads = [lead for lead in found.leads if nationality is None or str(lead.downstream).endswith(f"/{nationality}")]
    rows = [_row(lead, [each for each in found.forecasts if each.lead is lead]) for lead in leads]
    if as_json:
        answer(rows, as_json=True)
        return
    usable = [row for row in rows if row["usable"]]
    expected = [
        {
            "series": row["downstream"],
            "period": each["period"],
            "expected": f"{each['expected']:,.0f}",
            f"{each['coverage']:.0%} range": f"{each['lower']:,.0f} – {each['upper']:,.0f}",
            "by": f"{row['upstream']}, {_earlier(row['lag_months'])}",
        }
        for row in usable
        for each in row["expected"]
    ]
    answer(expected, as_json=False, title=f"Expected next, as known on {day}", empty="no usable lag")
    told = [{"from": row["upstream"], "to": row["downstream"], "why": row["reason"]} for row in rows if not row["usable"]]
    answer(told, as_json=False, title=f"No usable lag: {len(told)} of {len(rows)} pairs", empty="none")


def _earlier(months: int) -> str:
    return f"{months} month{'' if months == 1 else 's'} before" if months else "the same month"


def _row(lead: "Lead", forecasts: "list[Forecast]") -> dict[str, Any]:
    return {
        "upstream": str(lead.upstream),
        "downstream": str(lead.downstream),
        "usable": lead.usable,
        "reason": None if lead.reason is None else REASONS[lead.reason],
        "lag_months": lead.lag_months,
        "lag_interval": lead.lag_interval,
        "p_value": round(lead.p_value, 4),
        "granger_p_value": None if lead.granger_p_value is None else round(lead.granger_p_value, 4),
        "gain_months": lead.gain_months,
        "n_months": lead.n_months,
        "correlations": [round(each, 3) for each in lead.correlations],
        "expected": [
            {
                "period": str(each.period),
                "horizon_months": each.horizon_months,
                "expected": round(each.expected, 1),
                "lower": round(each.lower, 1),
                "upper": round(each.upper, 1),
                "coverage": each.coverage,
            }
            for each in forecasts
        ],
    }
