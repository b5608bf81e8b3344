"""Keys, types and ranges of a spec: each mistake is told with its line, its path, what came and what was expected."""

from __future__ import annotations

import pytest
from spec.cases import spec, told

from symbp.spec import SpecError, parse_spec

NAMES = "a name starts with a letter (a-z, A-Z), and holds at most 64 letters, digits and underscores"
SOURCES = "mnist, digits, breast_cancer, iris, wine, diabetes, npz, csv, text, shapes, tones, ratings or volatility"
SHAPE = "expected a whole number from 1 up, or a list of 1 to 4 of them, or a mapping of names to such"
BELOW = "expected a path below the folder of the data, which `--data` or SYMBP_DATA names"
KNOWN = "known: name, description, input, layers, loss, losses, …"
CASES = {
    # YAML
    "": "1: the file is empty",
    "# nothing but a comment\n": "1: the file is empty",
    "[]": "1: a spec is a mapping with `name`, `input`, `layers`, ...",
    "a: b: c": "1: not YAML (column 5): mapping values are not allowed here",
    "name: a\ninput: [1": "2: not YAML (column …): …",
    "name: a\n\tinput: 1": "2: not YAML (column 1): found character '\\t' that cannot start any token",
    spec("---", "name: second"): "8: the file holds 2 documents; expected one",
    spec("name: again"): "7: name: `name` stands twice; the first is on line 1",
    spec("training: {seed: 1, seed: 2}"): "7: training.seed: `seed` stands twice; the first is on line 7",
    spec("1: 2"): f"7: 1: `1` is not a key of a spec ({KNOWN})",
    spec("~: 2"): "7: a key must be a name",
    spec("1.5: 2"): "7: a key must be a name",
    spec("? [a]", ": 2"): "7: a key must be a name",
    spec("k" * 200 + ": 2"): "7: a key must be a name; this one has 200 characters, at most 120",
    # keys
    spec(loss=None): "1: loss: `loss` is missing: the cost; or `losses`, a list of them",
    spec(name=None): "1: name: `name` is missing: name of the module; a Python identifier",
    spec("epochs: 3"): f"7: epochs: `epochs` is not a key of a spec ({KNOWN})",
    spec("traning: {}"): "7: traning: `traning` is not a key of a spec; did you mean `training`?",
    spec("training: {batchsize: 3}"): "7: training.batchsize: `batchsize` is not a key of `training`; "
    "did you mean `batch_size`?",
    spec("data: {source: digits, normalise: unit}"): "7: data.normalise: `normalise` is not a key of `data`; "
    "did you mean `normalize`?",
    # name, description, dtype
    spec(name="name: 3"): "1: name: expected a text (in quotes, where YAML reads it as something else); got 3",
    spec(
        name="name: os"
    ): "1: name: `os` is a module of Python's own or of NumPy's, …; use another name, such as `os_net`",
    spec(name="name: numpy"): "1: name: `numpy` is a module of Python's own or of NumPy's, …",
    spec(
        name="name: class"
    ): "1: name: `class` has a meaning of its own in Python; use another name, such as `class_1`",
    spec(name="name: eval"): "1: name: `eval` has a meaning of its own in Python; use another name, such as `eval_1`",
    spec(
        name="name: params"
    ): "1: name: `params` has a meaning of its own in the generated module; use another name, …",
    spec(name="name: NUL"): "1: name: `NUL` is a device on Windows, …; use another, such as `NUL_net`",
    spec(name="name: my-net"): f"1: name: 'my-net' is not a name; {NAMES}",
    spec(name="name: _net"): f"1: name: '_net' is not a name; {NAMES}",
    spec(name="name: ''"): f"1: name: '' is not a name; {NAMES}",
    spec(name="name: " + "a" * 65): f"1: name: 'aaa…...' is not a name; {NAMES}",
    spec("description: 3"): "7: description: expected a text (in quotes, …); got 3",
    spec("description: " + "a" * 2001): "7: description: expected at most 2000 characters; got 'aaa…...",
    spec("dtype: float16"): "7: dtype: expected float32 or float64; got 'float16'; did you mean `float64`?",
    spec("blas: SciPy"): "7: blas: expected numpy or scipy; got 'SciPy'; did you mean `scipy`?",
    spec("training: {batch_size: 1.5}"): "7: training.batch_size: expected a whole number; got 1.5",
    spec("blas: mkl"): "7: blas: expected numpy or scipy; got 'mkl'",
    # input
    spec(input="input: 0"): "2: input: expected a number of at least 1; got 0",
    spec(input="input: 4294967296"): "2: input: expected a number of at most 2147483647; got 4294967296",
    spec(input="input: 2.5"): f"2: input: {SHAPE}; got 2.5",
    spec(input="input: '3'"): f"2: input: {SHAPE}; got '3'",
    spec(input="input: true"): f"2: input: {SHAPE}; got true",
    spec(input="input:"): f"2: input: {SHAPE}; got nothing",
    spec(input="input: {a: 1.5}"): (
        "2: input.a: the shape of one example is a whole number from 1 up, or a list of at most 4 of them; got 1.5"
    ),
    spec(input="input: {shape: [0]}"): (
        "2: input.shape: the shape of one example is a whole number from 1 up, or a list of at most 4 of them; got [0]"
    ),
    spec(input="input: {shape: 3, kind: whole}"): "2: input.kind: expected real or integer; got 'whole'",
    spec(input="input: {shape: 3, classes: 4}"): "2: input.classes: only an input of `kind: integer` has classes",
    spec(
        input="input: {shape: 3, sort: real}"
    ): "2: input.sort: `sort` is not a key of an input (known: shape, kind, classes)",
    spec(input="input: {kind: 3}"): "2: input.kind: `kind` describes one input; `shape` is missing beside it",
    spec(input="input: {class: 3}"): "2: input.class: `class` has a meaning of its own in Python; use another name, …",
    spec(input="input: {}"): "2: input: a network has 1 to 32 inputs; got 0",
    spec(input="input: []"): "2: input: expected a list of at least 1 item; got []",
    spec(input="input: [1, 2, 3, 4, 5]"): "2: input: expected a list of at most 4 items; got [1, 2, 3, 4, 5]",
    spec(input="input:\n  - 3\n  - x"): "4: input[1]: expected a whole number; got 'x'",
    # layers
    spec(layers="layers: []"): "3: layers: expected a list of at least 1 item; got []",
    spec(layers="layers: dense"): "3: layers: expected a list: one item for each line, each beginning with `- `; "
    "got 'dense'",
    spec(layers="layers: {dense: 3}"): "3: layers: expected a list: …; got a mapping with `dense`",
    # training
    spec("training: 3"): "7: training: expected a mapping of options; got 3",
    spec("training: {epochs: 1.5}"): "7: training.epochs: expected a whole number; got 1.5",
    spec("training: {epochs: '10'}"): "7: training.epochs: expected a whole number; got '10'",
    spec("training: {epochs: 1000001}"): "7: training.epochs: expected a number of at most 1000000; got 1000001",
    spec("training: {shuffle: 1}"): "7: training.shuffle: expected true or false; got 1",
    spec("training: {validation: 1}"): "7: training.validation: expected a number less than 1; got 1",
    spec("training: {validation: .nan}"): "7: training.validation: .nan is not a finite number",
    spec("training:", "  validation: -.inf"): "8: training.validation: -.inf is not a finite number",
    spec("training: {validation: 1e999}"): "7: training.validation: 1e999 is not a finite number",
    # data
    spec("data: mnst"): f"7: data: expected {SOURCES}; got 'mnst'; did you mean `mnist`?",
    spec("data: 3"): "7: data: expected the name of a source, such as `digits`, or a mapping with `source`; got 3",
    spec("data: {path: a}"): "7: data.source: `source` is missing: a bundled set, mnist, a file, or one that …",
    spec("data: {source: mnst}"): f"7: data.source: expected {SOURCES}; got 'mnst'; did you mean `mnist`?",
    spec("data: {source: digits, normalize: Unit}"): "7: data.normalize: expected none, unit or standard; got 'Unit'; "
    "did you mean `unit`?",
    spec("data: {source: digits, test: 0}"): "7: data.test: expected a number greater than 0; got 0",
    spec("data: {source: digits, std: 0}"): "7: data.std: expected a number greater than 0; got 0",
    spec("data: {source: digits, examples: 9}"): "7: data.examples: `examples` is not a key of `data` (…",
    spec("data: {source: shapes, example: 9}"): "7: data.example: `example` is not a key of `data`; did you mean …",
    spec("data: {source: shapes, path: a}"): "7: data.path: `path` is not a key of `data` (…",
    spec("data: {source: tones, examples: 1}"): "7: data.examples: expected a number of at least 2; got 1",
    spec("data: {source: [a]}"): f"7: data.source: expected {SOURCES}; got …",
    spec("data: csv"): "7: data: `csv` needs `path`: the file that holds the examples",
    spec("data: {source: csv, path: ../../etc/passwd}"): f"7: data.path: {BELOW}; got '../../etc/passwd'",
    spec("data: {source: npz, path: /etc/passwd}"): f"7: data.path: {BELOW}; got '/etc/passwd'",
    spec("data: {source: npz, path: 'C:\\x'}"): f"7: data.path: {BELOW}; got 'C:\\\\x'",
    spec("data: {source: npz, path: 'a\\..\\..\\b'}"): f"7: data.path: {BELOW}; got …",
    spec("data: {source: npz, path: ~root/x}"): f"7: data.path: {BELOW}; got '~root/x'",
}


