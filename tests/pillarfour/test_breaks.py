"""The register of structural breaks."""

from datetime import date

import pytest

from pillarfour.breaks import load
from pillarfour.errors import ConfigurationError

ONE = "{id: shut, title: a border shut, stages: [darien], from: 2021-03-20, to: 2021-05-02, source: 'https://example.org/'}"


@pytest.fixture
def read(tmp_path):
    """Read a register of these breaks."""

    def write_and_read(*breaks: str):
        path = tmp_path / "structural_breaks.yaml"
        path.write_text("breaks:\n" + "".join(f"  - {each}\n" for each in breaks), encoding="utf-8")
        return load(path)

    return write_and_read


def test_a_stage_has_the_breaks_that_have_begun(read):
    """By their first day, in its order; others' and those to come are left out."""
    later, other = ONE.replace("shut,", "again,").replace("2021", "2022"), ONE.replace("shut,", "there,").replace("darien", "mexico")
    register = read(later, ONE, other)

    assert [each.id for each in register.at("darien", date(2022, 3, 20))] == ["shut", "again"]
    assert [each.id for each in register.at("darien", date(2022, 3, 19))] == ["shut"]
    assert register.at("darien", date(2021, 3, 19)) == ()


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ((ONE, ONE), "shut is the id of two breaks"),
        ((ONE.replace("2021-05-02", "2020-05-02"),), "shut ends on 2020-05-02, before it begins on 2021-03-20"),
        ((ONE.replace("stages: [darien]", "stages: []"),), "at least 1 item"),
        ((ONE.replace("source", "sorce"),), 'unknown key "sorce"; did you mean "source"'),
    ],
)
def test_a_register_that_is_wrong_is_refused_with_its_place(breaks, said, read):
    """Two breaks of one id, of which a detector would take one; an end before the beginning; a key that is none."""
    with pytest.raises(ConfigurationError, match=rf"structural_breaks.yaml:\d+:\d+: .*{said}"):
        read(*breaks)
