"""`symbp schema`: the JSON Schema of specs, from the models of their structure and the catalog."""

from __future__ import annotations

from typing import Any

from symbp.catalog import LAYERS, aliases, entries
from symbp.catalog.entry import Entry, EntryKind, Option
from symbp.spec.inputs import KINDS
from symbp.spec.losses import LARGEST, MOST_LOSSES
from symbp.spec.schema import MAX_LAYERS, SpecModel

PLACES: dict[str, tuple[EntryKind, ...]] = {
    "loss": ("loss",),
    "optimizer": ("optimizer",),
    "schedule": ("schedule",),
    "clip": ("clipping",),
    "penalty": ("penalty",),
}
JSON_TYPES = {"real": "number", "integer": "integer", "boolean": "boolean", "choice": "string"}
LAYER_KEYS = {
    "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]{0,63}$", "description": "the layer's own name"},
    "activation": {"description": "an activation that follows as a layer of its own"},
    "initializer": {"description": "an initializer for the weight, or one for each parameter by name"},
    "input": {"type": "string", "description": "the layer, or the input of the network, that is read"},
    "inputs": {
        "description": "those that are read, in order, or by the names that the formula gives them",
        "anyOf": [
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
        ],
    },
    "share": {"type": "string", "description": "the earlier layer whose parameters this one has"},
}
NAMES = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


def spec_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    schema = SpecModel.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    properties = schema["properties"]
    for key, kinds in PLACES.items():
        described = {"description": properties[key].get("description", "")}
        use = _use(kinds, {})
        several = {"anyOf": [use, {"type": "array", "items": use}]} if key in ("clip", "penalty") else use
        properties[key] = {**described, **several}
    layer = _use(LAYERS, LAYER_KEYS)
    layer["anyOf"].insert(0, _repeat())
    schema["$defs"]["layer"] = layer
    properties["layers"]["items"] = {"$ref": "#/$defs/layer"}
    properties["input"]["anyOf"][-1:] = _inputs(properties["input"]["anyOf"][:2])
    described = {"description": properties["losses"]["description"]}
    properties["losses"] = {**described, "type": "array", "minItems": 1, "maxItems": MOST_LOSSES, "items": _loss()}
    properties["output"] = {"description": properties["output"]["description"], **NAMES}
    schema["oneOf"] = [{"required": ["loss"]}, {"required": ["losses"]}]
    return schema


def _repeat() -> dict[str, Any]:
    """Layers so many times."""
    times = {"type": "integer", "minimum": 1, "maximum": MAX_LAYERS}
    repeated = {
        "type": "object",
        "properties": {
            "times": times,
            "layers": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/layer"}},
        },
        "required": ["times", "layers"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "the same layers several times over",
        "properties": {"repeat": repeated},
        "required": ["repeat"],
        "additionalProperties": False,
    }


def _inputs(shapes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One input that is described, or several by name."""
    whole, listed = shapes
    described = {
        "type": "object",
        "properties": {
            "shape": {"anyOf": [whole, {**listed, "minItems": 0}], "description": "shape of one example"},
            "kind": {"enum": list(KINDS), "default": "real"},
            "classes": {**whole, "description": "of kind integer: how many values there are, from 0"},
        },
        "required": ["shape"],
        "additionalProperties": False,
    }
    each = {"anyOf": [whole, {**listed, "minItems": 0}, described]}
    named = {"type": "object", "not": {"required": ["shape"]}, "additionalProperties": each, "minProperties": 1}
    return [described, named]


def _loss() -> dict[str, Any]:
    """A loss among several."""
    return {
        "type": "object",
        "properties": {
            "loss": _use(("loss",), {}),
            "on": {**NAMES, "description": "the layer that it is on, or the layers that it reads"},
            "target": {"type": "string", "description": "what the user gives, or an input or a layer of the network"},
            "weight": {"type": "number", "minimum": 0, "maximum": LARGEST, "default": 1},
        },
        "required": ["loss"],
        "additionalProperties": False,
    }


def _use(kinds: tuple[EntryKind, ...], extra: dict[str, Any]) -> dict[str, Any]:
    """A name alone, or a mapping of one name to its options."""
    rows = [entry for kind in kinds for entry in entries(kind)]
    others = sorted({alias for kind in kinds for alias in aliases(kind)})
    return {
        "anyOf": [
            {"type": "string", "enum": [e.name for e in rows]},
            {"type": "string", "enum": others, "description": "a name from PyTorch or Keras"} if others else False,
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {e.name: _options(e, extra) for e in rows},
            },
            {"type": "string", "description": "a definition of the spec's own"},
        ]
    }


def _options(entry: Entry, extra: dict[str, Any]) -> dict[str, Any]:
    """The options by name, or the one value that a bare use gives."""
    own = {o.name: _option(o) for o in entry.options}
    lists = {n: {"type": "array", "items": {"type": "number"}} for n in entry.accepts() if n not in own}
    whole: dict[str, Any] = {
        "type": "object",
        "description": f"{entry.summary}: {entry.equations.strip()}",
        "properties": {**own, **lists, **extra, **{a: _option(o) for o in entry.options for a in o.aliases}},
        "additionalProperties": False,
    }
    required = [o for o in entry.options if o.default is None]
    sole = required[0] if len(required) == 1 else entry.options[0] if len(entry.options) == 1 else None
    listed = {"type": "array", "items": {"type": "string"}, "description": "the layers that are read, in order"}
    bare = [*([_option(sole)] if sole else []), *([listed] if entry.inputs else [])]
    return {"anyOf": [whole, {"type": "null"}, *bare]}


def _option(option: Option) -> dict[str, Any]:
    if option.type == "any":
        return {"type": ["boolean", "number", "string"], "description": option.summary}
    if option.type == "shape":
        number = {"type": "integer", "minimum": option.low or 0}
        listed: dict[str, Any] = {"type": "array", "items": number}
        if not option.names:
            return {**listed, "description": option.summary}
        listed |= {"minItems": len(option.names), "maxItems": len(option.names)}
        words = [{"type": "string", "enum": [word for word, _ in option.words]}] if option.words else []
        return {"anyOf": [number, listed, *words], "description": option.summary}
    own = JSON_TYPES[option.type]
    found: dict[str, Any] = {"type": [own, "null"] if option.null else own, "description": option.summary}
    if option.choices:
        found["enum"] = list(option.choices)
    if option.low is not None:
        found["exclusiveMinimum" if option.low_open else "minimum"] = option.low
    if option.high is not None:
        found["exclusiveMaximum" if option.high_open else "maximum"] = option.high
    if option.default is not None:
        found["default"] = option.default
    return found
