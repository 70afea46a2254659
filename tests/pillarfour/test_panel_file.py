"""Panels that somebody else made."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarfour.errors import DetectorError
from pillarfour.panel_file import panel_of_frame, read_panel

GOOD = "series,period,value\na,2021-02,7\nb,2021-01,0\na,2021-04,12.5\nb,2021-03,\n"


@pytest.fixture
def read(tmp_path):
    """Read a file of this text."""

    def write_and_read(text: str | bytes):
        path = tmp_path / "panel.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_panel(path)

    return write_and_read


def test_what_is_not_published_is_not_zero(read):
    """A period without a line, and an empty value, are NaN; a zero is a zero; series keep the file's order."""
    panel = read(GOOD)

    assert panel.series == ("a", "b")
    assert [str(period) for period in panel.periods] == ["2021-01", "2021-02", "2021-03", "2021-04"]
    np.testing.assert_array_equal(panel.values, [[np.nan, 7, np.nan, 12.5], [0, np.nan, np.nan, np.nan]])


def test_columns_stand_in_any_order_and_a_spreadsheets_file_is_read(read):
    """A byte-order mark, CRLF, quotes and another order of columns change nothing."""
    panel = read(b'\xef\xbb\xbfvalue,series,period\r\n"7","a, b",2021-01\r\n')

    assert panel.series == ("a, b",)
    assert panel.values.tolist() == [[7]]


@pytest.mark.parametrize("name", ["a\nb", "a\r\nb", "a\u2028b", "a\x0cb", "a\x85b"])
def test_a_name_is_read_as_it_is_written(read, name):
    """A line break within quotes, or what only some programs take for one, ends no line and is not lost."""
    panel = read(f'series,period,value\n"{name}",2021-01,1\n"ab",2021-01,2\n')

    assert panel.series == (name, "ab")


@pytest.mark.parametrize(
    ("written", "count"), [("12.5", 12.5), ("1e3", 1000), ("+7", 7), ("-0", 0), (".5", 0.5), ("3.", 3), ("2E+02", 200)]
)
def test_a_count_may_be_written_as_a_spreadsheet_writes_it(read, written, count):
    """With decimals, a sign or an exponent."""
    assert read(f"series,period,value\na,2021-01,{written}\n").values.tolist() == [[count]]


def test_weeks_are_those_of_iso_8601(read):
    """2020 has a week 53, which is followed by the first of 2021."""
    panel = read("series,period,value\na,2020-W53,1\na,2021-W01,2\na,2021-W03,3\n")

    assert panel.periods_per_year == 52
    assert [str(period.start_time.date()) for period in panel.periods] == ["2020-12-28", "2021-01-04", "2021-01-11", "2021-01-18"]
    assert np.isnan(panel.values[0, 2])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: the header is empty; write series,period,value"),
        ("series,period\na,2021-01\n", "line 1: the header is series,period; write series,period,value"),
        ("series,perod,value\na,2021-01,1\n", "line 1: .*'perod' did you mean \"period\"\\?"),
        ("series,period,value,note\na,2021-01,1,x\n", "line 1: the header is series,period,value,note"),
        ("series,period,value\n", "has no figures"),
        ("series,period,value\na,2021-01\n", "line 2: has 2 cells, the header 3"),
        ("series,period,value\na,2021-01,1\na,2021-1,1\n", "line 3: '2021-1' is no period; write a month as 2021-06"),
        ("series,period,value\na,2021-13,1\n", "line 2: '2021-13' is no period"),
        ("series,period,value\na,2021-W53,1\n", "line 2: '2021-W53' is no period"),
        ("series,period,value\na,2021-01,1\nb,2021-W01,1\n", "line 3: 2021-W01 is on another calendar than 2021-01"),
        ("series,period,value\na,2021-01,1\nb,2021-01,1\na,2021-01,1\n", "line 4: a 2021-01 stands at line 2 already"),
        ("series,period,value\na,2021-01,-1\n", "line 2: a 2021-01: '-1' is negative"),
        ('series,period,value\na,2021-01,"1,204"\n', "line 2: a 2021-01: '1,204' is no number; write a plain count such as 1204"),
        ("series,period,value\na,2021-01,inf\n", "line 2: a 2021-01: 'inf' is too large"),
        ("series,period,value\na,2021-01,1_204\n", "line 2: a 2021-01: '1_204' is no number"),
        ("series,period,value\na,2021-01,-nan\n", "line 2: a 2021-01: '-nan' is no number"),
        ("series,period,value\na,2021-01,\u0661\u0662\n", "line 2: a 2021-01: '\u0661\u0662' is no number"),
        ("series,period,value\n,2021-01,1\n", "line 2: names no series"),
        ('series,period,value\na,2021-01,"1\n', "line 2: unexpected end of data"),
        (b"series,period,value\nHait\xed,2021-01,1\n", "line 2: is not UTF-8"),
    ],
)
def test_bad_input_is_refused_with_its_line(read, text, said):
    """The file, the line and the remedy stand in the message."""
    with pytest.raises(DetectorError, match=f"panel.csv: {said}"):
        read(text)


def test_a_file_that_is_not_there_is_named(tmp_path):
    """And so is what else would do."""
    with pytest.raises(DetectorError, match=r"none.csv: cannot be read \(No such file or directory\); name a CSV file, or -"):
        read_panel(tmp_path / "none.csv")


def test_standard_input_is_a_file_too(monkeypatch):
    """A dash reads it."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))

    assert read_panel("-").series == ("a", "b")


def test_a_data_frame_gives_the_same_panel(read):
    """From Python, also with periods of pandas; its errors name the row."""
    frame = pd.read_csv(io.StringIO(GOOD))
    panel = panel_of_frame(frame)

    np.testing.assert_array_equal(panel.values, read(GOOD).values)
    np.testing.assert_array_equal(panel_of_frame(frame.assign(period=pd.PeriodIndex(frame["period"], freq="M"))).values, panel.values)
    with pytest.raises(DetectorError, match=r"data frame: row 1: b 2021-01: '-0\.5' is negative"):
        panel_of_frame(frame.assign(value=[7, -0.5, 12.5, None]))
    with pytest.raises(DetectorError, match="data frame: has no column value"):
        panel_of_frame(frame.drop(columns="value"))


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["a", "b/ü", 'c "d"']), st.integers(0, 30)), st.integers(0, 10**9) | st.none(), min_size=1, max_size=40
    )
)
def test_what_is_written_is_read(cells):
    """Every cell comes back, whatever the order of the lines; all others are NaN."""
    weeks = pd.period_range("2020-12-07", periods=31, freq="W-SUN")
    frame = pd.DataFrame([(series, weeks[at], value) for (series, at), value in cells.items()], columns=["series", "period", "value"])
    panel = panel_of_frame(frame)
    place = {period: at for at, period in enumerate(panel.periods)}

    for (series, at), value in cells.items():
        read = panel.values[panel.series.index(series), place[weeks[at]]]
        assert np.isnan(read) if value is None else read == value
    assert np.isfinite(panel.values).sum() == sum(value is not None for value in cells.values())
