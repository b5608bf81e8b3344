"""The update of all parameters: clipping and optimizer, over flat vectors.

Of vectors longer than `STRETCH`, what is elementwise runs over so many numbers at a time, so that they stay in the
processor's cache from one operation to the next. What makes one number of a whole vector, or of other numbers, runs
outside, once.
"""

from __future__ import annotations

from collections.abc import Sequence

from symbp.means import NONE, Without
from symbp.program.operands import reads
from symbp.program.operations import Map, Scalar
from symbp.program.program import GRADIENT, PARAMETERS, UPDATE, Array, Program
from symbp.program.runs import Run, addition, runs
from symbp.spec.model import Blas
from symbp.targets.numpy import hyperparameters, routines, source
from symbp.targets.numpy.blas import of_dtype
from symbp.targets.numpy.extras import Extras
from symbp.targets.numpy.hyperparameters import Hyperparameter
from symbp.targets.numpy.libraries import LIBRARIES
from symbp.targets.numpy.scope import Scope

STRETCH = 1 << 18  # numbers; a stretch of every vector of the update stays in the last cache
OWNERS = {PARAMETERS: "self.params.flat", GRADIENT: "self._gradients.flat"}
SCRATCH = {"float": ("self._scratch", "dtype"), "bool": ("self._masks", "np.bool_")}


def local(name: str) -> str:
    """An array of the update as the trainer calls it: `.v` is `v`."""
    return name.removeprefix(UPDATE)


