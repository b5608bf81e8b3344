"""The wheel, installed where there is no checkout: it holds all that symbp reads, and what it writes needs NumPy alone.

The wheel is built from a copy of the checkout and installed into a new environment that sees this one's packages behind
its own, so that nothing is fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from symbp import __version__

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "symbp", "templates")
NUMPY_ONLY = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"numpy", "digits"}:
            raise ModuleNotFoundError(f"the module imports {name}")

sys.meta_path.insert(0, Refuse())
import numpy as np
import digits

params = digits.init()
x, y = np.zeros((3, 64), np.float32), np.arange(3)
cost, gradients = digits.loss_and_gradients(params, x, y)
assert np.isfinite(cost) and np.isfinite(gradients.flat).all()
assert digits.Trainer(params).step(x, y) == cost
"""
WITHOUT_EXTRAS = """
import importlib.util
import sys

EXTRAS = {"jax", "jaxlib", "matplotlib", "scipy", "sklearn", "torch"}
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in EXTRAS else find(name, package)
sys.modules.update(dict.fromkeys(EXTRAS))  # importing them is an ImportError

from symbp.cli import main

main()
"""

GELUS = """
name: gelus
input: 2
layers: [dense: 2, gelu, dense: 1]
loss: mse
data: {source: csv, path: t.csv, target: y}
"""

pytestmark = pytest.mark.skipif(
    not all(map(find_spec, ("build", "hatchling", "pip"))), reason="build, hatchling or pip is not installed"
)


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    checkout = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, checkout / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", cwd=checkout)
    (built,) = (checkout / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    inside = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    Path(inside, "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", "--force-reinstall", wheel, cwd=folder)
    return folder / "bin"


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        held = set(file.namelist())
    info = f"symbp-{__version__}.dist-info/"
    assert {name.partition("/")[0] + "/" for name in held} == {"symbp/", info}
    expected = {path.relative_to(ROOT) for path in ROOT.glob("symbp/**/*.py")} | {Path("symbp/py.typed")}
    templates = {Path("symbp") / path.relative_to(ROOT) for path in ROOT.glob("templates/**/*.jinja")}
    assert templates
    assert {Path(name) for name in held if name.startswith("symbp/")} == expected | templates
    assert {info + "licenses/LICENSE", info + "entry_points.txt"} <= held


def test_generate_and_derive_elsewhere(programs: Path, tmp_path: Path) -> None:
    assert run(programs / "symbp", "--version", cwd=tmp_path).strip().endswith(__version__)
    where = run(programs / "python", "-c", "import symbp; print(symbp.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(programs.parent), "the wheel, not the checkout"
    run(programs / "symbp", "new", "digits", cwd=tmp_path)
    written = run(programs / "symbp", "generate", "digits.yaml", "-o", "written", cwd=tmp_path)
    assert "gradient checked" in written
    assert {path.name for path in (tmp_path / "written").iterdir()} == {"digits.py", "digits.tex"}
    run(sys.executable, "-c", NUMPY_ONLY, cwd=tmp_path / "written")
    for form, ending in (("text", "txt"), ("markdown", "md")):
        run(programs / "symbp", "derive", "digits.yaml", "--format", form, "-o", "derived", cwd=tmp_path)
        assert (tmp_path / "derived" / f"digits.{ending}").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        (
            ("check", "gelus.yaml", "--batch", "2"),
            "not installed, so not compared: JAX, PyTorch; pip install 'symbp[check,torch]'",
        ),
        (("train", "gelus.yaml", "--epochs", "1"), "matplotlib is not installed; pip install 'symbp[train]'"),
    ],
)
def test_commands_without_the_extras(command: tuple[str, ...], printed: str, programs: Path, tmp_path: Path) -> None:
    (tmp_path / "gelus.yaml").write_text(GELUS)
    (tmp_path / "t.csv").write_text("a,b,y\n" + "".join(f"{k},{k % 3},{k % 2}\n" for k in range(20)))
    shown = run(programs / "python", "-c", WITHOUT_EXTRAS, *command, cwd=tmp_path)
    assert printed in " ".join(shown.split())
