"""Why a trigger says what it says: its condition with every figure, detector, release and document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from pillarfour.alerts.model import LEVELS, Condition, Evidence
from pillarfour.model import Release

SAID = {True: "met", False: "not met", None: "open"}


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A condition with the releases that its figures were read from."""

    condition: Condition
    releases: Mapping[str, Release]

    def words(self) -> Iterator[str]:
        """Say it, a line each."""
        found = self.condition
        at = f"{found.value:,.0f} {found.unit} in {found.reference_period}" if found.value is not None else "no figure"
        yield f"{found.key}: {found.level or 'no level'} is met; {at}"
        for level in LEVELS:
            if level in found.evidence:
                yield f"  {level}:"
                yield from self._tree(found.evidence[level], "    ")
        if found.clear_evidence is not None:
            yield "  ends:"
            yield from self._tree(found.clear_evidence, "    ")
        yield f"  rule sha256 {found.rule_sha256}"
        for name in found.releases:
            yield f"  {self._provenance(name)}"

    def as_json(self) -> dict[str, Any]:
        """Say it for machines; each leaf names its releases, each release its document."""
        found = self.condition
        return {
            "alert": str(found.key),
            "kind": found.kind,
            "level": found.level,
            "pending": found.pending,
            "clear": found.clear,
            "reference_period": found.reference_period,
            "value": found.value,
            "expected": found.expected,
            "unit": found.unit,
            "rule_sha256": found.rule_sha256,
            "levels": {level: self._node(found.evidence[level]) for level in LEVELS if level in found.evidence},
            "ends": None if found.clear_evidence is None else self._node(found.clear_evidence),
            "releases": [self._release(name) for name in found.releases],
        }

    def _tree(self, evidence: Evidence, indent: str) -> Iterator[str]:
        joined = {"all": "all of", "any": "any of", "at_least": "at least so many of", "not": "not", "for": "held"}
        name = f"{joined[evidence.test]}: " if evidence.test in joined else ""
        yield f"{indent}{SAID[evidence.held]}: {name}{evidence.text}{_range(evidence)}"
        if not evidence.parts and evidence.releases:
            yield f"{indent}  from {self._source(evidence)}"
        for part in evidence.parts:
            yield from self._tree(part, f"{indent}  ")

    def _source(self, evidence: Evidence) -> str:
        newest = max(evidence.releases, key=self._order)
        more = len(evidence.releases) - 1
        others = f", and {more} earlier release{'s' if more > 1 else ''}" if more else ""
        return f"{self._provenance(newest)}{others}"

    def _provenance(self, name: str) -> str:
        release = self.releases.get(name)
        return f"{name}: {release.document}, sha256 {release.document_sha256}" if release is not None else name

    def _order(self, name: str) -> tuple[str, str]:
        release = self.releases.get(name)
        return (release.published_on.isoformat() if release is not None else "", name)

    def _node(self, evidence: Evidence) -> dict[str, Any]:
        return {
            "test": evidence.test,
            "held": evidence.held,
            "text": evidence.text,
            "figures": {name: None if isinstance(found, float) and isnan(found) else found for name, found in evidence.figures.items()},
            "releases": list(evidence.releases),
            "parts": [self._node(part) for part in evidence.parts],
        }

    def _release(self, name: str) -> dict[str, Any]:
        release = self.releases.get(name)
        if release is None:
            return {"release": name}
        return {
            "release": name,
            "published_on": release.published_on.isoformat(),
            "published_basis": release.published_basis,
            "document": release.document,
            "document_sha256": release.document_sha256,
        }


def _range(evidence: Evidence) -> str:
    lower, upper = evidence.figures.get("lower"), evidence.figures.get("upper")
    return f"; usual {lower:,.0f} to {upper:,.0f}" if lower is not None and upper is not None else ""
