"""Detectors by name."""

import pytest

from detectors import METHODS, make
from pillarfour.errors import DetectorError


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_made_by_its_name(method):
    """With its defaults, or with what is given."""
    assert make(method).parameters == METHODS[method].parameters_type()
    assert make(method, false_alarms_per_year=0.2).parameters.false_alarms_per_year == 0.2


def test_a_parameter_may_be_called_method():
    """The one of ``ears`` is no second name of the method asked for."""
    assert make("ears", method="C1").parameters.method == "C1"


@pytest.mark.parametrize(
    ("method", "parameters", "said"),
    [
        ("farington", {}, 'unknown method "farington"; did you mean "farrington"?'),
        ("farrington", {"baseline_year": 5}, 'farrington: unknown parameter "baseline_year"; did you mean "baseline_years"?'),
        ("cusum", {"x": 5}, 'cusum: unknown parameter "x"; it has false_alarms_per_year, restart_after'),
        ("farrington", {"alpha": "much"}, "farrington: alpha = much: Input should be a valid number"),
        ("farrington", {"alpha": 0.1, "false_alarms_per_year": 1}, "farrington: alpha and false_alarms_per_year are one threshold"),
    ],
)
def test_what_cannot_be_made_says_why(method, parameters, said):
    """The nearest name there is, or the value and what it should be."""
    with pytest.raises(DetectorError) as raised:
        make(method, **parameters)

    assert str(raised.value).startswith(said)
