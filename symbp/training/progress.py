"""What the person at the terminal sees: a bar while an epoch runs, a line when it is over."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from symbp.training.metrics import Row

EVERY = 10  # steps between two writings of the cost


FIGURES = {
    "loss": "{:.4f}",
    "accuracy": "accuracy {:.2%}",
    "perplexity": "perplexity {:.3f}",
    "iou": "IoU {:.4f}",
    "rmse": "RMSE {:.4f}",
}


def told(row: Row, name: str) -> str:
    """The cost of the validation or the test, and what else was measured there."""
    figures = ((form, getattr(row, f"{name}_{figure}")) for figure, form in FIGURES.items())
    return ", ".join(form.format(value) for form, value in figures if value is not None)


class Display:
    """A bar over all steps of a run. On a terminal it moves; elsewhere only the lines are printed. Quiet: nothing."""

    def __init__(self, steps: int, done: int, *, quiet: bool) -> None:
        self.console = Console(quiet=quiet, highlight=False, markup=False)
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps  cost {task.fields[cost]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=quiet or not self.console.is_terminal,
        )
        self.task = self.progress.add_task("training", total=steps, completed=done, cost="")

    def __enter__(self) -> Display:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.progress.stop()

    def say(self, text: str) -> None:
        """A line above the bar."""
        self.console.print(text, soft_wrap=True)

    def step(self, done: int, epoch: int, cost: float) -> None:
        """A step is over; `done` counts all of the run."""
        if done % EVERY == 0:
            self.progress.update(self.task, completed=done, description=f"epoch {epoch}", cost=f"{cost:.4f}")

    def epoch(self, row: Row, epochs: int) -> None:
        """An epoch is over."""
        parts = [f"epoch {row.epoch:>{len(str(epochs))}}/{epochs}", f"train cost {row.train_loss:.4f}"]
        for name in ("validation", "test"):
            if getattr(row, f"{name}_loss") is not None:
                parts.append(f"{name} cost {told(row, name)}")
        parts.append(f"{row.seconds:.1f} s")
        self.say("  ".join(parts))
