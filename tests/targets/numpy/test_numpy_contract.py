"""The contract of a generated module, row by row, on small networks with several losses and optimizers."""

import copy
import importlib
import math
import pickle
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from targets.numpy.small_networks import SPECS, batch, module, network, source

from symbp import pipeline
from symbp.spec.model import SpecError

NAMES = sorted(SPECS)
DTYPES = [np.float32, np.float64]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("dtype", DTYPES)
def test_init_gives_named_views_of_one_vector(name: str, dtype: type) -> None:
    params = module(name).init(3, dtype)
    assert isinstance(params, Mapping)
    assert params.flat.dtype == dtype
    assert params.flat.flags.c_contiguous
    assert {k: v.shape for k, v in params.items()} == dict(module(name).LAYOUT)
    assert all(np.shares_memory(v, params.flat) for v in params.values())
    np.testing.assert_array_equal(np.concatenate([v.ravel() for v in params.values()]), params.flat)
    params["dense_1.b"][0] = 7
    assert 7 in params.flat


def test_init_is_seeded(name: str) -> None:
    init = module(name).init
    np.testing.assert_array_equal(init(1).flat, init(1).flat)
    assert not np.array_equal(init(1).flat, init(2).flat)
    np.testing.assert_array_equal(init(1).flat, init(1, np.float64).flat.astype(np.float32))


def test_init_refuses_other_dtypes(name: str) -> None:
    with pytest.raises(TypeError, match="dtype: expected float32 or float64, came int64"):
        module(name).init(0, np.int64)


def test_unknown_parameter(name: str) -> None:
    params = module(name).init()
    with pytest.raises(KeyError, match=r"dense_1\.w.*expected one of dense_1\.W"):
        params["dense_1.w"]
    assert "dense_1.w" not in params
    assert "flat" not in params


def test_parameters_copy_and_pickle(name: str) -> None:
    params = module(name).init()
    for twin in (params.copy(), copy.deepcopy(params), pickle.loads(pickle.dumps(params))):
        np.testing.assert_array_equal(twin.flat, params.flat)
        assert not np.shares_memory(twin.flat, params.flat)
        assert all(np.shares_memory(view, twin.flat) for view in twin.values())


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda kept: pickle.loads(pickle.dumps(kept))])
def test_copies_of_a_trainer_and_a_workspace(name: str, how: Callable[[Any], Any]) -> None:
    """A trainer's goes on to the same bits; arrays of a workspace's share memory as they did, none with the other's."""
    m = module(name)
    trainer = m.Trainer(m.init(0, np.float64), learning_rate=0.02)
    trainer.step(*batch(name, 4))
    twin, start = how(trainer), trainer.params.flat.copy()
    twin.step(*batch(name, 4, seed=1))
    np.testing.assert_array_equal(trainer.params.flat, start)
    trainer.step(*batch(name, 4, seed=1))
    np.testing.assert_array_equal(trainer.params.flat, twin.params.flat)
    workspace = m.Workspace(4, np.float64)
    one, other = held(workspace), held(how(workspace))
    assert sum(array.nbytes for array in one) == sum(array.nbytes for array in other)
    assert not any(np.shares_memory(a, b) for a in one for b in other)


def held(workspace: Any) -> list[np.ndarray]:
    """The memory of a workspace: what its arrays are views of."""
    arrays = [value for value in vars(workspace).values() if isinstance(value, np.ndarray)]
    return list({id(each): each for each in (a if a.base is None else a.base for a in arrays)}.values())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_shapes_and_dtypes(name: str, dtype: type, n: int) -> None:
    m, (x, y) = module(name), batch(name, n, dtype)
    params = m.init(0, dtype)
    assert m.forward(params, x).shape == m.predict(params, x).shape == (n, 1 if name == "binary" else 3)
    assert m.forward(params, x).dtype == m.predict(params, x).dtype == dtype
    assert type(m.loss(params, x, y)) is float
    cost, gradients = m.loss_and_gradients(params, x, y)
    assert type(gradients) is m.Parameters
    assert cost == m.loss(params, x, y)
    assert gradients.flat.dtype == dtype
    assert np.isfinite(gradients.flat).all()


