"""How we look: one file a method, one line here."""

from detectors.best_available import BestAvailable
from detectors.breaks import Breaks
from detectors.composition import Composition
from detectors.cusum import Cusum
from detectors.ears import Ears
from detectors.farrington import Farrington
from detectors.regime import Regime
from detectors.state_space import StateSpace
from detectors.stl import Stl
from detectors.threshold import Threshold
from pillarfour.detection import Detector

DETECTORS: dict[str, type[Detector]] = {
    "best_available": BestAvailable,
    "breaks": Breaks,
    "cusum": Cusum,
    "ears": Ears,
    "farrington": Farrington,
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
