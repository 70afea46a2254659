"""Read a publisher's CSV file strictly: a header that is exactly one declared, every line accounted for, no cell twice.

Columns stay dictionaries, so that what a source does to a value it does once for each unique one.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn

import pyarrow as pa

from pillarfour.errors import ParseError
from pillarfour.model import Document
from pillarfour.strict_yaml import suggest

if TYPE_CHECKING:
    import numpy as np

Header = tuple[str, ...]

SHOWN = 3
"""How many lines a message names before it says how many more there are."""

WHOLE = r"^(\d{1,12}|\d{1,3}(,\d{3}){1,4})(\.0+)?$"
"""A count as spreadsheets write it: 12, 12.0, 1,234."""


def read(document: Document, *, headers: Mapping[str, Header]) -> tuple[str, pa.Table]:
    """Read the rows of the table whose header the document has.

    Parameters
    ----------
    document
        Plain ASCII, with lines that end in LF or CRLF.
    headers
        The columns of each table, in order.

    Returns
    -------
    str
        The table's name.
    pa.Table
        Its columns as dictionaries of text, one chunk each, untouched; row 0 is line 2.

    Raises
    ------
    ParseError
        If the encoding, the header or the number of cells of a line differs, or there are no rows.
    """
    _refuse_encodings(document)
    table = _recognise(document, headers)
    try:
        rows = _cells(document, headers[table])
    except pa.ArrowInvalid as cause:
        said = str(cause).replace("CSV parse error: ", "").replace("Row #", "line ")
        raise ParseError(f"{document.name}: {said}: the document was cut or edited; fetch it again") from cause
    if rows.num_rows == 0:
        raise ParseError(f"{document.name}: has a header and no rows; fetch it again")
    columns = (pa.DictionaryArray.from_arrays(column.indices, column.dictionary.cast(pa.string())) for column in map(_whole, rows.columns))
    return table, pa.table(dict(zip(rows.column_names, columns, strict=True)))


def lines(rows: Sequence[int]) -> str:
    """Name the lines of some rows: ``line 17``, ``lines 17, 18, 25 and 40 more``."""
    shown = ", ".join(str(row + 2) for row in rows[:SHOWN])
    return f"line{'s' if len(rows) > 1 else ''} {shown}{_more(len(rows))}"


def locators(rows: int) -> pa.Array:
    """Give each row's place in the document: ``line 2``, ``line 3`` …."""
    import numpy as np  # noqa: PLC0415 - as above
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    return pc.binary_join_element_wise("line", pa.array(np.arange(2, rows + 2)).cast(pa.string()), " ")


def rows_of(column: pa.DictionaryArray, value: str) -> list[int]:
    """Find the rows that hold a value."""
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    return pc.indices_nonzero(pc.equal(column.indices, column.dictionary.index(value))).to_pylist()  # type: ignore[no-any-return]


def dictionary(rows: pa.Table, column: str) -> pa.DictionaryArray:
    """Give a column as the one array it is."""
    return _whole(rows[column])


def constant(value: str, *, rows: int) -> pa.DictionaryArray:
    """Give a column that holds one value in every row."""
    import numpy as np  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    return pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), pa.array([value]))


def translate(column: pa.DictionaryArray, values: Iterable[str | None]) -> pa.DictionaryArray:
    """Put for each unique value of a column, in the dictionary's order, another; None gives null. Equal values become one."""
    translated = list(values)
    unique = {value: index for index, value in enumerate(dict.fromkeys(value for value in translated if value is not None))}
    mapping = pa.array([None if value is None else unique[value] for value in translated], pa.int32())
    return pa.DictionaryArray.from_arrays(mapping.take(column.indices), pa.array(list(unique), pa.string()))