@pytest.mark.parametrize(
    "text", CASES, ids=[f"{i}: {t.splitlines()[-1][:40] if t else ''}" for i, t in enumerate(CASES)]
)
def test_one_mistake_is_told_once(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "net.yaml")
    assert len(caught.value.problems) == 1
    assert told(f"net.yaml:{CASES[text]}", str(caught.value)), str(caught.value)


def test_everything_is_told_at_once_in_the_order_of_the_file() -> None:
    text = spec(
        "training: {batch_size: 0, seed: -1}",
        "define: {activations: {own: 'a ='}}",
        name="name: os",
        layers="layers:\n  - dense: {unit: 3}\n  - rellu",
        loss="loss: {huber: {delta: 0}}",
    )
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "net.yaml")
    places = [line.split(" ")[:2] for line in str(caught.value).splitlines() if line.startswith("net")]
    assert [" ".join(place).rstrip(":") for place in places] == [
        "net.yaml:1: name",
        "net.yaml:4: layers[0].dense.unit",
        "net.yaml:4: layers[0].dense",
        "net.yaml:5: layers[1]",
        "net.yaml:6: loss.huber.delta",
        "net.yaml:7: training.batch_size",
        "net.yaml:7: training.seed",
        "net.yaml:8: define.activations.own.formula",
    ]


def test_a_message_fits_a_screen() -> None:
    text = spec(layers="layers:\n" + "".join(f"  - dens{i}: 3\n" for i in range(900)))
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "net.yaml")
    assert len(caught.value.problems) == 900
    *shown, last = str(caught.value).splitlines()
    assert len(shown) == 18
    assert last == "... and 882 more problems"


def test_a_text_that_yaml_folds_is_one_line() -> None:
    spec = parse_spec("name: a\ndescription: >-\n  one\n  two\ninput: 2\nlayers: [dense: 2]\nloss: mse\n")
    assert spec.description == "one two"
