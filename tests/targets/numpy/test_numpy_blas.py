"""Modules whose products are SciPy's: the same numbers as NumPy's, in place, with nothing copied unseen."""

from __future__ import annotations

import builtins
import copy
import re
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from plan.test_plan import held
from targets.numpy.watched import ROUTINES as WATCHED

from symbp import pipeline
from symbp.errors import UserError
from symbp.forward.network import BATCH
from symbp.plan.report import plan
from symbp.program.operations import Contract, Fold, View
from symbp.program.program import Array
from symbp.spec import read_spec
from symbp.spec.read import parse_spec
from symbp.targets.load import as_argument, load_source
from symbp.targets.numpy.blas import of_dtype
from symbp.targets.numpy.operations import lines
from symbp.targets.numpy.safety import UnsafeModuleError, inspect
from symbp.targets.numpy.scope import Scope
from symbp.targets.numpy.source import names
from symbp.verify.examples import _draw

SPECS = Path(__file__).parents[3] / "specs"
LARGE = ("mnist_resnet", "segmentation_unet", "shakespeare_transformer")
EVERY = [
    pytest.param(path.stem, marks=[pytest.mark.slow] if path.stem in LARGE else [])
    for path in sorted(SPECS.glob("*.yaml"))
]
CLOSE = {"float32": 2e-4, "float64": 1e-10}  # of what is large in a gradient: sums in another order
SIZES = {"n": 3, "t": 2, "i": 4, "j": 5, "k": 6, "h": 2}
PRODUCTS = (
    "ni,ij->nj nj,ij->ni ni,nj->ij ij,ni->nj ni,ij->jn nti,ij->ntj nti,ntj->ij n,nj->j ni,i->n nti,ti->n i,i-> ti,ti-> "
    "nti,nji->ntj nti,nij->ntj nit,nij->ntj nti,ntj->nij hnti,hnji->hntj nhti,nthj->ijh itn,tij->ntj ti,t->i nk,nk->n"
).split()


def alike(found: Any, expected: Any, close: float) -> None:
    """Equal but for rounding, in units of the largest number."""
    scale = max(float(np.abs(expected).max(initial=0)), 1e-30)
    np.testing.assert_allclose(found, expected, rtol=0, atol=close * scale)


@cache
def pair(name: str) -> tuple[pipeline.Generated, ModuleType, ModuleType]:
    """The module with NumPy's products, and that with SciPy's."""
    spec = read_spec(SPECS / f"{name}.yaml")
    made = pipeline.generate(replace(spec, blas="scipy"), check=False)
    plain = pipeline.generate(replace(spec, blas="numpy"), check=False)
    module = load_source(made.module, name)
    module.__dict__["blas"] = WATCHED
    return made, load_source(plain.module, name), module


def examples(made: pipeline.Generated, n: int, dtype: str) -> tuple[Any, Any]:
    network = made.derivation.network
    arrays = _draw(network, n, np.random.default_rng(1))
    held = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in arrays.items()}
    x, y = ({name: held[name] for name in names} for names in (network.inputs, network.targets))
    return as_argument(x), as_argument(y)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("name", EVERY)
def test_gradients_and_steps_are_those_of_numpy(name: str, dtype: str) -> None:
    made, plain, module = pair(name)
    random = {"random": 3} if made.derivation.network.random else {}
    costs = []
    trainers = [m.Trainer(m.init(1, dtype)) for m in (plain, module)]
    for n in (4, 1):
        x, y = examples(made, n, dtype)
        (cost, expected), (same, found) = (
            m.loss_and_gradients(m.init(1, dtype), x, y, **random) for m in (plain, module)
        )
        assert same == pytest.approx(cost, rel=CLOSE[dtype])
        alike(found.flat, expected.flat, CLOSE[dtype])
        outputs = [m.forward(m.init(1, dtype), x) for m in (plain, module)]
        for one, other in zip(*(each if isinstance(each, tuple) else (each,) for each in outputs), strict=True):
            alike(other, one, CLOSE[dtype])
        costs += [[trainer.step(x, y) for trainer in trainers] for _ in range(3)]
    np.testing.assert_allclose(*np.transpose(costs), rtol=10 * CLOSE[dtype])
    if dtype == "float64":
        alike(trainers[1].params.flat, trainers[0].params.flat, CLOSE[dtype])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("subscripts", PRODUCTS)
