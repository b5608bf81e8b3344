"""Commands of a network: the module, its derivation, comparisons, training and what the trained network makes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from symbp.cli.options import COLOUR, DTYPE, FORMATS, LANG, LEVEL, SPEC, WITHOUT, format_option, has_colour, network_at
from symbp.errors import UserError, printable
from symbp.explain.choices import DEFAULTS
from symbp.explain.notations import NOTATIONS
from symbp.means import MEANS


@click.command(short_help="Write a checked NumPy module and its derivation.")
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

    read = network_at(spec)
    made = pipeline.generate(read, dtype=dtype, without=without)
    written = write_files(output, {f"{read.name}.py": made.module, f"{read.name}.tex": made.latex}, force=force)
    if not quiet:
        stages = ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in made.seconds.items())
        click.echo(
            f"{read.name}: {len(made.derivation.network.parameters)} parameter tensors, gradient checked ({stages})"
        )
        for path in written:
            click.echo(f"  {path}")


@click.command(short_help="Print the derivation, step by step.")
@SPEC
@format_option(*FORMATS, "pdf")
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

    read, choices = network_at(spec), Choices(layer, lang, level, notation, worksheet)
    name = f"{read.name}{choices.suffix}"
    if form == "pdf" and output is None:
        raise UserError("a PDF is not printed to the terminal; choose a folder with -o")
    derivation, code = (pipeline.derive(read), None) if worksheet else pipeline.derive_and_emit(read)
    if form == "pdf" and output is not None:
        pdf = pipeline.explain_pdf(read, derivation, choices, code=code)
        click.echo(write_files(output, {f"{name}.pdf": pdf}, force=force)[0])
        return
    shown = output is None and form == "text" and has_colour(colour)
    text = pipeline.explain(read, derivation, "terminal" if shown else form, choices, code=code)
    if output is None:
        click.echo(text, color=shown or None)
        return
    for path in write_files(output, {f"{name}.{FORMATS[form]}": text}, force=force):
        click.echo(path)


@click.command(short_help="Compare every gradient with autodiff.")
@SPEC
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--batch", type=click.IntRange(1, 256), default=4, show_default=True, help="examples in the comparison")
def check(spec: Path, seed: int, batch: int) -> None:
    """Compare every gradient of the module with autodiff, in double precision."""
    from symbp.verify.check import check_network
    from symbp.verify.shorten import MANY_STEPS, steps_compared
    from symbp.verify.table import show

    read = network_at(spec)
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


@click.command(short_help="Show what a training step computes and holds.")
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
    from symbp.plan.progress import bar
    from symbp.plan.report import plan as planned
    from symbp.plan.savings import savings
    from symbp.plan.show import show

    read = network_at(spec)
    batch = batch or (read.training.batch_size if read.training else 64)
    with bar(read.name) as over:
        made = pipeline.program(replace(read, dtype=dtype) if dtype else read, without)
        report, saved = planned(made, batch), savings(made, batch, over)
    show(report, saved)


@click.command(short_help="Train the network, with checkpoints and a loss curve.")
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

    read = network_at(spec)
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


@click.command("sample", short_help="Print text that a trained network makes.")
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

    read = network_at(spec)
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


def _plain(text: str) -> str:
    """Text that a terminal shows and does not obey, tabs among it."""
    return "\t".join(map(printable, text.split("\t")))
