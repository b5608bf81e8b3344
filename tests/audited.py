"""Claims as tests state them: a text of YAML, judged."""

from __future__ import annotations

from pathlib import Path

from symbp.audit.run import Audit, audit


def judged(text: str, folder: Path) -> Audit:
    """The one group of a file with this text."""
    path = folder / "claims.yaml"
    path.write_text(text, encoding="utf-8")
    (found,) = audit(path)
    return found