def test_every_product_is_that_of_einsum(subscripts: str, turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where each array is held with its axes in another order."""
    monkeypatch.setattr("symbp.targets.numpy.blas.ALONE", 0)
    monkeypatch.setattr("symbp.targets.numpy.blas.ALONE_IN_ROWS", 0)
    random = np.random.default_rng(0)
    letters = dict(zip(("left", "right", "out"), subscripts.replace("->", ",").split(","), strict=True))
    arrays: dict[str, Array] = {}
    held: dict[str, np.ndarray] = {}
    views = []
    for name, axes in letters.items():
        order = tuple(reversed(range(len(axes)))) if turned else tuple(range(len(axes)))
        within = "".join(axes[k] for k in order)
        arrays[name] = Array(name, tuple(_dim(a) for a in axes), "float", "workspace")
        arrays[f"{name}_held"] = Array(f"{name}_held", tuple(_dim(a) for a in within), "float", "workspace")
        held[f"{name}_held"] = random.standard_normal([SIZES[a] for a in within])
        views.append(View(name, f"{name}_held", order))
    scope = Scope(arrays, {name: name for name in held}, {}, depth=0, blas="scipy")
    scope.bind(views)
    code = "\n".join(lines(Contract("out", "left", "right", *letters.values()), scope))
    assert "np.matmul" not in code
    assert "np.einsum" not in code
    run(code, scope, held)
    left, right, out = (held[f"{name}_held"].transpose(view.axes) for name, view in zip(letters, views, strict=True))
    np.testing.assert_allclose(out, np.einsum(subscripts, left, right), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(("axes", "kept"), [("nti", "ti"), ("nti", "n"), ("ni", "i"), ("ni", "n"), ("n", "")])
def test_sums_are_products_with_ones(axes: str, kept: str) -> None:
    operand = np.random.default_rng(0).standard_normal([SIZES[a] for a in axes])
    held = {"operand": operand, "out": np.full([SIZES[a] for a in kept], np.nan)}
    arrays = {
        name: Array(name, tuple(map(_dim, letters)), "float", "workspace")
        for name, letters in (("operand", axes), ("out", kept))
    }
    folded = tuple(k for k, a in enumerate(axes) if a not in kept)
    scope = Scope(arrays, {name: name for name in held}, {}, depth=0, blas="scipy")
    code = "\n".join(lines(Fold("out", "sum", "operand", folded), scope))
    assert re.match(r"ws\.gemv\(|out\[\.\.\.\] = ws\.dot\(", code)
    run(code, scope, held)
    np.testing.assert_allclose(held["out"], operand.sum(folded), rtol=1e-13, atol=1e-13)


def run(code: str, scope: Scope, held: dict[str, np.ndarray]) -> None:
    """Carry out the lines, with what they need of the workspace."""
    named = {"n": SIZES["n"], "dtype": np.float64, "np": np, "blas": WATCHED}
    ws = SimpleNamespace(**{key: eval(extra.made, named) for key, extra in scope.extras.arrays.items()})
    exec("\n".join([*of_dtype("ws.", scope.extras.routines, "dtype"), code]), {**named, **held, "ws": ws})


def _dim(letter: str) -> Any:
    return BATCH if letter == "n" else SIZES[letter]


def test_a_keyword_of_a_call_is_no_argument() -> None:
    """`y` is gemv's result, and the name of the target."""
    assert names(["sgemv(1.0, ws.a.T, ws.ones, y=ws.b, overwrite_y=True)"]) == {"sgemv", "ws"}
    assert names(["if y == x:", "    np.add(y, 1, out=ws.b)"]) == {"np", "ws", "x", "y"}


def test_small_products_of_a_stack_stay_in_one_call() -> None:
    spec = "name: m\nblas: scipy\ninput: [6, 8]\nlayers: [{multi_head_attention: {heads: 2}}]\nloss: mse\n"
    made = pipeline.generate(parse_spec(spec))
    assert "np.matmul(" in made.module
    assert "ws.gemm(" in made.module
    assert not re.search(r"(?<!ws)\.dot\(", made.module)


@pytest.mark.parametrize("name", ["mnist_mlp", "names_lstm"])  # of momentum and adam
def test_trainers_and_workspaces_are_copied_without_routines(name: str) -> None:
    """No routine of SciPy can be copied: a copy finds its own."""
    made, _, module = pair(name)
    trainer, (x, y) = module.Trainer(module.init(1)), examples(made, 4, "float32")
    trainer.step(x, y)
    twin = copy.deepcopy(trainer)
    assert twin.step(x, y) == trainer.step(x, y)
    np.testing.assert_array_equal(twin.params.flat, trainer.params.flat)
    assert copy.deepcopy(module.Workspace(4)).n == 4


def test_the_module_says_that_it_needs_scipy() -> None:
    made = pair("digits_mlp")[0].module
    assert "in NumPy and SciPy's BLAS" in made.splitlines()[0]
    assert "products   SciPy's BLAS, which the module needs besides NumPy" in made
    assert "\n    from scipy.linalg import blas\n" in made
    assert "\nwithout " not in made
    assert "scipy" not in pipeline.generate(read_spec(SPECS / "digits_mlp.yaml"), check=False).module


@pytest.mark.parametrize("name", ["mnist_mlp", "names_lstm", "recommender", "mnist_cnn"])
def test_memory_is_predicted_to_the_byte(name: str) -> None:
    made, _, module = pair(name)
    predicted = plan(made, 3).memory
    trainer = module.Trainer(module.init(0, "float32"))
    assert predicted["workspace"] == held(module.Workspace(3, "float32"))
    assert predicted["optimizer"] + predicted["update"] == held(trainer)
    assert predicted["gradients"] == (trainer._gradients.flat.nbytes if hasattr(trainer, "_gradients") else 0)


def test_a_network_of_convolutions_holds_what_it_does_with_numpy() -> None:
    """No columns are whole; the product of a block lies beside its columns."""
    spec = read_spec(SPECS / "mnist_cnn.yaml")
    memory = plan(pair("mnist_cnn")[0], 64).memory["workspace"]
    assert memory < 1.01 * plan(pipeline.generate(replace(spec, blas="numpy"), check=False), 64).memory["workspace"]


def test_what_is_left_of_an_update_is_one_call() -> None:
    made = pair("mnist_mlp")[0].module
    update = made.partition("    def _update(")[2].partition("    def ")[0]
    assert "        # wₚ = wₚ − η · vₚ\n        self._axpy(self.v, self.params.flat, a=-learning_rate)\n" in update
    assert "for start" not in update
    assert "_scratch" not in made


def test_only_blas_is_imported_and_only_where_it_is_asked_for() -> None:
    inspect("from scipy.linalg import blas\nblas.sgemm\n", "scipy")
    for text, library in (
        ("from scipy.linalg import blas", "numpy"),
        ("from scipy.linalg import lapack", "scipy"),
        ("from scipy.linalg import blas as b", "scipy"),
        ("import scipy", "scipy"),
        ("from scipy.linalg import blas\nblas.find_best_blas_type", "scipy"),
    ):
        with pytest.raises(UnsafeModuleError):
            inspect(text, library)  # type: ignore[arg-type]


def test_without_scipy_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return whole(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"digits_mlp: the spec asks for `blas: scipy`.*pip install '\.\[blas\]'"):
        pipeline.generate(replace(read_spec(SPECS / "digits_mlp.yaml"), blas="scipy"))


def test_a_module_without_scipy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    spec = replace(read_spec(SPECS / "digits_mlp.yaml"), blas="scipy")
    made = pipeline.generate(spec, check=False).module
    with pytest.raises(ModuleNotFoundError, match=r"needs the BLAS of SciPy: pip install scipy"):
        exec(made, {"__name__": "digits_mlp"})
