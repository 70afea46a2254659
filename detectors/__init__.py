"""How we look: one file a method, one line here."""

from detectors.cusum import Cusum
from detectors.ears import Ears
from detectors.farrington import Farrington
from detectors.stl import Stl
from detectors.threshold import Threshold
from pillarfour.detection import Detector

DETECTORS: dict[str, type[Detector]] = {
    "cusum": Cusum,
    "ears": Ears,
    "farrington": Farrington,
    "stl": Stl,
    "threshold": Threshold,
}