def test_predict_reads_as_probabilities() -> None:
    m, (x, _) = module("classifier"), batch("classifier", 5)
    params = m.init(0, np.float64)
    logits, probabilities = m.forward(params, x), m.predict(params, x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(probabilities, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rtol=1e-14)


def test_results_do_not_change_under_the_caller(name: str) -> None:
    m, (x, y) = module(name), batch(name, 3)
    params = m.init(0, np.float64)
    first = m.forward(params, x)
    kept, inputs, targets = first.copy(), x.copy(), y.copy()
    m.loss_and_gradients(params, x[::-1].copy(), y)
    m.Trainer(params).step(x, y)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(x, inputs)
    np.testing.assert_array_equal(y, targets)


def test_a_workspace_may_be_kept(name: str) -> None:
    m, (x, y) = module(name), batch(name, 3)
    params, ws = m.init(0, np.float64), m.Workspace(3, np.float64)
    assert m.loss(params, x, y, ws) == m.loss(params, x, y)
    np.testing.assert_array_equal(m.predict(params, x, ws), m.predict(params, x))
    np.testing.assert_array_equal(
        m.loss_and_gradients(params, x, y, ws)[1].flat, m.loss_and_gradients(params, x, y)[1].flat
    )
    with pytest.raises(ValueError, match="workspace: expected n = 2 and float64, came n = 3 and float64"):
        m.forward(params, x[:2], ws)


@pytest.mark.parametrize(("n", "dtype"), [(0, np.float64), (-1, np.float64), (3, np.float16), (3, np.int32)])
def test_a_workspace_that_none_can_use_is_refused(name: str, n: int, dtype: type) -> None:
    with pytest.raises(ValueError, match=f"expected n of 1 or more, and float32 or float64, came n = {n} and"):
        module(name).Workspace(n, dtype)


def test_gradients_agree_with_differences(name: str) -> None:
    """A second look, besides the module's own: one entry at a time, in the plainest way."""
    m, (x, y) = module(name), batch(name, 4)
    params = m.init(1, np.float64)
    params.flat += 0.1 * np.random.default_rng(1).standard_normal(params.flat.size)
    gradients = m.loss_and_gradients(params, x, y)[1]
    found = np.empty_like(params.flat)
    for i in range(found.size):
        costs = []
        for h in (1e-5, -1e-5):
            moved = params.copy()
            moved.flat[i] += h
            costs.append(m.loss(moved, x, y))
        found[i] = (costs[0] - costs[1]) / 2e-5
    # central differences: truncation h^2, rounding eps/h, both near 1e-10
    np.testing.assert_allclose(gradients.flat, found, rtol=1e-7, atol=1e-9)


def test_training_lowers_the_cost(name: str) -> None:
    m, (x, y) = module(name), batch(name, 16)
    trainer = m.Trainer(m.init(0, np.float64))
    costs = [trainer.step(x, y) for _ in range(100)]
    assert type(costs[0]) is float
    assert costs[0] == m.loss(m.init(0, np.float64), x, y)
    assert costs[-1] < costs[0]
    assert trainer.steps == 100


def test_a_trainer_owns_its_parameters(name: str) -> None:
    m, (x, y) = module(name), batch(name, 4)
    params = m.init(0, np.float64)
    trainer = m.Trainer(params)
    trainer.step(x, y)
    np.testing.assert_array_equal(params.flat, m.init(0, np.float64).flat)
    assert not np.array_equal(trainer.params.flat, params.flat)


def test_state_continues_exactly(name: str) -> None:
    m, (x, y) = module(name), batch(name, 4)
    whole = m.Trainer(m.init(0, np.float64))
    for _ in range(3):
        whole.step(x, y)
    resumed = m.Trainer(m.init(9, np.float64), learning_rate=0.25)
    resumed.load_state_dict(whole.state_dict())
    for _ in range(3):
        assert whole.step(x, y) == resumed.step(x, y)
    np.testing.assert_array_equal(whole.params.flat, resumed.params.flat)
    assert whole.steps == resumed.steps == 6


def test_state_that_does_not_fit_changes_nothing() -> None:
    m, (x, y) = module("classifier"), batch("classifier", 4)
    trainer = m.Trainer(m.init(0, np.float64))
    trainer.step(x, y)
    before, good = trainer.state_dict(), m.Trainer(m.init(1, np.float64)).state_dict()
    wrong = [
        ({k: v for k, v in good.items() if k != "steps"}, "expected also steps"),
        (good | {"params": good["params"][:-1]}, "params.*expected float64 of shape"),
        (good | {"params": good["params"].astype(np.float32)}, "params.*came float32"),
        (good | {"momentum": 1.5}, "momentum: expected"),
        (good | {"steps": -1}, "steps"),
    ]
    for state, message in wrong:
        with pytest.raises(ValueError, match=message):
            trainer.load_state_dict(state)
    after = trainer.state_dict()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan, math.inf])
def test_hyperparameters_are_checked(value: float) -> None:
    m = module("classifier")
    with pytest.raises(ValueError, match="momentum: expected a finite number of at least 0 and less than 1, came"):
        m.Trainer(m.init(), momentum=value)
    assert m.Trainer(m.init(), momentum=math.nextafter(1, 0)).momentum < 1
    with pytest.raises(TypeError, match="unexpected keyword"):
        m.Trainer(m.init(), velocity=value)


