"""The outcome of cases as JUnit XML, as continuous integration reads it."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from pillarfour.triggers.cases import Ran


def write(path: Path, ran: Sequence[Ran], *, uncovered: Sequence[str]) -> None:
    """Write one test case a case, and one for the coverage of the active triggers."""
    failures = sum(bool(each.faults) for each in ran) + bool(uncovered)
    suite = ET.Element("testsuite", name="triggers", tests=str(len(ran) + 1), failures=str(failures), errors="0", skipped="0")
    for each in ran:
        _case(suite, classname=f"triggers.{each.trigger}", name=each.case.case, faults=each.faults)
    _case(suite, classname="triggers", name="every active trigger has a case that fires and one that stays silent", faults=uncovered)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, *, classname: str, name: str, faults: Sequence[str]) -> None:
    case = ET.SubElement(suite, "testcase", classname=classname, name=name, time="0")
    if faults:
        ET.SubElement(case, "failure", message=faults[0].splitlines()[0]).text = "\n".join(faults)
