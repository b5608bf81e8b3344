"""What is timed takes turns, computes the same, and says how it fails; the bound is of the program's products."""

from __future__ import annotations

import math
import os
import re
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest

from benchmarks import machine
from benchmarks.generation import Times
from benchmarks.progress import Progress, about
from benchmarks.report import Figure, Table
from benchmarks.speed import bound, by_hand, caches, contender, kept, memory, rounds, start_up
from benchmarks.speed.__main__ import README, THREADS, chosen_by, main
from benchmarks.speed.bound import FORMS, Operands, Product, products
from benchmarks.speed.contender import CONTENDERS, WITH_AVX2, WITH_THREADS, Entry
from benchmarks.speed.document import BEGIN, END, Section, document, in_readme, spread
from benchmarks.speed.generated import generated, give
from benchmarks.speed.given import Given
from benchmarks.speed.goals import figures
from benchmarks.speed.picture import PALETTES, draw, pictures
from benchmarks.speed.rounds import Measured, Process, Results, agree, measure, reason_of, settled
from benchmarks.speed.workloads import WORKLOADS
from benchmarks.turns import VARIABLES
from symbp import pipeline

BY_NAME = {workload.name: workload for workload in WORKLOADS}
KINDS = {workload.kind: workload for workload in WORKLOADS}
SMALL, MLP = BY_NAME["small, batch 8"], BY_NAME["mlp, batch 64"]


def test_contenders_take_turns_and_compute_the_same() -> None:
    results = measure(SMALL, ["symbp", "by hand", "bound"], threads=1, rounds=(2, 2))
    found = results.measured
    assert {name: len(each.steps) for name, each in found.items()} == dict.fromkeys(("symbp", "by hand", "bound"), 2)
    assert found["bound"].cost is None
    assert found["symbp"].cost == pytest.approx(found["by hand"].cost, rel=1e-5)
    assert found["symbp"].allocated < found["by hand"].allocated
    text = str(Section(SMALL, 1, results))
    assert text.startswith("### small, batch 8, 1 thread\n")
    assert text.count("\n| ") == 5
    assert "first step" in text
    assert "first step" not in str(Section(SMALL, 2, results)), "nobody has a core alone then"


def test_another_cost_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"`other` computes another cost, 2\.0 in place of 1\.0"):
        agree("small", {"symbp": Measured(1.0, 0.1), "bound": Measured(None, 0.1), "other": Measured(2.0, 0.1)})
    with pytest.raises(RuntimeError, match="nan"):
        agree("small", {"symbp": Measured(1.0, 0.1), "other": Measured(math.nan, 0.1)})


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"nobody, small, batch 8: status 1: KeyError: 'nobody'"):
        Process("nobody", SMALL, Given(tmp_path), {}, [0], tmp_path)


def test_the_reason_is_the_line_that_names_an_error() -> None:
    assert reason_of("Traceback\n  File\ntorch._inductor.exc.CppCompileError: no header\n\nSet VERBOSE=1") == (
        "torch._inductor.exc.CppCompileError: no header"
    )
    assert reason_of("a warning\nkilled\n") == "killed"
    assert reason_of("") == "no word"


def test_a_process_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(rounds, "LIMIT", 0.01)
    with pytest.raises(RuntimeError, match=r"symbp, small, batch 8: status -9: no answer in 0\.01 s"):
        Process("symbp", SMALL, Given(tmp_path), {}, [0], tmp_path)


def test_a_contender_that_fails_is_told_of_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rounds, "CONTENDERS", {**CONTENDERS, "nobody": Entry("by_nobody")})
    with ExitStack() as stack:
        processes, failed = rounds.started(SMALL, ["symbp", "nobody"], 1, tmp_path, tmp_path, stack)
        assert [*processes] == ["symbp"]
    assert "KeyError: 'nobody'" in failed["nobody"]
    text = str(Section(SMALL, 1, Results({"symbp": Measured(1.0, 0.1, [1.0], [1.0])}, failed)))
    assert "`nobody` could not run: status 1: KeyError: 'nobody'" in text