def whole_numbers(document: Document, rows: pa.Table, column: str) -> pa.Array:
    """Read a column of counts written ``12``, ``12.0`` or ``1,234``.

    Raises
    ------
    ParseError
        If one is negative, has a fraction or is no number at all.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    published = dictionary(rows, column)
    whole = pc.match_substring_regex(published.dictionary, WHOLE)
    if not pc.all(whole).as_py():
        refuse(document, rows, column, published.dictionary.filter(pc.invert(whole)).to_pylist(), "is no whole number")
    plain = pc.replace_substring_regex(published.dictionary, r",|\.0+$", "")
    return plain.cast(pa.int64()).take(published.indices)


def refuse(document: Document, rows: pa.Table, column: str, values: Sequence[str], reason: str) -> NoReturn:
    """Raise a ParseError that names each value and its lines."""
    found = [f"{lines(rows_of(dictionary(rows, column), value))}: {column} {value!r} {reason}" for value in values[:SHOWN]]
    raise ParseError(f"{document.name}: {'; '.join(found)}{_more(len(values))}; fetch the publisher's own file")


def combinations(*columns: pa.DictionaryArray) -> tuple[pa.Array, list[tuple[str, ...]]]:
    """Give a number to each combination of values that occurs.

    Returns
    -------
    pa.Array
        Each row's combination, as its place in the list, shape (n_rows,).
    list of tuple of str
        The combinations, in the order in which they first occur.
    """
    encoded = pa.array(_codes(columns)).dictionary_encode()
    places = encoded.dictionary.to_numpy()
    parts: list[list[str]] = []
    for column in reversed(columns):
        values = column.dictionary.to_pylist()
        parts.append([values[place] for place in (places % len(values)).tolist()])
        places = places // len(values)
    return encoded.indices, list(zip(*reversed(parts), strict=True))


def refuse_repeated(document: Document, key: Sequence[pa.DictionaryArray]) -> None:
    """Refuse a document that gives one cell twice, as two files joined do: its sums would count people twice.

    Parameters
    ----------
    document
        For the message.
    key
        The columns, without nulls, that together name a cell.
    """
    import numpy as np  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    codes = _codes(key)
    ordered = np.sort(codes)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if twice.size:
        first, second = np.flatnonzero(codes == twice[0])[:2] + 2
        raise ParseError(
            f"{document.name}: lines {first} and {second} give the same cell (rows repeated: {twice.size:,}): "
            "files were joined or edited; fetch the publisher's own file"
        )


def _codes(columns: Sequence[pa.DictionaryArray]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Give equal rows, and only those, the same number."""
    import numpy as np  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    codes, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        if size * len(column.dictionary) >= 2**62:  # too many combinations for one integer: number anew those that occur
            codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
            size = int(codes.max()) + 1
        size *= len(column.dictionary)
        codes = codes * len(column.dictionary) + column.indices.to_numpy()
    return codes


def _cells(document: Document, columns: Header) -> pa.Table:
    """Read every cell as text, by all processors; if one is wrong, again by a single one, which knows its line."""
    import pyarrow.csv as pacsv  # noqa: PLC0415 - heavy, and only documents that are CSV need it

    def read_by(*, threads: bool) -> pa.Table:
        return pacsv.read_csv(
            pa.BufferReader(document.content),
            read_options=pacsv.ReadOptions(use_threads=threads, block_size=len(document.content) + 1),  # one chunk
            parse_options=pacsv.ParseOptions(ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(columns, binary), strings_can_be_null=False),
        )

    binary = pa.dictionary(pa.int32(), pa.binary())  # ASCII is checked: as text, each cell would be checked again
    with suppress(pa.ArrowInvalid):
        return read_by(threads=True)
    return read_by(threads=False)


def _whole(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.chunk(0)


def _refuse_encodings(document: Document) -> None:
    content = document.content
    if not content or content.isspace():
        raise ParseError(f"{document.name}: is empty; fetch it again")
    for mark, encoding in ((b"\xef\xbb\xbf", "UTF-8 with a byte-order mark"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if content.startswith(mark):
            raise ParseError(f"{document.name}: line 1: is {encoding}, as spreadsheets save it; fetch the publisher's own file")
    if not content.isascii() or b"\0" in content:
        odd = next(index for index, byte in enumerate(content) if byte == 0 or byte > 127)  # noqa: PLR2004 - the end of ASCII
        line = content.count(b"\n", 0, odd) + 1
        raise ParseError(f"{document.name}: line {line}: byte {content[odd]:#04x} is not ASCII; fetch the publisher's own file")


def _recognise(document: Document, headers: Mapping[str, Header]) -> str:
    first = BytesIO(document.content).readline().decode("ascii").rstrip("\r\n")
    try:
        found = tuple(next(csv.reader([first]), ()))
    except csv.Error as cause:
        raise ParseError(f"{document.name}: line 1: is no header ({cause}); fetch the publisher's own file") from cause
    for table, header in headers.items():
        if found == header:
            return table
    nearest = min(headers, key=lambda table: len(set(found) ^ set(headers[table])))
    missing = [column for column in headers[nearest] if column not in found]
    unexpected = [f"{column!r}{suggest(column, missing)}" for column in found if column not in headers[nearest]]
    differs = [f"lacks {', '.join(map(repr, missing))}"] if missing else []
    differs += [f"has {', '.join(unexpected)}"] if unexpected else []
    raise ParseError(
        f"{document.name}: line 1: the header is that of no table ({', '.join(headers)}); next to the nearest, {nearest}, it "
        f"{' and '.join(differs) or 'has its columns in another order or twice'}; fetch the publisher's own file"
    )


def _more(count: int) -> str:
    return f" and {count - SHOWN:,} more" if count > SHOWN else ""
