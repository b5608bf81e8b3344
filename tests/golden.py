"""The golden copies: what `specs/` becomes, checked in under `generated/`. `make golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

from symbp import pipeline
from symbp.spec import read_spec
from symbp.targets.write import write_files

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "generated"
KEPT = frozenset({"__init__.py", "__pycache__"})


def golden() -> dict[str, str]:
    """The content of every golden copy, by file name: for each spec, its module, and its derivation as LaTeX."""
    files = {}
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        made = pipeline.generate(read_spec(path))
        files |= {f"{path.stem}.py": made.module, f"{path.stem}.tex": made.latex}
    return files


def stale(files: dict[str, str]) -> list[Path]:
    """Files that no spec becomes any more."""
    return [path for path in sorted(FOLDER.iterdir()) if path.name not in files and path.name not in KEPT]


def main() -> None:
    """Write all, remove what is stale."""
    files = golden()
    for path in write_files(FOLDER, files):
        print(path.relative_to(ROOT))
    for path in stale(files):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
