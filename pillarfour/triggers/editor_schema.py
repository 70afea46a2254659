"""``data/triggers.schema.json``: what editors know of ``triggers.yaml`` while it is typed; ``triggers check`` knows more."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from pillarfour.detection import Detector
from pillarfour.recipe import Recipe
from pillarfour.triggers.conditions import COMPOSED, LEAVES
from pillarfour.triggers.schema import Triggers


def write(*, recipes: Mapping[str, Recipe], detectors: Mapping[str, type[Detector]]) -> str:
    """Write the JSON Schema, from the models that read the file, and the sources, methods and parameters that it may name."""
    schema = Triggers.model_json_schema(by_alias=True)
    defined = schema["$defs"]
    for name in ("Test", "Rule"):
        defined[name]["oneOf"] = [{"required": [key]} for key in (*COMPOSED, *LEAVES)]
    _one_of(defined["Series"], ("subject", "for_each", "for_each_top"))
    _listed(defined["StalenessLeaf"]["properties"]["source"], recipes)
    _listed(defined["ObservedBy"]["properties"]["source"], recipes)
    _listed(defined["ObservedBy"]["properties"]["table"], {table for recipe in recipes.values() for table in recipe.tables})
    _listed(defined["ObservedBy"]["properties"]["measure"], {measure for recipe in recipes.values() for measure in recipe.measures})
    _methods(defined, detectors)
    defined["Group"]["properties"]["nationalities"]["items"]["pattern"] = "^[A-Z]{3}$"
    defined["Stage"]["properties"]["country"]["pattern"] = "^[A-Z]{3}$"
    _without_defaults(schema)
    described = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "The shared set of triggers"}
    return json.dumps(schema | described, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _methods(defined: dict[str, Any], detectors: Mapping[str, type[Detector]]) -> None:
    """List the methods, and of each the parameters that it takes."""
    instance = defined["DetectorInstance"]
    _listed(instance["properties"]["method"], detectors)
    instance["allOf"] = []
    for name, method in sorted(detectors.items()):
        parameters = method.parameters_type.model_json_schema(ref_template="#/$defs/{model}")
        defined |= parameters.pop("$defs", {})
        defined[method.parameters_type.__name__] = parameters
        taken = {"properties": {"parameters": {"$ref": f"#/$defs/{method.parameters_type.__name__}"}}}
        instance["allOf"].append({"if": {"properties": {"method": {"const": name}}, "required": ["method"]}, "then": taken})


def _one_of(holder: dict[str, Any], keys: Collection[str]) -> None:
    holder["oneOf"] = [{"required": [key]} for key in keys]


def _listed(named: dict[str, Any], words: Collection[str]) -> None:
    named["enum"] = sorted(words)


def _without_defaults(node: Any) -> None:
    """Leave defaults and nulls out: what a key may be left out for is no value to type."""
    if isinstance(node, dict):
        node.pop("default", None)
        options = node.get("anyOf")
        if isinstance(options, list) and {"type": "null"} in options:
            kept = [option for option in options if option != {"type": "null"}]
            del node["anyOf"]
            node |= kept[0] if len(kept) == 1 else {"anyOf": kept}
        for below in node.values():
            _without_defaults(below)
    elif isinstance(node, list):
        for below in node:
            _without_defaults(below)
