"""The catalog: layers, activations, losses, optimizers and what goes with them, as tables of formulas.

    entries(kind)       every row of a kind, in the order of its table
    names(kind)         their canonical names
    lookup(kind, name)  the row of a name or alias, or None
    preset(kind, name)  what an alias fixes beyond the row's defaults
    aliases(kind)       every other name that is understood, and the canonical name that it means

A name is tried as it stands, then in any case. `torch.` and everything before Keras's own class name is optional:
`nn.ReLU`, `torch.nn.ReLU`, `keras.layers.ReLU` and `ReLU` are all understood. Where a name of the kind `layer` is no
layer, it is looked up among blocks and activations, which may stand wherever a layer may.

Not here: SymPy, so that the command line lists the catalog without importing it.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from symbp.catalog import (
    activations,
    attention,
    blocks,
    classification,
    clipping,
    convolution,
    initializers,
    joining,
    layers,
    losses,
    noise,
    normalization,
    optimizers,
    penalties,
    piecewise,
    pooling,
    recurrent,
    schedules,
)
from symbp.catalog.entry import Entry, EntryKind, Preset

_TABLES: Mapping[EntryKind, tuple[Entry, ...]] = {
    "layer": (
        *layers.ENTRIES,
        *convolution.ENTRIES,
        *pooling.ENTRIES,
        *joining.ENTRIES,
        *attention.ENTRIES,
        *recurrent.ENTRIES,
        *normalization.ENTRIES,
        *noise.ENTRIES,
    ),
    "block": blocks.ENTRIES,
    "activation": piecewise.ENTRIES + activations.ENTRIES,
    "loss": losses.ENTRIES + classification.ENTRIES,
    "optimizer": optimizers.ENTRIES,
    "schedule": schedules.ENTRIES,
    "clipping": clipping.ENTRIES,
    "penalty": penalties.ENTRIES,
    "initializer": initializers.ENTRIES,
}
KINDS: tuple[EntryKind, ...] = tuple(_TABLES)
LAYERS: tuple[EntryKind, ...] = ("layer", "block", "activation")  # what may stand where a layer may


def entries(kind: EntryKind) -> tuple[Entry, ...]:
    """Every row of the kind, in the order of its table."""
    return _TABLES[kind]


def names(kind: EntryKind) -> tuple[str, ...]:
    """The canonical names of the kind, in the order of its table."""
    return tuple(entry.name for entry in entries(kind))


def aliases(kind: EntryKind) -> Mapping[str, str]:
    """Every alias of the kind with the canonical name it means, qualified (`nn.ReLU`) and bare (`ReLU`)."""
    return {name: entry.name for name, (entry, _) in _spellings(kind, False).items() if name != entry.name}


def lookup(kind: EntryKind, name: str) -> Entry | None:
    """The row that the name or alias means, exactly spelt before any other case; None where there is none."""
    found = _resolve(kind, name)
    return found[0] if found else None


def preset(kind: EntryKind, name: str) -> Preset:
    """What the name fixes beyond the row's defaults, as if it were given; an empty preset for most names."""
    found = _resolve(kind, name)
    if found:
        entry, alias = found
        for candidate in entry.presets:
            if candidate.alias == alias:
                return candidate
    return Preset(name)


def _resolve(kind: EntryKind, name: str) -> tuple[Entry, str] | None:
    """The row, and the name in its full spelling: canonical, or a qualified alias."""
    kinds: tuple[EntryKind, ...] = LAYERS if kind == "layer" else (kind,)
    wanted = _shorten(name)
    for fold in (False, True):
        for each in kinds:
            spelling = _spellings(each, fold).get(wanted.lower() if fold else wanted)
            if spelling:
                return spelling
    return None


@cache
def _spellings(kind: EntryKind, fold: bool) -> Mapping[str, tuple[Entry, str]]:
    """Every name that is understood: canonical names, qualified aliases, then bare ones, PyTorch's before Keras's."""
    found: dict[str, tuple[Entry, str]] = {entry.name: (entry, entry.name) for entry in entries(kind)}
    qualified = {alias: (entry, alias) for entry in entries(kind) for alias in entry.every_alias()}
    found.update(qualified)
    for keras in (False, True):
        for alias, meaning in qualified.items():
            if alias.startswith("keras.") is keras:
                found.setdefault(alias.rpartition(".")[2], meaning)
    if not fold:
        return MappingProxyType(found)
    folded: dict[str, tuple[Entry, str]] = {}
    for name, meaning in found.items():
        folded.setdefault(name.lower(), meaning)
    return MappingProxyType(folded)


def _shorten(name: str) -> str:
    """`torch.nn.ReLU` -> `nn.ReLU`, `tf.keras.layers.ReLU` -> `keras.ReLU`; other names as they are."""
    parts = name.split(".")
    if "keras" in parts[:-1]:
        return f"keras.{parts[-1]}"
    return ".".join(parts[-2:])
