"""The machine and the versions that figures were measured with, in words that name no host."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "sympy", "jax", "torch", "scikit-learn")


def machine(packages: Iterable[str] = PACKAGES) -> str:
    """Cores, processor, system; Python and the packages that count."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = ", ".join(f"{package} {_version(package)}" for package in packages)
    return (
        f"{cores} cores of {_processor()} ({platform.machine()}), {platform.system()}; "
        f"Python {platform.python_version()}, {found}."
    )


def libraries() -> str:
    """What NumPy and SciPy multiply matrices with."""
    import numpy
    import scipy

    found = {"NumPy": numpy.__config__.CONFIG, "SciPy": scipy.__config__.CONFIG}
    named = {name: config["Build Dependencies"]["blas"] for name, config in found.items()}
    said = (f"{name} with {blas['name']} {blas['version']}" for name, blas in named.items())
    return f"Matrix products: {', '.join(said)}."


def _processor() -> str:
    """The processor's name, where the system tells it."""
    return _told("model name") or platform.processor() or "an unnamed processor"


def supports(extension: str) -> bool:
    """Whether the system tells that its processors have that set of instructions, such as `avx512f`."""
    return extension in _told("flags").split()


def _told(what: str) -> str:
    """What Linux says of the first processor, "" elsewhere."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(what)), "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
