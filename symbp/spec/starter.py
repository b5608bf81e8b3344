"""`symbp new`: a commented spec to start from."""

from __future__ import annotations

from pathlib import Path

from symbp.errors import UserError
from symbp.spec.names import module_objection

STARTER = """\
# A network for symbp. `symbp list` shows every layer, activation, loss and optimizer with its formula.
name: {name}
description: ""

input: 64                      # shape of one example: a number, or a list such as [1, 28, 28]

layers:
  - dense: {{units: 32, activation: relu}}
  - dense: 10                  # the weighted inputs of ten classes; the loss below adds the softmax

loss: softmax_cross_entropy    # y holds class numbers
optimizer: {{momentum: {{learning_rate: 0.05, momentum: 0.9}}}}
# schedule: {{cosine: {{T_max: 1000}}}}
# clip: {{global_norm: 1.0}}
# penalty: {{l2: 1.0e-4}}

training: {{batch_size: 32, epochs: 20, seed: 0, validation: 0.1}}
data: {{source: digits, normalize: standard}}

# Formulas of your own, used above by name:
# define:
#   activations:
#     wiggle: {{formula: "a = z + beta * sin(z)**2", options: {{beta: 0.5}}}}
"""


def write_starter(name: str, folder: Path) -> Path:
    """Write NAME.yaml; UserError where the name cannot be used or the file exists."""
    reason = module_objection(name)
    if reason:
        raise UserError(reason)
    path = folder / f"{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER.format(name=name))
    except FileExistsError:
        raise UserError(f"{path} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror or error}") from None
    return path
