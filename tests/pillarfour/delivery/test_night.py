"""Tests of a night's facts."""

import json
import math
from dataclasses import replace

import pytest

from pillarfour.delivery.night import Night, as_json


def test_a_night_is_json(haitian_night: Night):
    """Figures, dates, the condition's tree and the chart are all there for machines."""
    told = json.loads(as_json(haitian_night))

    assert told["known_on"] == "2021-07-12"
    assert told["news"][0]["transition"]["condition"]["evidence"]["warning"]["parts"][0]["figures"]["value"] == 6527
    assert told["news"][0]["chart"]["observed"][-1] == 6527
    assert [part["value"] for part in told["news"][0]["parts"]] == [5293, 323, 911]


def test_a_missing_figure_is_null_in_json(haitian_night: Night):
    """NaN is no JSON."""
    news = haitian_night.news[0]
    torn = replace(news.transition, condition=replace(news.transition.condition, value=math.nan))
    told = json.loads(as_json(replace(haitian_night, news=(replace(news, transition=torn),))), parse_constant=pytest.fail)

    assert told["news"][0]["transition"]["condition"]["value"] is None
