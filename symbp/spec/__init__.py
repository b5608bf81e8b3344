"""From YAML to a frozen, valid `NetworkSpec`; every error at once, with file and line."""

from symbp.spec.model import NetworkSpec, SpecError
from symbp.spec.read import parse_spec, read_spec

__all__ = ["NetworkSpec", "SpecError", "parse_spec", "read_spec"]
