"""A document against the model of its structure: what pydantic finds, in the words of specs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from symbp.spec.names import hint, nearest, quoted, shown
from symbp.spec.schema import Source, SpecModel, TrainingModel, data_model
from symbp.spec.yaml import Path

MOST = 200  # differences that are looked into
UNIONS = {
    "input": "a whole number from 1 up, or a list of 1 to 4 of them, or a mapping of names to such",
    "data": "the name of a source, such as `digits`, or a mapping with `source`",
}


def check_structure(data: dict[str, Any]) -> tuple[SpecModel | None, list[tuple[Path, str]]]:
    """The document as its model, or each place where it differs and how."""
    try:
        return SpecModel.model_validate(data), []
    except ValidationError as error:
        return None, list(islice(_found(data, error), MOST))


def _found(data: dict[str, Any], error: ValidationError) -> Iterator[tuple[Path, str]]:
    unions: dict[str, bool] = {}
    for item in error.errors():
        path: Path = item["loc"]
        head = str(path[0])
        if head in UNIONS and len(path) > 1:  # one error for each branch; the value says which branch was meant
            branch = str(path[1])
            unions.setdefault(head, False)
            if not _meant(head, branch, data[head]):
                continue
            unions[head] = True
            path = (head, *path[2:])
        yield path, _message(path, item, _model(data, path[:-1]))
    for head, told in unions.items():
        if not told:
            yield (head,), f"expected {UNIONS[head]}; got {shown(data[head])}"


def _model(data: dict[str, Any], path: Path) -> type[BaseModel]:
    """The model whose keys stand below the path."""
    if path == ("training",):
        return TrainingModel
    if path == ("data",):
        return data_model(data["data"].get("source"))
    return SpecModel


def _meant(head: str, branch: str, value: Any) -> bool:
    if isinstance(value, list):
        return branch.startswith("list")
    if isinstance(value, dict):
        return branch == data_model(value.get("source")).__name__ if head == "data" else branch.startswith("dict")
    if isinstance(value, str):
        return branch.startswith("literal")
    return isinstance(value, int) and not isinstance(value, bool) and branch.endswith("int")


def _message(path: Path, item: Any, model: type[BaseModel]) -> str:
    kind, context, got = item["type"], item.get("ctx", {}), f"; got {shown(item['input'])}"
    if kind == "extra_forbidden":
        where = f"`{path[-2]}`" if len(path) > 1 else "a spec"
        return f"{quoted(str(path[-1]))} is not a key of {where}{hint(str(path[-1]), list(model.model_fields))}"
    if kind == "missing":
        return f"`{path[-1]}` is missing: {model.model_fields[str(path[-1])].description}"
    if kind == "literal_error":
        sources = path in {("data",), ("data", "source")}  # each model knows some
        expected = context["expected"].replace(" or ", ", ").split(", ")
        valid = get_args(Source) if sources else [v.strip("'") for v in expected]
        near = nearest(item["input"], valid) if isinstance(item["input"], str) else ""
        meant = f"; did you mean `{near}`?" if near else ""
        return f"expected {', '.join(valid[:-1])} or {valid[-1]}{got}{meant}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format(**context)}{got}"
    return f"{item['msg']}{got}"


_EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "a text (in quotes, where YAML reads it as something else)",
    "list_type": "a list: one item for each line, each beginning with `- `",
    "dict_type": "a mapping",
    "model_type": "a mapping of options",
    "greater_than_equal": "a number of at least {ge}",
    "greater_than": "a number greater than {gt:g}",
    "less_than_equal": "a number of at most {le}",
    "less_than": "a number less than {lt:g}",
    "too_short": "a list of at least {min_length} item",
    "too_long": "a list of at most {max_length} items",
    "string_too_long": "at most {max_length} characters",
}