class Update:
    """The update of a program with `size` parameters: `body` of the method, and what it `allocates` once."""

    def __init__(
        self,
        program: Program,
        numbers: Sequence[Hyperparameter],
        size: int,
        blas: Blas = "numpy",
        without: Without = NONE,
    ) -> None:
        self.arrays = program.arrays
        self.numbers = numbers
        self.size = size
        self.blas = blas
        self.extras = Extras(has_workspace=False)
        self.stretched = size > STRETCH and "stretches" not in without
        self.runs = list(runs(program))
        self.own = self._own()
        self.rows = dict.fromkeys(SCRATCH, 0)
        self._first: dict[str, str] = {}  # of each row, the first array in it
        self.buffer_of: dict[str, str] = {}  # of an array in scratch, the first that has its row
        self.parts: dict[str, int] = {}  # of an array that is made a stretch at a time, how many numbers that is
        self.body = [line for run in self.runs for line in self._lines(run)]
        self.allocates = [*self._owned(), *self._shared(), *of_dtype("self._", self.extras.routines, "dtype")]

    def _lines(self, run: Run) -> list[str]:
        return self._once(run) if run.single else self._in_one_call(run) or self._over(run)

    def _in_one_call(self, run: Run) -> list[str]:
        """`w = w - eta*v`, where that is all, by BLAS: it reads and writes every number once, and needs no scratch."""
        found = addition(run, self.arrays) if LIBRARIES[self.blas].adds_vectors else None
        if found is None:
            return []
        (statement,) = run.statements
        symbols = hyperparameters.symbols(self.numbers, statement.block)
        scope = Scope(self.arrays, {}, symbols, 2, extras=self.extras, blas=self.blas)
        owners = (self._owner(self.arrays[name]) for name in (found.other, found.out))
        stated = source.comment(routines.formula(statement.equation.target, statement.equation.body), 2)
        axpy = scope.extras.routine("axpy")
        return [*stated, *scope.call(axpy, *owners, f"a={scope.operand(Scalar(found.factor))}")]

    def _own(self) -> list[str]:
        """Scratch that outlives a stretch: single numbers, and vectors that another run reads as well."""
        homes: dict[str, set[int]] = {}
        for position, run in enumerate(self.runs):
            for array in self._used(run):
                homes.setdefault(array.name, set()).add(-1 if run.single else position)
        scratch = [self.arrays[name] for name in homes if self.arrays[name].storage == "workspace"]
        return [a.name for a in scratch if not a.shape or homes[a.name] != {max(homes[a.name])} or -1 in homes[a.name]]

    def _owned(self) -> list[str]:
        lines = []
        for array in map(self.arrays.__getitem__, self.own):
            shape, dtype = "SIZE" if array.shape else "()", SCRATCH[array.kind][1]
            lines.append(f"self._{local(array.name)} = np.empty({shape}, {dtype})")
        return lines

    def _shared(self) -> list[str]:
        length = "STRETCH" if self.stretched else "SIZE"
        return [
            f"{attribute} = np.empty(({self.rows[kind]}, {length}), {dtype})"
            for kind, (attribute, dtype) in SCRATCH.items()
            if self.rows[kind]
        ]

    def bytes(self, number: int) -> int:
        """Of what it allocates, for parameters of `number` bytes each."""
        each = {"float": number, "bool": 1}
        own = sum(each[a.kind] * (self.size if a.shape else 1) for a in map(self.arrays.__getitem__, self.own))
        stretch = STRETCH if self.stretched else self.size
        return own + sum(each[kind] * rows * stretch for kind, rows in self.rows.items())

    def _used(self, run: Run) -> list[Array]:
        operations = routines.operations(run.statements)
        return [self.arrays[n] for n in dict.fromkeys(n for op in operations for n in (*reads(op), op.out))]

    def _owner(self, array: Array) -> str:
        attribute = f"self.{'_' if array.name in self.own else ''}{local(array.name)}"
        return OWNERS.get(array.name, attribute)

    def _once(self, run: Run) -> list[str]:
        used = self._used(run)
        bound = source.assignment([local(a.name) for a in used], [self._owner(a) for a in used], 2)
        return bound + self._printed(run, used, 2)

    def _over(self, run: Run) -> list[str]:
        """The statements over whole vectors, or over a stretch of them at a time."""
        used = self._used(run)
        shared = self._placed(run)
        for name, row in shared.items():
            self.buffer_of[name] = self._first.setdefault(row, name)
        kept = [a for a in used if a.name not in shared]
        if self.stretched:
            self.parts |= {op.out: STRETCH for op in routines.operations(run.statements)}
        depth, part = (3, "[part]") if self.stretched else (2, "")
        owners = [f"{self._owner(a)}{part if a.shape else ''}" for a in kept]
        loop = ["        for start in range(0, SIZE, STRETCH):", "            part = slice(start, start + STRETCH)"]
        lines = [*(loop if self.stretched else ()), *source.assignment([local(a.name) for a in kept], owners, depth)]
        for row in dict.fromkeys(shared.values()):
            names = " = ".join(local(name) for name in shared if shared[name] == row)
            lines.append(f"{source.INDENT * depth}{names} = {row}")
        return lines + self._printed(run, used, depth)

    def _placed(self, run: Run) -> dict[str, str]:
        """The row of scratch of every vector that lives within a stretch; rows are used again."""
        operations = routines.operations(run.statements)
        last = {name: at for at, op in enumerate(operations) for name in (*reads(op), op.out)}
        free: dict[str, list[int]] = {kind: [] for kind in SCRATCH}
        place: dict[str, int] = {}
        for at, op in enumerate(operations):
            done = [n for n in dict.fromkeys(reads(op)) if n in place and last[n] == at and n != op.out]
            early = done if isinstance(op, Map) else []
            for name in early:
                free[self.arrays[name].kind].append(place[name])
            array = self.arrays[op.out]
            if array.storage == "workspace" and op.out not in (*self.own, *place):
                if not free[array.kind]:
                    free[array.kind].append(self.rows[array.kind])
                    self.rows[array.kind] += 1
                place[op.out] = free[array.kind].pop()
            for name in done if not early else []:
                free[self.arrays[name].kind].append(place[name])
        stretch = ", : SIZE - start" if self.stretched else ""
        return {name: f"{SCRATCH[self.arrays[name].kind][0]}[{row}{stretch}]" for name, row in place.items()}

    def _printed(self, run: Run, used: Sequence[Array], depth: int) -> list[str]:
        lines: list[str] = []
        for statement in run.statements:
            symbols = hyperparameters.symbols(self.numbers, statement.block)
            named = {a.name: local(a.name) for a in used}
            scope = Scope(self.arrays, named, symbols, depth, extras=self.extras, blas=self.blas)
            lines += routines.computed(statement, scope)
        return lines
