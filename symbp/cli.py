"""The command line: thin. Every command reads a spec, calls one stage of the pipeline, and shows or writes the result.

Errors that a user can mend go to standard error with exit status 2. A result that symbp itself finds wrong is a
message with status 1; any other exception is a defect and is not hidden. Ctrl-C is 130.
Heavy imports (SymPy, NumPy) happen inside the commands that need them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import click

from symbp import __version__
from symbp.errors import DefectError, UserError, printable
from symbp.explain.choices import DEFAULTS, Level
from symbp.explain.notations import NOTATIONS
from symbp.explain.words.languages import LANGUAGES
from symbp.means import MEANS

if TYPE_CHECKING:
    from symbp.spec.model import NetworkSpec

SPEC = click.argument("spec", type=click.Path(path_type=Path))
LANG = click.option(
    "--lang", type=click.Choice([*LANGUAGES]), default=DEFAULTS.language, show_default=True, help="language"
)
LEVEL = click.option(
    "--level",
    type=click.Choice(get_args(Level)),
    default=DEFAULTS.level,
    show_default=True,
    help="how much is told",
)
DTYPE = click.option("--dtype", type=click.Choice(["float32", "float64"]), help="in place of the spec's")
WITHOUT = click.option(
    "--without", type=click.Choice([*MEANS]), multiple=True, help="leave this means out, to measure what it does"
)
Command = Callable[..., None]
FORMATS = {"html": "html", "latex": "tex", "markdown": "md", "text": "txt"}
COLOUR = click.option(
    "--color/--no-color",
    "colour",
    default=None,
    help="colours in the terminal  [default: where it has them; NO_COLOR and FORCE_COLOR are heeded]",
)


class _Group(click.Group):
    """Commands in the order of use, and user errors as messages with status 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            _stop(ctx, 2, str(error))
        except DefectError as error:
            _stop(ctx, 1, f"{error}\nThis is a defect of symbp; please report it, with the spec.")
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except OSError as error:
            _stop(ctx, 2, f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        except MemoryError as error:
            _stop(ctx, 2, f"not enough memory: {error}".removesuffix(": "))
        except KeyboardInterrupt:
            _stop(ctx, 130, "interrupted")


def _stop(ctx: click.Context, status: int, message: str) -> NoReturn:
    click.echo(f"symbp: {printable(message)}", err=True)
    ctx.exit(status)


class _Expression(click.Command):
    """A command of an expression, which may begin with a minus sign."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """What begins with one minus sign and is no option is an expression: `-log(x)`."""
        if "--" in args:
            return super().parse_args(ctx, args)
        known = {name for option in self.get_params(ctx) for name in option.opts}
        negative = [a for a in args if a.startswith("-") and not a.startswith("--") and a not in known]
        rest = [a for a in args if a not in negative]
        return super().parse_args(ctx, [*rest, "--", *negative] if negative else rest)


def _format(*names: str) -> Callable[[Command], Command]:
    of = "of the output"
    return click.option("--format", "form", type=click.Choice(names), default="text", show_default=True, help=of)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symbp")
def main() -> None:
    """Back-propagation derived step by step, and emitted as a NumPy-only module."""


@main.command(short_help="Write a checked NumPy module and its derivation.")
@SPEC
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("generated"),
    show_default=True,
    help="folder to write to",
)
@DTYPE
@WITHOUT
@click.option("--force", is_flag=True, help="overwrite files that symbp did not write")
@click.option("--quiet", is_flag=True, help="print nothing but errors")
def generate(spec: Path, output: Path, dtype: Any, without: tuple[str, ...], force: bool, quiet: bool) -> None:
    """Derive a network, check its gradient, write the module and the derivation (LaTeX)."""
    from symbp import pipeline
    from symbp.targets.write import write_files

    read = _read(spec)
    made = pipeline.generate(read, dtype=dtype, without=without)
    written = write_files(output, {f"{read.name}.py": made.module, f"{read.name}.tex": made.latex}, force=force)
    if not quiet:
        stages = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in made.seconds.items())
        click.echo(
            f"{read.name}: {len(made.derivation.network.parameters)} parameter tensors, gradient checked ({stages})"
        )
        for path in written:
            click.echo(f"  {path}")


@main.command(short_help="Print the derivation, step by step.")
@SPEC
@_format(*FORMATS, "pdf")
@click.option("--layer", help="only this layer, by its name")
@LEVEL
@click.option(
    "--notation",
    type=click.Choice([*NOTATIONS]),
    default=DEFAULTS.notation,
    show_default=True,
    help="how it is written",
)
@LANG
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="write to this folder, not to the terminal"
)
@click.option("--force", is_flag=True, help="overwrite a file that symbp did not write")
@click.option("--worksheet", is_flag=True, help="with blanks to fill in, and the answers at the end")
@COLOUR
def derive(
    spec: Path,
    form: Any,
    layer: str | None,
    level: Any,
    notation: str,
    lang: str,
    output: Path | None,
    force: bool,
    worksheet: bool,
    colour: bool | None,
) -> None:
    """Print the derivation of a network's back-propagation, step by step.

    \b
    The same derivation is written in one of these notations:
      batch    Z = X W + 1 b, a batch is rows
      article  z = W^T x + b, column vectors of one example
      nielsen  z^l = w^l a^(l-1) + b^l, as in Nielsen's book: BP1 to BP4
      ng       Z^[l] = W^[l] A^[l-1] + b^[l], a batch is columns: dW = 1/m dZ A^T
      rows     Z = X W + b, as in CS231n: dX = dout W^T
      torch    Z = X W^T + b, W is (out, in) as in PyTorch
      index    by indices alone
    """
    from symbp import pipeline
    from symbp.explain.choices import Choices
    from symbp.targets.write import write_files

    read, choices = _read(spec), Choices(layer, lang, level, notation, worksheet)
    name = f"{read.name}{choices.suffix}"
    if form == "pdf" and output is None:
        raise UserError("a PDF is not printed to the terminal; choose a folder with -o")
    derivation, code = (pipeline.derive(read), None) if worksheet else pipeline.derive_and_emit(read)
    if form == "pdf" and output is not None:
        pdf = pipeline.explain_pdf(read, derivation, choices, code=code)
        click.echo(write_files(output, {f"{name}.pdf": pdf}, force=force)[0])
        return
    shown = output is None and form == "text" and _has_colour(colour)
    text = pipeline.explain(read, derivation, "terminal" if shown else form, choices, code=code)
    if output is None:
        click.echo(text, color=shown or None)
        return
    for path in write_files(output, {f"{name}.{FORMATS[form]}": text}, force=force):
        click.echo(path)


@main.command(cls=_Expression, short_help="Differentiate one expression, with steps and NumPy code.")
@click.argument("expression")
@click.option("--wrt", help="the tensor to differentiate by; may be left out where there is one alone")
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="2: the Hessian")
@click.option("--shape", "shapes", multiple=True, metavar="NAME=m,n", help="a tensor's shape, where it is not found")
@_format(*FORMATS, "code")
@LEVEL
@LANG
@COLOUR
def diff(
    expression: str,
    wrt: str | None,
    order: int,
    shapes: tuple[str, ...],
    form: Any,
    level: Any,
    lang: str,
    colour: bool | None,
) -> None:
    """Differentiate EXPRESSION, in index notation or between matrices: gradient, Jacobian or Hessian.

    \b
    symbp diff "sum[i](log(1 + exp(-y[i]*sum[j](X[i,j]*w[j]))))" --wrt w
    symbp diff "norm2(X @ w - y)**2 + c * w.T @ w" --wrt w --order 2

    The code is compared with differences of the expression before anything is printed.
    """
    from symbp.explain.choices import Choices
    from symbp.expression.run import diff as differentiated

    found = differentiated(expression, wrt, order=order, shapes=_shapes(shapes))
    origin, choices = f"generated by symbp {__version__} from an expression", Choices(language=lang, level=level)
    if form == "code":
        click.echo(found.code.rstrip())
        return
    shown = form == "text" and _has_colour(colour)
    click.echo(found.render("terminal" if shown else form, choices, origin=origin), color=shown or None)


def _has_colour(wanted: bool | None) -> bool:
    """Whether standard output shows colours, where that is not said."""
    from rich.console import Console

    console = Console()
    return console.color_system is not None and not console.no_color if wanted is None else wanted


def _shapes(given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """`X=m,n` as the axes of X; `c=` and `c=1` are numbers."""
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, equal, axes = (part.strip() for part in text.partition("="))
        if not equal or not name:
            raise UserError(f"`--shape {text[:60]}` is no shape; expected a name and sizes, as in `--shape X=m,n`")
        sizes = tuple(axis.strip() for axis in axes.split(",") if axis.strip())
        found[name] = () if sizes == ("1",) else sizes
    return found


@main.command(short_help="Check a derivation made by hand.")
@click.argument("claims", type=click.Path(path_type=Path))
@_format("text", "markdown")
@COLOUR
def audit(claims: Path, form: Any, colour: bool | None) -> None:
    """Compare formulas that a person derived with what is derived here.

    The exit status is 1 where one is wrong, and 2 where one cannot be read.
    """
    from symbp.audit.report import as_markdown, as_text
    from symbp.audit.run import Audit, UnreadError
    from symbp.audit.run import audit as judged
    from symbp.targets.text.paint import coloured, plain

    shown = form == "text" and _has_colour(colour)

    def tell(found: tuple[Audit, ...]) -> None:
        text = as_markdown(found) if form == "markdown" else as_text(found, coloured if shown else plain)
        click.echo(text, color=shown or None)

    try:
        found = judged(claims)
    except UnreadError as error:
        if error.judged:
            tell(error.judged)
        raise
    tell(found)
    if any(group.wrong for group in found):
        sys.exit(1)


@main.command(short_help="Compare every gradient with autodiff.")
@SPEC
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--batch", type=click.IntRange(1, 256), default=4, show_default=True, help="examples in the comparison")
def check(spec: Path, seed: int, batch: int) -> None:
    """Compare every gradient of the module with autodiff, in double precision."""
    from symbp.verify.check import check_network
    from symbp.verify.shorten import MANY_STEPS, steps_compared
    from symbp.verify.table import show

    read = _read(spec)
    if (steps := steps_compared(read)) > MANY_STEPS:
        click.echo(f"{read.name}: autodiff goes through {steps} steps one by one; this may take minutes", err=True)
    report = check_network(read, seed=seed, batch=batch)
    show(report)
    if not report.passed:
        sys.exit(1)


def _means(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Print the names that `--without` takes, and what each does; then end."""
    if wanted:
        width = max(map(len, MEANS))
        click.echo("\n".join(f"{name:<{width}}  {does}" for name, does in MEANS.items()))
        context.exit()


@main.command(short_help="Show what a training step computes and holds.")
@SPEC
@click.option("--batch", type=click.IntRange(1), help="examples in the step  [default: the spec's]")
@DTYPE
@WITHOUT
@click.option("--means", is_flag=True, is_eager=True, expose_value=False, callback=_means, help="list the means")
def plan(spec: Path, batch: int | None, dtype: Any, without: tuple[str, ...]) -> None:
    """Show the program of a training step: shapes, arithmetic, bytes, buffers, what is saved, memory.

    Nothing is run: the numbers follow from the network.
    """
    from dataclasses import replace

    from symbp import pipeline
    from symbp.plan.report import plan as planned
    from symbp.plan.savings import savings
    from symbp.plan.show import show

    read = _read(spec)
    made = pipeline.program(replace(read, dtype=dtype) if dtype else read, without)
    batch = batch or (read.training.batch_size if read.training else 64)
    show(planned(made, batch), savings(made, batch))


@main.command(short_help="Train the network, with checkpoints and a loss curve.")
@SPEC
@click.option("--data", type=click.Path(path_type=Path), help="folder that holds the data; else SYMBP_DATA")
@click.option("--epochs", type=click.IntRange(1), help="in place of the spec's")
@click.option(
    "--run",
    "run_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="folder of the run  [default: runs/NAME, or runs/NAME-2, ... where that holds a run]",
)
@click.option("--resume", type=click.Path(path_type=Path), help="go on from this checkpoint, or this run's folder")
@click.option("--metrics", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
@DTYPE
@click.option("--download", is_flag=True, help="fetch MNIST, with its checksums, where it is not found")
@click.option("--quiet", is_flag=True, help="no progress")
def train(
    spec: Path,
    data: Path | None,
    epochs: int | None,
    run_folder: Path | None,
    resume: Path | None,
    metrics: Any,
    dtype: Any,
    download: bool,
    quiet: bool,
) -> None:
    """Generate the module in memory and train it: progress, checkpoints, metrics, a loss curve."""
    from symbp import pipeline
    from symbp.training import run_training
    from symbp.training.folders import places

    read = _read(spec)
    checkpoint, folder = places(Path("runs") / read.name, run_folder, resume)
    made = pipeline.generate(read, dtype=dtype)
    result = run_training(
        made.spec,
        made.derivation.network,
        pipeline.load_module(made),
        data_folder=data,
        run_folder=folder,
        epochs=epochs,
        resume=checkpoint,
        metrics=metrics,
        download=download,
        quiet=quiet,
    )
    if result.interrupted:
        sys.exit(130)


@main.command("sample", short_help="Print text that a trained network makes.")
@SPEC
@click.option("--run", "run_folder", type=click.Path(path_type=Path), help="folder of the run  [default: runs/NAME]")
@click.option("--prompt", default="", help="the text to go on from")
@click.option("--length", type=click.IntRange(1), default=500, show_default=True, help="characters to make")
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="below 1 likely characters become likelier; 0: always the likeliest",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
def sample_(spec: Path, run_folder: Path | None, prompt: str, length: int, temperature: float, seed: int) -> None:
    """Print text that the network of a run makes, a character at a time.

    Works for every spec whose data is a text, while it is trained too: what counts is the last checkpoint.
    """
    from symbp import pipeline
    from symbp.training.sample import sample

    read = _read(spec)
    made = pipeline.generate(read, check=False)
    characters = sample(
        read,
        made.derivation.network,
        pipeline.load_module(made),
        run_folder or Path("runs") / read.name,
        prompt=prompt,
        length=length,
        temperature=temperature,
        seed=seed,
    )
    try:
        click.echo(_plain(prompt), nl=False)
        for character in characters:
            click.echo(_plain(character), nl=False)
    finally:
        click.echo()


@main.command(short_help="Write a commented spec to start from.")
@click.argument("name")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("."), help="folder to write to"
)
def new(name: str, output: Path) -> None:
    """Write a commented spec to start from, NAME.yaml; an existing file is never touched."""
    from symbp.spec.starter import write_starter

    click.echo(write_starter(name, output))


@main.command("list", short_help="Show the catalog, with formulas and options.")
@click.argument("what", required=False)
def list_(what: str | None) -> None:
    """Show the catalog: formulas, options and their defaults, names in PyTorch and Keras.

    WHAT is one of layers, blocks, activations, losses, optimizers, schedules, clipping, penalties, initializers, or a
    name such as `gelu` or `nn.GELU`; everything where it is left out.
    """
    from symbp.spec.listing import show

    show(what)


@main.command(short_help="Print the JSON Schema of specs, for editors.")
def schema() -> None:
    """Print the JSON Schema of specs, so that editors complete and check them."""
    import json

    from symbp.spec.jsonschema import spec_schema

    click.echo(json.dumps(spec_schema(), indent=2))


def _plain(text: str) -> str:
    """Text that a terminal shows and does not obey, tabs among it."""
    return "\t".join(map(printable, text.split("\t")))


def _read(path: Path) -> NetworkSpec:
    from symbp.spec import read_spec

    return read_spec(path)
