"""Small texts, and networks that read them."""

from __future__ import annotations

from pathlib import Path

VERSE = "the cat sat on the mat\nthe rat ate the oats\n"
NAMES = ["anna", "otto", "nan", "tata", "ona", "toto", "nona", "tan"]

WINDOWS = """\
name: verse
input: {shape: [8], kind: integer, classes: 12}
layers:
  - embedding: {tokens: 12, units: 12}
  - gru: 24
  - dense: 12
loss: softmax_cross_entropy
optimizer: {adam: {learning_rate: 0.02}}
training: {batch_size: 16, epochs: 6, seed: 1, validation: 0.1}
data: {source: text, path: verse.txt, length: 8, stride: 3, test: 0.1}
"""

LINES = """\
name: names
input: {shape: [6], kind: integer, classes: 6}
layers:
  - embedding: {tokens: 6, units: 4}
  - simple_rnn: 8
  - dense: 6
loss: {softmax_cross_entropy: {weight: [1, 1, 1, 1, 1, 0]}}
optimizer: {adam: {learning_rate: 0.02}}
training: {batch_size: 16, epochs: 2, seed: 1}
data: {source: text, path: names.txt, lines: true}
"""


def write_texts(folder: Path) -> tuple[Path, Path]:
    """The texts and the specs: windows of verse, and names by the line."""
    (folder / "verse.txt").write_text(VERSE * 30)
    (folder / "names.txt").write_text("".join(f"{name}\n" for name in NAMES * 8))
    verse, names = folder / "verse.yaml", folder / "names.yaml"
    verse.write_text(WINDOWS)
    names.write_text(LINES)
    return verse, names
