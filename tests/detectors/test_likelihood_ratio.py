"""The evidence of a stretch of counts for another level."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.likelihood_ratio import level_at, likelihood_ratio

NOBODY = 1e-300
"""A mean that adds nothing, where stretches of several lengths stand side by side."""


def strongest_rise(counts: np.ndarray, means: np.ndarray, dispersion: float) -> float:
    """Give the largest evidence for a rise of all stretches that end with the last count."""
    n_periods = len(counts)
    inside = np.tri(n_periods, dtype=bool)
    log_ratio, evidence = likelihood_ratio(
        np.where(inside, counts[:, None], 0), np.where(inside, means[:, None], NOBODY), np.full(n_periods, dispersion)
    )
    return float(np.where(log_ratio > 0, evidence, 0).max())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("config", "limit", "longest"), [("G1", 5, 250), ("G3", 5, 250), ("G4", 5, 250), ("G5", 4, 25), ("G8", 5, 250), ("G9", 5, 250)]
)
def test_the_strongest_evidence_equals_the_reference(shared, config, limit, longest):
    """Poisson and negative binomial, with constant, seasonal and fitted means, R surveillance's statistic and alarms are ours.

    The references stop their iteration early, which shows in the ninth decimal of statistics near 0.
    """
    reference = pd.read_csv(shared / "golden" / "glr" / f"{config}.csv")
    checked = 0
    for _, rows in reference.groupby("series"):
        counts, means = rows.observed.to_numpy(float), rows.mu0.to_numpy()
        start, found = 0, []
        for now, (dispersion, alarm) in enumerate(zip(rows.alpha, rows.alarm, strict=True)):
            stretch = slice(max(start, now + 1 - longest), now + 1)
            found.append(strongest_rise(counts[stretch], means[stretch], dispersion))
            start = now + 1 if alarm else start
        np.testing.assert_allclose(found, rows["stat"], rtol=1e-8, atol=5e-9)
        np.testing.assert_array_equal(np.array(found) >= limit, rows.alarm == 1)
        checked += len(rows)

    assert checked == len(reference) > 3000


@pytest.mark.shared
def test_the_count_that_would_alarm_equals_the_reference(shared):
    """With a constant mean the least count that alarms is R surveillance's, to the person."""
    reference = pd.read_csv(shared / "golden" / "glr" / "G2.csv")
    checked = 0
    for _, rows in reference.groupby("series"):
        counts, start = rows.observed.to_numpy(float), 0
        for now, (mean, needed, alarm) in enumerate(zip(rows.mu0, rows["stat"], rows.alarm, strict=True)):
            lengths = np.arange(1, now - start + 2)
            before = np.concatenate([[0], counts[start:now][::-1].cumsum()])
            level = level_at(5 / lengths, np.full(len(lengths), mean), np.full(len(lengths), 1e-12), upward=True)
            assert np.ceil(max((lengths * level - before).min(), 0)) == needed
            start = now + 1 if alarm else start
            checked += 1

    assert checked == len(reference) > 3000


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(0, 10**6), min_size=1, max_size=6),
    mean=st.floats(0.05, 1e5),
    tilt=st.floats(0.2, 5),
    dispersion=st.sampled_from([0.0, 1e-3, 0.2, 5.0]),
)
def test_no_other_ratio_is_likelier(counts, mean, tilt, dispersion):
    """The evidence is the largest that any ratio gives, whatever counts, means and dispersion; checked against a grid."""
    y, means = np.array(counts, dtype=float)[:, None], mean * tilt ** np.arange(len(counts))[:, None]
    _, evidence = likelihood_ratio(y, means, np.array([dispersion]))
    log_ratios = np.linspace(-12, 18, 600)
    moved = np.exp(log_ratios) * means
    if dispersion:
        over = np.log((1 + dispersion * moved) / (1 + dispersion * means))
        grid = (y * log_ratios - (y + 1 / dispersion) * over).sum(axis=0)
    else:
        grid = (y * log_ratios - moved + means).sum(axis=0)

    assert evidence[0] >= grid.max() - 1e-7 * (1 + abs(grid.max()))


@pytest.mark.parametrize("size", [4, 28, 1000, 1e9])
def test_jumps_of_any_size_are_evidence(size):
    """Where the reference's iteration fails silently and says 0, the evidence grows with the jump."""
    means = np.array([[100.0], [80], [120]])
    evidence = [likelihood_ratio(means * times, means, np.array([0.1]))[1][0] for times in (size / 2, size)]

    assert evidence[1] > evidence[0] > 0


@settings(deadline=None)
@given(evidence=st.floats(0.01, 40), mean=st.floats(0.1, 1e6), dispersion=st.floats(1e-3, 5), upward=st.booleans())
def test_a_level_speaks_as_strongly_as_asked(evidence, mean, dispersion, upward):
    """Evidence and level are each other's inverse; below, none where even nobody says less."""
    one = [np.array([each]) for each in (evidence, mean, dispersion)]
    level = level_at(*one, upward=upward)

    if np.isfinite(level[0]):
        assert likelihood_ratio(level[None], one[1][None], one[2])[1][0] == pytest.approx(evidence, rel=1e-6)
        assert (level[0] > mean) == upward
    else:
        assert np.log1p(dispersion * mean) / dispersion <= evidence * (1 + 1e-12)
