"""What is computed of rows of a table: the same as without, with fewer operations; where it is not, that is seen."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from symbp import pipeline
from symbp.derive.network import derive_network
from symbp.forward.build import build_network
from symbp.program.cost import Sizes, cost
from symbp.program.labels import Labels
from symbp.program.operations import Contract, Gather, Op, Scatter
from symbp.program.optimize import optimize
from symbp.program.passes import Keep, Pass, every_pass
from symbp.program.program import Loop, Program
from symbp.program.tables import of_tables
from symbp.program.verify import ProgramError
from symbp.spec import parse_spec
from symbp.verify.programs import check_passes

BATCH = 2048
SPEC = """
name: letters
input: {{shape: [9], kind: integer, classes: 4}}
layers: [embedding: {{tokens: {tokens}, units: 20}}, {layer}, dense: 3]
loss: softmax_cross_entropy
training: {{batch_size: {batch}}}
blas: {blas}
"""
LAYERS = ("gru: 5", "dense: {units: 6, activation: tanh}", "lstm: 4", "conv1d: {filters: 3, kernel_size: 2}")


@cache
def made(layer: str, blas: str = "numpy", without: tuple[str, ...] = (), dtype: str = "float64") -> ModuleType:
    spec = parse_spec(SPEC.format(tokens=4, layer=layer, batch=BATCH, blas=blas))
    return pipeline.load_module(pipeline.generate(spec, dtype=dtype, check=False, without=without))  # type: ignore[arg-type]


def program_of(layer: str, *, tokens: int = 4, batch: int = BATCH, without: frozenset[str] = frozenset()) -> Program:
    spec = parse_spec(SPEC.format(tokens=tokens, layer=layer, batch=batch, blas="numpy"))
    return optimize(derive_network(build_network(spec)), without=without, batch=batch).program


def operations(program: Program) -> list[Op]:
    return [op for item in program.items(tuple(program.routines)) for op in item.operations]


def arithmetic(program: Program, batch: int) -> int:
    sizes = Sizes(program.arrays, batch, 4)
    return sum(cost(item, sizes).operations for item in program.items(("forward", "loss", "backward")))


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("layer", LAYERS)
def test_cost_and_gradients_are_those_without(layer: str, blas: str) -> None:
    draw = np.random.default_rng(0)
    tables, plain = made(layer, blas), made(layer, blas, ("tables",))
    rows = 3 if "conv" in layer else 9
    x, y = draw.integers(0, 3, (50, 9)), draw.integers(0, 3, (50, rows))  # the last label is never met
    params = tables.init(1, np.float64)
    cost, gradients = tables.loss_and_gradients(params, x, y)
    expected, others = plain.loss_and_gradients(plain.Parameters(params.flat), x, y)
    assert cost == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradients.flat, others.flat, rtol=0, atol=1e-13 * np.abs(others.flat).max())
    assert not gradients.embedding_1_E[3].any()


def test_products_are_of_tables_where_the_labels_are_few() -> None:
    few, many = program_of("gru: 5"), program_of("gru: 5", tokens=40)
    assert any(isinstance(op, Scatter) and op.sorted for op in operations(few))
    assert not any("sums" in op.out or "table" in op.out for op in operations(many))
    without = program_of("gru: 5", without=frozenset({"tables"}))
    saved = arithmetic(without, BATCH) - arithmetic(few, BATCH)
    assert saved > 3 * 2 * BATCH * 9 * 20 * 15 * 0.9  # a product of every row, forward, and two backward
    same = program_of("gru: 5", tokens=40, without=frozenset({"tables"}))
    assert arithmetic(many, BATCH) == arithmetic(same, BATCH) + 3 * BATCH * 9  # rows of the table are sorted by label


def test_the_usual_batch_decides() -> None:
    assert not any("table" in op.out for op in operations(program_of("gru: 5", batch=1, tokens=8)))
    assert any("table" in op.out for op in operations(program_of("gru: 5", batch=2, tokens=8)))


def test_a_single_example_computes_no_large_table() -> None:
    assert any("table" in op.out for op in operations(program_of("gru: 5", tokens=36)))
    assert not any("table" in op.out for op in operations(program_of("gru: 5", tokens=37)))


def test_labels_in_the_wrong_order_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Labels, "in_order", lambda self, label, order: label)
    derivation = derive_network(build_network(parse_spec(SPEC.format(tokens=4, layer="gru: 5", batch=1, blas="numpy"))))
    with pytest.raises(ProgramError, match="the labels take"):
        optimize(derivation, batch=BATCH)


def test_factors_that_are_confused_are_seen() -> None:
    def shifted(program: Program, keep: Keep) -> Program:
        changed = of_tables(program, BATCH)
        routines = {
            name: replace(
                routine,
                statements=tuple(
                    item if isinstance(item, Loop) else replace(item, operations=tuple(map(lost, item.operations)))
                    for item in routine.statements
                ),
            )
            for name, routine in changed.routines.items()
        }
        return replace(changed, routines=routines)

    def lost(op: Op) -> Op:
        return replace(op, left=op.right, right=op.left) if isinstance(op, Contract) and "sums" in op.right else op

    layer = "dense: {units: 20, activation: tanh}"  # E' S is square, so that only numbers tell it from S' E
    derivation = derive_network(build_network(parse_spec(SPEC.format(tokens=4, layer=layer, batch=1, blas="numpy"))))
    passes = [Pass("tables", shifted) if each.name == "tables" else each for each in every_pass(batch=BATCH)]
    failed = [result for result in check_passes(derivation, passes=passes) if not result.passed]
    assert {"tables"} <= {result.after for result in failed}
    right = check_passes(derivation, passes=every_pass(batch=BATCH))
    assert all(result.passed for result in right)


def test_functions_of_rows_are_functions_of_the_table() -> None:
    activated = program_of("tanh")
    tanh = next(op for op in operations(activated) if getattr(op, "function", "") == "tanh")
    assert activated.arrays[tanh.out].shape == (4, 20)
    taken = next(op for op in operations(activated) if isinstance(op, Gather) and op.out == "dense_1.z")
    assert activated.arrays[taken.source].shape == (4, 3)  # the dense layer's product is one of the table too


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.uint64, np.int64])
def test_labels_of_any_kind_and_layout(kind: type) -> None:
    module = made("gru: 5")
    x = np.random.default_rng(0).integers(0, 4, (30, 9))
    y = np.random.default_rng(1).integers(0, 3, (30, 9))
    params = module.init(0, np.float64)
    _, expected = module.loss_and_gradients(params, x, y)
    expected = expected.flat.copy()
    _, straight = module.loss_and_gradients(params, x.astype(kind), y)
    np.testing.assert_array_equal(straight.flat, expected)
    _, turned = module.loss_and_gradients(params, np.asfortranarray(x.astype(kind)), y)
    np.testing.assert_array_equal(turned.flat, expected)
    with pytest.raises(ValueError, match="from 0 to 3"):
        module.loss_and_gradients(params, np.full((30, 9), 4, kind), y)


DEFINED = """
name: defined
input: {shape: [9], kind: integer, classes: 4}
define:
  layers:
    lay:
      formula: |-
        z[n,t,j] = sum[d](x[n,t,d]*W[d,j])
        z_table[p,j] = sin(P[p,j])
        y[n,t,j] = sin(z[n,t,j])*z[n,t,j] + sum[p](z_table[p,j]**3)
      parameters: {W: {axes: [d, j]}, P: {axes: [p, j]}}
      sizes: {p: rows, j: units}
  activations:
    act: {formula: "a = FORMULA"}