def test_what_belongs_to_another_module_is_refused(name: str, tmp_path: Path) -> None:
    m, other = module(name), module(next(each for each in NAMES if each != name))
    (x, y), here, there = batch(name, 4, np.float32), m.init(), other.init()
    calls = {
        "params": lambda p: (
            partial(m.Trainer, p),
            partial(m.forward, p, x),
            partial(m.predict, p, x),
            partial(m.loss, p, x, y),
            partial(m.loss_and_gradients, p, x, y),
        ),
        "workspace": lambda ws: (partial(m.forward, here, x, ws), partial(m.loss, here, x, y, ws)),
        "what": lambda w: (partial(m.save, tmp_path / "a.npz", w),),
    }
    strangers = {
        "params": (there, here.flat, dict(here), None),
        "workspace": (other.Workspace(4), here),
        "what": (there, other.Trainer(there), None),
    }
    for argument, given in strangers.items():
        for stranger in given:
            came = "dtype|float32 of" if isinstance(stranger, np.ndarray) else type(stranger).__name__
            for call in calls[argument](stranger):
                with pytest.raises(TypeError, match=rf"^{argument}: expected {m.__name__}\..*, came .*({came})"):
                    call()
    assert not list(tmp_path.iterdir())


def test_what_was_made_before_the_module_was_loaded_again(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / f"again_{name}.py").write_text(source(name))
    monkeypatch.syspath_prepend(tmp_path)
    m = importlib.import_module(f"again_{name}")
    (x, y), params = batch(name, 4, np.float32), m.init()
    trainer, ws = m.Trainer(params), m.Workspace(4)
    trainer.step(x, y)
    m.save(tmp_path / "a.npz", trainer)
    before = m.loss(params, x, y)
    importlib.reload(m)
    why = r"from before this module was loaded again \(copy\.deepcopy gives one of now\), or from another module"
    for argument, kind, call in (
        ("params", "Parameters", partial(m.loss, params, x, y)),
        ("params", "Parameters", partial(m.Trainer, params)),
        ("workspace", "Workspace", partial(m.loss, m.init(), x, y, ws)),
        ("what", "Trainer", partial(m.save, tmp_path / "b.npz", trainer)),
    ):
        own = re.escape(f"{m.__name__}.{kind}")
        with pytest.raises(TypeError, match=f"^{argument}: expected .*{own}, came {own} {why}"):
            call()
    assert m.loss(copy.deepcopy(params), x, y, copy.deepcopy(ws)) == before
    for mended in (copy.deepcopy(trainer), m.load(tmp_path / "a.npz")):
        assert isinstance(mended, m.Trainer)
        assert (mended.steps, mended.params.flat.tolist()) == (1, trainer.params.flat.tolist())


def test_a_file_of_another_kind_is_no_pickle_to_load(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for content in (b"name: x\n", b"", b"\x93NUMPY"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="not a whole file of this module: expected an archive that `save` wrote"):
            module("classifier").load(path)


def test_hyperparameters_are_the_specs() -> None:
    trainer = module("classifier").Trainer(module("classifier").init())
    assert (trainer.learning_rate, trainer.momentum) == (0.1, 0.5)


def test_constants(name: str) -> None:
    m = module(name)
    assert SPECS[name].sha256 == m.SPEC_SHA256
    assert m.init().flat.size == m.SIZE
    with pytest.raises(TypeError):
        m.LAYOUT["dense_1.W"] = ()


def test_check(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    m = module(name)
    readings = m.check(seed=4)
    assert set(readings) == set(m.LAYOUT)
    assert all(reading.error < 1e-8 for reading in readings.values())
    assert m.main() == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table[1:-1]] == list(m.LAYOUT)


def test_check_fails_on_a_wrong_gradient(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    m = module(name)
    right = m._backward

    def wrong(*arguments: object) -> None:
        right(*arguments)
        gradients = next(
            a for a in arguments if isinstance(a, m.Parameters) and not np.array_equal(a.flat, arguments[0].flat)
        )
        gradients["dense_2.b"][0] *= 1.001

    monkeypatch.setattr(m, "_backward", wrong)
    assert m.main() == 1
    assert "1 of 4 gradients differ" in capsys.readouterr().out


def test_check_is_not_misled_by_a_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cost that is 1.5 times as steep from 0.0008 to 0.03 away: at such steps two estimates agree, wrongly."""
    m = module(NAMES[0])
    start: dict[str, np.ndarray] = {}
    slopes = np.random.default_rng(0).standard_normal(m.SIZE)

    def cost(params: object, *_: object, **__: object) -> float:
        away = np.asarray(params.flat - start["flat"])  # type: ignore[attr-defined]
        return float(slopes @ away) * (1.5 if 8e-4 < np.linalg.norm(away) < 0.03 else 1.0)

    def gradients(params: object, *_: object, **__: object) -> tuple[float, object]:
        start["flat"] = params.flat.copy()  # type: ignore[attr-defined]
        found = params.copy()  # type: ignore[attr-defined]
        found.flat[...] = slopes
        return 0.0, found

    monkeypatch.setattr(m, "loss", cost)
    monkeypatch.setattr(m, "loss_and_gradients", gradients)
    assert all(reading.error < 1e-8 for reading in m.check().values())


def test_a_network_with_nothing_to_train_is_refused() -> None:
    with pytest.raises(SpecError, match=r"net\.yaml:1: layers: no layer has parameters"):
        pipeline.generate(network(("relu", {}), loss=("mse", {})))
