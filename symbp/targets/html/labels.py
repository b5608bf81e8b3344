"""What links lead to: an `id` for every label of a document, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping


def identifiers(labels: Iterable[str]) -> Mapping[str, str]:
    """`formula softmax of rank 3` -> `formula-softmax-of-rank-3`; a number is added where that is taken."""
    found: dict[str, str] = {}
    for label in labels:
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-") or "part"
        taken, number = set(found.values()), 2
        free = slug
        while free in taken:
            free, number = f"{slug}-{number}", number + 1
        found.setdefault(label, free)
    return found
