"""A TeX engine at work on one document: in a folder of its own, without a shell, stopped where it takes too long.

Nothing of the engine's is kept but the PDF.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from symbp.errors import DefectError, UserError
from symbp.targets.latex.languages import SETTINGS

OPTIONS = ("-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error")
RUNS = 4  # at most: until tables and links are where they were the time before
SECONDS = 300
LACKING = re.compile(r"File `([^']+)' not found|The font \"([^\"]+)\" cannot be found")
AGAIN = re.compile(r"Rerun|rerun LaTeX|has changed|have changed", re.IGNORECASE)


def find_engine(language: str = "en") -> str | None:
    """The path of the first engine that is installed and sets the language; None where there is none."""
    return next((path for name in SETTINGS[language].engines if (path := shutil.which(name))), None)


def compile_latex(source: str, language: str = "en") -> bytes:
    """The PDF of a LaTeX document. UserError where no engine for its language is installed, or it takes too long."""
    engine = find_engine(language)
    if engine is None:
        raise UserError(
            f"no TeX engine is installed: looked for {', '.join(SETTINGS[language].engines)}; install TeX Live, "
            "or use --format html and print the page, or --format latex"
        )
    with TemporaryDirectory(prefix="symbp-") as folder:
        Path(folder, "document.tex").write_text(source, encoding="utf-8")
        for _ in range(RUNS):
            if not AGAIN.search(_run(engine, folder)):
                break
        return Path(folder, "document.pdf").read_bytes()


def _run(engine: str, folder: str) -> str:
    """The log of one run. It may read and write in its folder, and what TeX's own installation holds."""
    own = {"openin_any": "p", "openout_any": "p", "SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
    try:
        done = subprocess.run(
            [engine, *OPTIONS, "document.tex"],
            cwd=folder,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{engine} took more than {SECONDS} seconds; --format latex writes its source") from None
    log = done.stdout.decode(errors="replace")
    if lacking := LACKING.search(log):
        raise UserError(
            f"{engine} lacks {lacking[1] or lacking[2]}; install it (TeX Live has it), or use --format html"
        )
    if done.returncode:
        reason = next((line for line in log.splitlines() if line.startswith("!")), "no reason given")
        raise DefectError(f"{engine} does not compile the document: {reason}")
    return log