def test_a_spec_that_is_refused_is_told_of_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(rounds, "CONTENDERS", {**CONTENDERS, "wrong": Entry("by_symbp", changes={"blas": "none"})})
    with ExitStack() as stack:
        processes, failed = rounds.started(SMALL, ["symbp", "wrong"], 1, tmp_path, tmp_path, stack)
    assert [*processes] == ["symbp"]
    assert failed["wrong"].startswith("wrong, small, batch 8: ")
    assert "blas" in failed["wrong"]


def test_who_divides_batches_has_the_threads_and_its_products_one() -> None:
    whole, divided = Entry("by_symbp", changes={"blas": "numpy"}), Entry("by_symbp", divided=True)
    assert (whole.changes_for(2), divided.changes_for(2)) == ({"blas": "numpy"}, {"threads": 2})
    assert set(whole.variables(2).values()) == {"2"}
    assert divided.variables(2) == dict.fromkeys(VARIABLES, "1")
    assert Entry("by_symbp", environment={"A": "b"}).variables(3) == {**dict.fromkeys(VARIABLES, "3"), "A": "b"}


def test_who_cannot_take_part_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [threads for threads in (1, 2, 8, 9) if CONTENDERS[WITH_THREADS].where(SMALL, threads)] == [2, 8]
    monkeypatch.setattr(contender, "supports", lambda _: True)
    assert [threads for threads in (1, 2) if CONTENDERS[WITH_AVX2].where(SMALL, threads)] == [1]
    monkeypatch.setattr(contender, "supports", lambda _: False)
    assert not CONTENDERS[WITH_AVX2].where(SMALL, 1)
    assert [*measure(SMALL, ["symbp", WITH_AVX2], threads=1, rounds=(1, 1)).measured] == ["symbp"]
    assert not machine.supports("no such extension")


@pytest.mark.skipif(not machine.supports("avx512f"), reason="it differs from symbp with AVX-512")
def test_kernels_are_chosen_by_the_environment() -> None:
    found = measure(SMALL, ["symbp", WITH_AVX2], threads=1, rounds=(1, 1)).measured
    assert found[WITH_AVX2].cost == pytest.approx(found["symbp"].cost, rel=1e-5)


def test_who_computes_nothing_but_products_needs_some() -> None:
    results = measure(replace(KINDS["recommender"], batch=1024), ["symbp", "bound"], threads=1, rounds=(1, 1))
    assert [*results.measured] == ["symbp"]
    assert results.failed == {}


def test_rounds_end_when_the_ratios_have_settled() -> None:
    ours, steady, wild = (Measured(1.0, 0.1, steps) for steps in ([1.0, 2.0, 4.0], [2.0, 4.0, 8.0], [1.0, 4.0, 2.0]))
    assert settled({"symbp": ours, "other": steady}, least=3)
    assert not settled({"symbp": ours, "other": steady}, least=4)
    assert not settled({"symbp": ours, "other": steady, "another": wild}, least=3)


def test_turns_are_told_apart_by_the_caches_of_their_cores() -> None:
    together, own = caches.SHARED, caches.APART
    found = {
        "symbp": Measured(1.0, 0.1, [1.0, 5.0, 2.0, 3.0], [0.5] * 4, caches=[together, own, together, together]),
        "other": Measured(1.0, 0.1, [7.0, 2.0, 8.0, 6.0], [0.5] * 4, caches=[own, together, own, together]),
    }
    kinds = Results(found).by_caches()
    assert [*kinds] == [together, own]
    assert {name: each.steps for name, each in kinds[together].measured.items()} == {
        "symbp": [1.0, 2.0],
        "other": [2.0, 6.0],
    }
    assert {name: each.steps for name, each in kinds[own].measured.items()} == {"symbp": [5.0], "other": [7.0]}
    assert [*Results(found).by_caches(least=2)] == [together]
    assert Results(found).by_caches(least=3) == {rounds.MIXED: Results(found)}, "too few of either"
    one = Results({"symbp": Measured(1.0, 0.1, [1.0], [0.5])})
    assert one.by_caches() == {"": one}
    assert not settled(kinds[own].measured, 2)
    section = Section(SMALL, 2, kinds[own], own)
    assert str(section).startswith("### small, batch 8, 2 threads on cores that share none (turns of each: 1)\n")


def test_cores_share_a_cache_where_what_another_wrote_is_read_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(theirs: float) -> str:
        seconds = chain.from_iterable(repeat([theirs, 1e-6], caches.TRIES))
        monkeypatch.setattr(caches, "_seconds", lambda _: next(seconds))
        return caches.caches()

    assert read(1.1e-6) == caches.SHARED
    assert read(1.6e-6) == caches.APART
    assert read(5e-6) == caches.DISTURBED


