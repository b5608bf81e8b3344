"""What a spec may call things, and the nearest valid name to one that it may not."""

from __future__ import annotations

import builtins
import difflib
import keyword
import sys
from collections.abc import Iterable, Sequence

from symbp.formula.grammar import NAME

TAKEN = frozenset({"x", "y", "C", "n", "loss", "params", "gradients", "ws", "self", "np"})  # by the generated module
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
SHADOWED = (sys.stdlib_module_names - {"test"}) | {"numpy", "scipy"}
LONGEST = 128  # letters of a name that may have been meant as another
SHAPE = "a name starts with a letter (a-z, A-Z), and holds at most 64 letters, digits and underscores"


def objection(name: str) -> str:
    """Why the name cannot become an identifier of the generated module; empty where it can."""
    if not NAME.fullmatch(name):
        return f"{shortened(name)!r} is not a name; {SHAPE}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or hasattr(builtins, name):
        return f"`{name}` has a meaning of its own in Python; use another name, such as `{name}_1`"
    if name in TAKEN:
        return f"`{name}` has a meaning of its own in the generated module; use another name, such as `{name}_1`"
    return ""


def module_objection(name: str) -> str:
    """Why the name cannot be that of a module's file; empty where it can."""
    if name in SHADOWED:
        return (
            f"`{name}` is a module of Python's own or of NumPy's, and a file {name}.py would hide it from scripts "
            f"beside it; use another name, such as `{name}_net`"
        )
    if name.lower() in DEVICES:
        return f"`{name}` is a device on Windows, where no file can have its name; use another, such as `{name}_net`"
    return objection(name)


def nearest(name: str, valid: Sequence[str]) -> str:
    """The valid name that was probably meant: spelt alike in any case, or begun or continued alike; else empty."""
    if len(name) > LONGEST:
        return ""
    folded = dict[str, str]()
    for name_ in valid:
        folded.setdefault(name_.lower(), name_)
    wanted = name.lower()
    near = difflib.get_close_matches(wanted, folded, 1, 0.6)
    if near:
        return folded[near[0]]
    parts = [v for v in folded if len(wanted) > 1 and (v.startswith(wanted) or (len(v) > 2 and wanted.startswith(v)))]
    near = parts[:1] or difflib.get_close_matches(wanted, folded, 1, 0.5)
    return folded[near[0]] if near else ""


def hint(name: str, valid: Sequence[str], known: Iterable[str] | None = None) -> str:
    """`; did you mean ...?`, or the list of what is known."""
    near = nearest(name, valid)
    return f"; did you mean `{near}`?" if near else f" (known: {', '.join(valid if known is None else known)})"


def shortened(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def quoted(name: str) -> str:
    """A name as a message quotes it: on one line, and shortened."""
    return f"`{shortened(name).translate(_LINES)}`"


_LINES = str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t"})


def shown(value: object) -> str:
    """A value as the spec's YAML would write it, or what it is where it is long."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"a mapping with {', '.join(quoted(str(k)) for k in list(value)[:4])}" if value else "{}"
    if isinstance(value, list):
        return "a list" if len(repr(value)) > 60 else f"[{', '.join(shown(v) for v in value)}]"
    return shortened(repr(value))