layers: [embedding: {tokens: 4, units: 20}, USED, dense: 20, dense: 2]
loss: mse
training: {batch_size: 2048}
"""


def both(used: str, formula: str = "z") -> list[ModuleType]:
    spec = parse_spec(DEFINED.replace("FORMULA", formula).replace("USED", used))
    texts = (pipeline.generate(spec, dtype="float64", check=False, without=w).module for w in ((), ("tables",)))
    return [pipeline.load_source(text, "defined") for text in texts]


def alike(modules: Sequence[ModuleType], row: float = 0.5) -> None:
    """The gradients, where the last row of the table is met by no example."""
    draw, found = np.random.default_rng(0), []
    x, y = draw.integers(0, 3, (50, 9)), draw.standard_normal((50, 9, 2))
    for module in modules:
        params = module.init(0, np.float64)
        table = params["embedding_1.E"]
        table[...] = np.abs(table) + 0.1
        table[3] = row
        with np.errstate(all="raise"):
            found.append(module.loss_and_gradients(params, x, y)[1].flat)
    np.testing.assert_allclose(*found, rtol=0, atol=1e-13 * np.abs(found[1]).max())


def test_names_of_tensors_are_not_taken() -> None:
    alike(both("lay: {rows: 4, units: 5}"))


@pytest.mark.parametrize(
    ("formula", "row"), [("log(z)", 0.0), ("1/z", 0.0), ("exp(z)", 1000.0), ("sqrt(z)", -1.0), ("sin(z)", 0.0)]
)
def test_a_row_that_no_example_takes_does_no_harm(formula: str, row: float) -> None:
    alike(both("act", formula), row)


def test_a_table_that_a_layer_computes_may_have_rows_that_are_not_finite() -> None:
    layer = """
    define:
      layers:
        logs:
          formula: |-
            T[k,d] = log(E[k,d])
            y[n,t,d] = T[x[n,t],d]
          integers: [x]
          parameters: {E: [k, d]}
          sizes: {k: tokens, d: units}
    """
    text = f"""
    name: logs
    input: {{shape: [9], kind: integer, classes: 4}}
    layers: [logs: {{tokens: 4, units: 20}}, dense: 20, dense: 2]
    loss: mse
    training: {{batch_size: 2048}}
    {layer.strip()}
    """
    draw, found = np.random.default_rng(0), []
    x, y = draw.integers(0, 3, (50, 9)), draw.standard_normal((50, 9, 2))
    for without in ((), ("tables",)):
        module = pipeline.load_module(
            pipeline.generate(parse_spec(text), dtype="float64", check=False, without=without)
        )
        params = module.init(0, np.float64)
        params["logs_1.E"][...] = [[1.0], [2.0], [3.0], [0.0]]
        with np.errstate(divide="ignore", invalid="ignore"):  # the layer itself: log(0), and 0/0 backward
            found.append(module.loss_and_gradients(params, x, y)[1])
    dense = [gradients["dense_2.W"] for gradients in found]
    np.testing.assert_allclose(*dense, rtol=0, atol=1e-13 * np.abs(dense[1]).max())


def test_pieces_of_rows_are_of_the_table() -> None:
    program = program_of("leaky_relu")
    taken = next(op for op in operations(program) if isinstance(op, Gather) and op.out == "dense_1.z")
    assert program.arrays[taken.source].shape == (4, 3)


def test_in_training_and_inference() -> None:
    spec = SPEC.format(tokens=4, layer="tanh, dropout: 0.4, lstm: 4", batch=BATCH, blas="numpy")
    modules = [
        pipeline.load_module(pipeline.generate(parse_spec(spec), dtype="float64", check=False, without=w))
        for w in ((), ("tables",))
    ]
    draw = np.random.default_rng(0)
    x, y = draw.integers(0, 4, (30, 9)), draw.integers(0, 3, (30, 9))
    params = [module.init(1, np.float64) for module in modules]
    predicted = [module.predict(p, x).copy() for module, p in zip(modules, params, strict=True)]
    np.testing.assert_allclose(*predicted, rtol=1e-13)
    found = [module.loss_and_gradients(p, x, y, random=3)[1].flat for module, p in zip(modules, params, strict=True)]
    np.testing.assert_allclose(*found, rtol=0, atol=1e-13)


@pytest.mark.parametrize("blas", ["numpy", "scipy"])
@pytest.mark.parametrize("optimizer", ["sgd: {learning_rate: 0.1}", "momentum: {learning_rate: 0.1, momentum: 0.9}"])
def test_updates_that_the_backward_pass_does(optimizer: str, blas: str) -> None:
    spec = SPEC.format(tokens=4, layer="tanh", batch=BATCH, blas=blas) + f"optimizer: {{{optimizer}}}\n"
    trained = []
    for without in ((), ("tables", "fold")):
        made = pipeline.generate(parse_spec(spec), dtype="float64", check=False, without=without)
        module = pipeline.load_module(made)
        trainer, draw = module.Trainer(module.init(1, np.float64)), np.random.default_rng(0)
        for _ in range(3):
            trainer.step(draw.integers(0, 3, (30, 9)), draw.integers(0, 3, (30, 9)))
        trained.append(trainer.params.flat)
    np.testing.assert_allclose(*trained, rtol=0, atol=1e-13)


def test_trainers_with_tables_are_copied() -> None:
    module = made("lstm: 4")
    draw = np.random.default_rng(0)
    x, y = draw.integers(0, 4, (6, 9)), draw.integers(0, 3, (6, 9))
    trainer = module.Trainer(module.init(0, np.float64))
    trainer.step(x, y)
    other = module.Trainer(trainer.params)
    other.load_state_dict(pickle.loads(pickle.dumps(trainer.state_dict())))
    assert trainer.step(x, y) == other.step(x, y)
    np.testing.assert_array_equal(trainer.params.flat, other.params.flat)