def test_cores_share_a_cache_where_what_another_read_is_written_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches.os, "sched_getaffinity", lambda _: {1, 4, 2})
    monkeypatch.setattr(caches.os, "sched_setaffinity", lambda *_: None)

    def written(near: float, far: float, waited: float = 1e-4) -> str:
        monkeypatch.setattr(caches, "_written_after", {2: (near, waited), 4: (far, 1e-4)}.get)
        return caches.caches_by_threads()

    assert written(5.0, 6.0) == caches.SHARED
    assert written(5.0, 17.0) == caches.APART, "one of them is elsewhere"
    assert written(5.0, 17.0, waited=9e-3) == caches.DISTURBED


@pytest.mark.skipif(len(rounds.available()) < 2, reason="two threads need two cores")
def test_a_thread_says_how_its_cores_stand_and_keeps_them() -> None:
    before = os.sched_getaffinity(0)
    assert caches.caches_by_threads() in {caches.SHARED, caches.APART, caches.DISTURBED}
    assert os.sched_getaffinity(0) == before
    longer, waited = caches._written_after(max(before))
    assert longer > 0
    assert waited > 0


@pytest.mark.skipif(len(rounds.available()) < 2, reason="two threads need two cores")
@pytest.mark.parametrize("kind", KINDS)
def test_every_workload_can_be_divided_among_threads(kind: str) -> None:
    results = measure(KINDS[kind], ["symbp", WITH_THREADS], threads=2, rounds=(1, 1))
    assert [*results.measured] == ["symbp", WITH_THREADS]
    assert results.failed == {}
    assert all(each.caches for each in results.measured.values())


@pytest.mark.skipif(len(rounds.available()) < 2, reason="two threads need two cores")
def test_turns_on_several_threads_say_what_their_cores_share() -> None:
    found = measure(SMALL, ["symbp", "bound"], threads=2, rounds=(1, 1)).measured
    kinds = {caches.SHARED, caches.APART, caches.DISTURBED}
    assert all(each.caches and set(each.caches) <= kinds for each in found.values())
    assert all(len(each.caches) == len(each.steps) for each in found.values())


def test_a_module_is_made_for_the_batch_that_it_is_timed_with() -> None:
    assert {w.batch: generated(w).spec.training.batch_size for w in (SMALL, MLP)} == {8: 8, 64: 64}


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_by_hand_are_those_of_the_module(kind: str) -> None:
    workload = replace(KINDS[kind], batch=2)
    module = pipeline.load_module(generated(workload))
    params = module.init(0, np.float64)
    inputs, target = workload.examples()
    x = {name: _wide(each) for name, each in inputs.items()} if isinstance(inputs, dict) else _wide(inputs)
    cost, gradients = module.loss_and_gradients(params, x, _wide(target))
    found, by_name = by_hand.differentiated(by_hand.NETWORKS[kind], dict(params), x, _wide(target))
    assert found == pytest.approx(cost, rel=1e-12)
    assert by_name.keys() == gradients.keys()
    scale = max(np.abs(each).max() for each in gradients.values())
    for name, each in gradients.items():
        np.testing.assert_allclose(by_name[name], each, rtol=1e-9, atol=1e-12 * scale, err_msg=name)


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def test_the_bound_holds_every_product_of_a_step() -> None:
    layers = [(64, 784, 512), (64, 512, 256), (64, 256, 10)]
    once_more = [*layers, *layers, *layers[1:]]  # of outputs, of weights' gradients, of what goes back but to the input
    found = products(generated(MLP).optimized.program, 64)
    assert sorted(tuple(sorted(p.sizes.values())) for p in found) == sorted(tuple(sorted(each)) for each in once_more)
    alone = products(generated(MLP).optimized.program, 1)
    assert len(alone) == len(found), "a batch of one has the same products, and no sums of biases"
    operations = sum(p.operations for p in products(generated(SMALL).optimized.program, 8))
    assert operations == 2 * 8 * (3 * (32 * 16 + 16 * 4) + 2 * 16 * 32)
    recurrent = products(generated(KINDS["lstm"]).optimized.program, 32)
    assert any(p.times == 32 for p in recurrent), "what recurs, recurs at each place"
    assert products(generated(KINDS["recommender"]).optimized.program, 8) == []


