"""A writer may die at any moment, and several may write at once."""

import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pillarfour.model import Problem

WRITER = Path(__file__).with_name("crashing_writer.py")
UNKNOWN = Problem(rule="unknown name", place="row 4", message="'Wakanda' is no country", remedy="add it to countries.csv")


@pytest.fixture
def run_writers(tmp_path, make_recipe, make_document, checkout, read_tree):
    """Run writers of six documents, one held, one read twice, otherwise and better dated, and give the stores that came of it."""
    documents = [
        make_document({"2021-01": {"HTI": 5}}, published_on="2021-02-10"),
        make_document({"2021-01": {"HTI": 5}, "2021-02": {"HTI": 7}}, published_on="2021-03-10"),
        make_document({"2021-01": {"HTI": 50}}, published_on="2021-03-11"),
        make_document({"2021-01": {"HTI": 5}, "2021-02": {"HTI": 7}, "2021-03": {"HTI": 9}}, published_on="2021-04-10"),
        make_document({"2021-02": {"CUB": 7}}, published_on="2021-03-10", table="south"),
    ]
    unknown, parsed = make_document({"2021-02": {"CUB": 7}, "2021-03": {"CUB": 7}}, table="south")
    dated = replace(unknown, published_on=date(2021, 4, 10), published_basis="observed")
    documents += [(unknown, replace(parsed, problems=(UNKNOWN,))), (dated, parsed)]
    (tmp_path / "work.pickle").write_bytes(pickle.dumps((make_recipe(), documents)))

    def run(mode):
        subprocess.run([sys.executable, WRITER, tmp_path, mode], cwd=checkout, check=True, timeout=120)  # noqa: S603 - this test's own script
        stores = {root.name: read_tree(root) for root in sorted(tmp_path.iterdir()) if root.is_dir()}
        return stores.pop("undisturbed"), stores

    return run


@pytest.mark.slow
def test_a_writer_may_die_before_any_write(run_writers):
    """Killed before each call that changes the disk, one after the other, the next run completes to the same bytes."""
    undisturbed, stores = run_writers("moments")

    assert len(stores) > 60
    assert len([path for path in undisturbed if path.endswith(".parquet")]) == 2
    assert [name for name, tree in stores.items() if tree != undisturbed] == []


@pytest.mark.slow
def test_a_writer_may_be_killed_at_any_time(run_writers):
    """Killed from outside at twenty random times, the next run completes to the same bytes."""
    undisturbed, stores = run_writers("times")

    assert stores == {"times": undisturbed}


def test_writers_may_come_at_once(run_writers):
    """Three processes that commit the same documents in three orders leave the store that one would have left."""
    undisturbed, stores = run_writers("race")

    assert stores == {"race": undisturbed}
