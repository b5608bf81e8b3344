"""The notebook docs/derivations.ipynb, run by a kernel of its own.

    python -m docs.notebook

runs every cell and writes the outputs into the file. Needs nbclient and ipykernel.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NOTEBOOK = Path(__file__).resolve().parent / "derivations.ipynb"
ROOT = NOTEBOOK.parent.parent
SECONDS = 120  # that a cell may take


def read() -> Any:
    """The notebook as it is in the file."""
    import nbformat

    return nbformat.read(NOTEBOOK, as_version=4)


def executed() -> Any:
    """The notebook with the outputs of today; nbclient's CellExecutionError where a cell fails."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = read()
    found = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with TemporaryDirectory() as folder:
        sockets = Config(AsyncKernelManager={"transport": "ipc", "ip": f"{folder}/kernel"})  # no port is opened
        client = NotebookClient(notebook, config=sockets, timeout=SECONDS, record_timing=False)
        client.execute(cwd=str(ROOT), env={**os.environ, "PYTHONPATH": found})
    notebook.metadata.pop("language_info", None)  # which holds the version of Python
    return notebook


def main() -> None:
    """Write the outputs of today."""
    import nbformat

    nbformat.write(executed(), NOTEBOOK)


if __name__ == "__main__":
    main()