@pytest.mark.parametrize("library", FORMS)
@pytest.mark.parametrize(
    "letters",
    [
        "ni,ij->nj",
        "ni,nj->ij",
        "nj,ij->ni",
        "in,ij->jn",
        "nthd,nuhd->nhtu",
        "nhtu,nuhd->nthd",
        "ctp,oc->otp",
        "ai,ij->aj",
    ],
)
def test_every_form_of_a_product_computes_it(library: str, letters: str) -> None:
    sizes = dict(zip("nijthducpoa", (2, 3, 4, 5, 3, 4, 6, 2, 3, 4, 1), strict=True))
    left, right, result = letters.replace("->", ",").split(",")
    stack = "".join(x for x in result if x in left and x in right)
    operands = Operands(Product(left, right, result, stack, {x: sizes[x] for x in left + right}))
    expected = np.matmul(*operands.ordered[:2])
    count = 0
    for call in FORMS[library](operands):
        for _, _, out in operands.layouts:
            out[...] = np.nan
        call()
        (made,) = (out for _, _, out in operands.layouts if not np.isnan(out).any())
        np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5)
        count += 1
    assert count >= (len(operands.layouts) if library == "numpy" or not stack else 1)


def test_the_fastest_of_several_forms_is_taken() -> None:
    waits = [0.002, 0.0, 0.004]
    calls = [lambda wait=wait: bound.time.sleep(wait) for wait in waits]
    assert bound.fastest(iter(calls)) is calls[1]


def test_goals_are_held_against_ratios_of_rounds() -> None:
    ours, other = Measured(1.0, 0.1, [2.0, 3.0, 4.0]), Measured(None, 0.1, [1.0, 2.0, 4.0])
    results = Results({"symbp": ours, "bound": other})
    (figure,) = figures(MLP, 1, results)
    assert figure == Figure("mlp, batch 64, 1 thread: step of symbp over bound's", "at most 1.6", "1.50", True)
    assert not figures(BY_NAME["mlp, batch 512"], 1, results)[0].holds
    (figure,) = figures(SMALL, 2, Results({"symbp": ours, "JAX": Measured(1.0, 0.1, [9.0, 9.0, 9.0])}))
    assert figure == Figure("small, batch 8, 2 threads: step of symbp over JAX's", "at most 0.5", "0.333", True)
    scipy = Results({**results.measured, "symbp, SciPy": other, "PyTorch": other})
    either = next(each for each in figures(MLP, 1, scipy) if "PyTorch's" in each.name)
    assert either.name.endswith("step of symbp, SciPy over PyTorch's")
    assert either.measured == "1.00; symbp 1.50"
    half = Measured(1.0, 0.1, [1.0, 1.5, 2.0])
    several = {each.name: each for each in figures(MLP, 2, Results({**scipy.measured, WITH_THREADS: half}))}
    assert several[f"mlp, batch 64, 2 threads: step of {WITH_THREADS} over bound's"].measured == "0.75; symbp 1.50"
    assert several[f"mlp, batch 64, 2 threads: step of {WITH_THREADS} over PyTorch's"].measured == (
        "0.75; symbp 1.50; symbp, SciPy 1.00"
    )
    assert spread([1.0, 2.0, 3.0]) == "2.00 (1.50 to 2.50)"


def test_memory_is_as_planned_and_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory.planned(SMALL).holds
    assert memory.growth(SMALL).holds
    monkeypatch.setattr(memory, "steady", lambda module, workload: 4 * 16 * workload.batch)
    assert not memory.growth(SMALL).holds


def test_what_was_kept_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "speed")
    results = Results({"symbp": Measured(1.0, 0.1, [1.0], [2.0], 3, 4)}, {"JAX": "why"})
    assert kept.results("small-8-1", "module") is None
    kept.keep("small-8-1", results, "module")
    besides = kept.Besides([Figure("a", "b", "c", None)], Table("d", ("e",), (("f",),)))
    kept.keep(kept.BESIDES, besides, "module")
    assert kept.results("small-8-1", "module") == results
    assert kept.results("small-8-1", "another") is None
    assert kept.besides("module") == besides
    kept.forget()
    assert kept.results("small-8-1", "module") is None


