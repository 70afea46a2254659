"""How we look: one file a method, one line here."""

from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from detectors.best_available import BestAvailable
from detectors.breaks import Breaks
from detectors.composition import Composition
from detectors.cusum import Cusum
from detectors.ears import Ears
from detectors.farrington import Farrington
from detectors.glr import Glr
from detectors.regime import Regime
from detectors.state_space import StateSpace
from detectors.stl import Stl
from detectors.threshold import Threshold
from pillarfour.detection import Detector
from pillarfour.errors import DetectorError
from pillarfour.strict_yaml import unknown

DETECTORS: dict[str, type[Detector]] = {
    "best_available": BestAvailable,
    "breaks": Breaks,
    "cusum": Cusum,
    "ears": Ears,
    "farrington": Farrington,
    "glr": Glr,
    "regime": Regime,
    "state_space": StateSpace,
    "stl": Stl,
    "threshold": Threshold,
}

MIX_DETECTORS: dict[str, type[Detector]] = {
    "composition": Composition,
}
"""Those that judge a stage's series together: their scores have one row a stage, ``stage/mix``, and a panel of their own."""

METHODS: dict[str, type[Detector]] = {**DETECTORS, **MIX_DETECTORS}
"""All that a file of triggers may name."""


def make(method: str, /, **parameters: Any) -> Detector:
    """Make a detector by its name and parameters, all others at their defaults.

    Raises
    ------
    DetectorError
        If there is no such method or parameter, with the nearest one, or if a value does not fit.
    """
    if method not in METHODS:
        raise DetectorError(unknown("method", method, METHODS))
    taken = METHODS[method].parameters_type
    try:
        return METHODS[method](taken.model_validate(parameters))
    except ValidationError as cause:
        raise DetectorError("; ".join(_fault(method, fault, taken.model_fields) for fault in cause.errors())) from cause


def _fault(method: str, fault: Any, fields: Collection[str]) -> str:
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{method}: {unknown('parameter', name, fields, remedy='; it has ' + ', '.join(fields))}"
    said = fault["msg"].removeprefix("Value error, ")
    return f"{method}: {name} = {fault['input']}: {said}" if name else f"{method}: {said}"
