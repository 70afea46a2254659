"""The program, run by itself, that opens a workbook: a damaged file can abort the native reader, and must take nothing with it.

``python -I -S workbook_process.py FOLDER`` reads a workbook on standard input with the ``python_calamine`` of that folder, and writes
``{"sheets": [[name, rows], …]}`` or ``{"error": text}`` on standard output. It imports nothing of the project, to start fast.
"""

import io
import json
import resource
import sys

MOST_BYTES = 2 * 1024**3
MOST_CELLS = 1_000_000


def main(folder: str) -> None:
    """Answer for one workbook."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    sys.path.append(folder)
    answer: dict[str, object]
    import python_calamine  # noqa: PLC0415 - found only now

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        for sheet in sheets:
            if sheet.total_height * sheet.total_width > MOST_CELLS:
                answer = {"error": f"sheet {sheet.name!r} claims {sheet.total_height} rows and {sheet.total_width} columns"}
                break
        else:
            answer = {"sheets": [[sheet.name, sheet.to_python(skip_empty_area=False)] for sheet in sheets]}
    except python_calamine.CalamineError as error:
        answer = {"error": str(error)}
    json.dump(answer, sys.stdout, default=str)


if __name__ == "__main__":
    main(sys.argv[1])