def test_progress_says_how_much_is_left(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 240.0])
    monkeypatch.setattr("benchmarks.progress.time.perf_counter", lambda: next(clock))
    progress = Progress(3, 2)
    progress.say("one", measured=False)
    progress.say("two", measured=True)
    progress.say("three", measured=True)
    said = capsys.readouterr().err.splitlines()
    assert said == ["1 of 3: one", "2 of 3: two", "3 of 3, about 4 minutes left: three"]
    assert (about(29), about(61)) == ("less than a minute", "about 1 minute")


def test_a_command_line_says_what_it_takes(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.speed.__main__.available", lambda: [0, 1])
    assert chosen_by([]).everything
    assert chosen_by(["-t", "1", "small"]) == chosen_by(["small", "-t", "1"])
    assert chosen_by(["-c", "JAX", "PyTorch, fused", "mlp"]).contenders == ["JAX", "PyTorch, fused"]
    assert chosen_by(["mlp"]).threads == THREADS
    refused = {
        ("-t",): "-t takes numbers of threads, as in `-t 1 2`",
        **{("-t", word): f"-t {word}: expected a number of threads from 1 to 2" for word in ("0", "-1", "64", "big")},
        **{("-r", word): f"-r {word}: expected a number of rounds, 1 or more" for word in ("0", "-2", "few")},
        ("-c",): "-c takes names",
        ("-c", "PyTorch fused"): "no contender is named `PyTorch fused`; there are 'symbp', 'symbp, SciPy', ",
        ("vgg",): "no kind of workload is named `vgg`; there are mlp, small, ",
        ("small", "--resume"): "leave out kinds, -t and -c",
    }
    for arguments, message in refused.items():
        with pytest.raises(SystemExit):
            chosen_by(arguments)
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        chosen_by(["--help"])
    shown = capsys.readouterr().out
    assert "docs/benchmarks.md" in shown
    assert "'PyTorch, fused'" in shown
    assert "{" not in shown


def test_a_run_without_goals_ends_with_its_tables(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Results({"symbp": Measured(1.0, 0.1, [1.0], [1.0])})
    monkeypatch.setattr("benchmarks.speed.__main__.measure", lambda *_: results)
    assert main(["-t", "1", "-c", "symbp", "small"]) == 0
    shown = capsys.readouterr().out
    assert "### small, batch 8, 1 thread" in shown
    assert "figure" not in shown


def test_a_reason_that_is_the_same_in_several_tables_is_told_once() -> None:
    why = "status 1: no compiler"
    failed = {w.name: {"torch.compile": f"torch.compile, {w.name}: {why}"} for w in (SMALL, MLP)}
    failed[MLP.name]["JAX"] = f"JAX, {MLP.name}: another"
    ours = {"symbp": Measured(1.0, 0.1, [1.0], [1.0])}
    page = document(
        [], Table("", ("import",), (("NumPy",),)), [Section(w, 1, Results(ours, failed[w.name])) for w in (SMALL, MLP)]
    )
    assert page.count("could not run") == 2
    assert f"`torch.compile` could not run in 2 of 2 tables: {why}\n\n### small, batch 8" in page
    assert page.endswith("`JAX` could not run: another\n")


def test_the_page_has_goals_a_table_for_each_workload_and_versions() -> None:
    section = Section(SMALL, 1, Results({"symbp": Measured(1.0, 0.1, [1.0], [1.0])}))
    imports = Table("Imports:", ("import", "ms"), (("NumPy", "80"),))
    goals = [
        Figure("a: step of symbp over JAX's", "at most 1", "2", False),
        Figure("b: bytes", "as planned: 5", "5", True),
    ]
    page = document(goals, imports, [section])
    assert "Imports:\n\n| import | ms |" in page
    assert "**1 of 2 goals hold; those that do not:**\n\n| figure " in page
    of_time, others = page.partition("## Goals of time")[2].split("## Goals of memory and of start-up")
    assert "step of symbp over JAX's" in of_time
    assert "as planned: 5" not in of_time
    assert "as planned: 5" in others
    assert page.index("## What is compared") < page.index("## Goals of time") < page.index("## How it is measured")
    assert str(section) in page
    assert "torch" in page
    assert "openblas" in page or "Matrix products" in page
    assert all(f"| {name} | " in page for name in (*CONTENDERS, *KINDS)), "each of them is explained"


def test_the_readme_shows_the_picture_and_what_others_come_to() -> None:
    found = {"symbp": [1.0], "PyTorch": [1.5], "bound": [0.75]}
    section = Section(MLP, 1, Results({name: Measured(1.0, 0.1, steps) for name, steps in found.items()}))
    text = README.read_text(encoding="utf-8")
    written = in_readme(text, [section])
    assert 'srcset="docs/images/benchmarks-dark.svg"' in written
    assert "For mlp, batch 64, 1 thread: PyTorch 1.50; the matrix products alone 0.75." in written
    assert "symbp is slower than none." in written
    slower = Section(SMALL, 2, Results({"symbp": Measured(1.0, 0.1, [2.0]), "JAX": Measured(1.0, 0.1, [1.0])}))
    both = in_readme(text, [section, slower])
    assert "symbp is slower than another in 1 of 2 measurements:\n\n| workload " in both
    assert re.search(r"^\| small, batch 8 +\| +\| +JAX 0\.50 +\|$", both, re.MULTILINE)
    own = {"symbp": Measured(1.0, 0.1, [2.0]), WITH_AVX2: Measured(1.0, 0.1, [1.9])}
    behind = in_readme(text, [section, Section(SMALL, 2, Results({**slower.results.measured, **own}))])
    assert re.search(r"^\| small, batch 8 +\| +\| +JAX 0\.50; symbp, AVX2 0\.95 +\|$", behind, re.MULTILINE)
    assert "symbp is slower than none." in in_readme(text, [section, Section(SMALL, 2, Results(own))]), "but itself"
    assert in_readme(written, [section]) == written
    assert written.partition(BEGIN)[0] == text.partition(BEGIN)[0]
    assert written.partition(END)[2] == text.partition(END)[2]
    with pytest.raises(ValueError, match="README"):
        in_readme(text.replace(END, ""), [section])


def test_imports_are_told_beyond_numpy() -> None:
    clock = {
        name: Times(wall, wall) for name, wall in {start_up.NUMPY: (0.1, 0.2, 0.1), "symbp": (0.11, 0.2, 0.2)}.items()
    }
    (figure,) = start_up.judged(clock)
    assert (figure.measured, figure.holds) == ("10.0 ms", True)
    assert start_up.table(clock).rows == ((start_up.NUMPY, "100", "-"), ("symbp", "200", "10.0"))


def test_the_picture_has_every_contender_on_every_number_of_threads() -> None:
    steps = {name: Measured(1.0, 0.1, [1.0 + place]) for place, name in enumerate(CONTENDERS)}
    sections = [Section(SMALL, threads, Results(steps)) for threads in (1, 2)]
    drawn = draw(sections, PALETTES["light"])
    assert [axes.get_title() for axes in drawn.axes] == ["1 thread", "2 threads"]
    apart = Section(SMALL, 2, Results(steps), caches.APART)
    titles = [axes.get_title() for axes in draw([*sections, apart], PALETTES["light"]).axes]
    assert titles == ["1 thread", "2 threads", "2 threads on cores that share none"]
    for axes in drawn.axes:
        shown = {line.get_label(): line.get_xdata()[0] for line in axes.lines if line.get_marker() != "None"}
        assert shown == {name: 1.0 + place for place, name in enumerate(CONTENDERS)}
    alone = Section(SMALL, 1, Results({name: each for name, each in steps.items() if name != WITH_THREADS}))
    (legend,) = draw([alone, sections[1]], PALETTES["light"]).legends
    assert {text.get_text() for text in legend.get_texts()} == {*CONTENDERS}, "who takes part in any panel"
    (light, first), (dark, second) = pictures(sections)
    assert (light, dark) == ("light", "dark")
    assert first != second
    assert [content for _, content in pictures(sections)] == [first, second], "the same bytes"


def test_what_is_given_holds_the_changes_of_a_spec(tmp_path: Path) -> None:
    given = give(SMALL, CONTENDERS["symbp, SciPy"].changes, tmp_path / "changed")
    assert given.parameters["dense_1.W"].dtype == np.float32
    assert "scipy" in (given.folder / "module.py").read_text()
    assert len(given.products["step"]) > len(given.products["inference"]) == 3
