"""Verdicts as text: a line for each claim, and below a wrong one what differs, what is right, and where it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from symbp.audit.judge import Verdict
from symbp.audit.run import Audit, Audited
from symbp.errors import printable

Style = Literal["right", "wrong", "quiet", "plain"]
Paint = Callable[[str, Style], str]
SIGNS = {"proven": "✓", "equal": "✓", "wrong": "✗"}


def as_text(audits: Sequence[Audit], paint: Paint = lambda text, style: text) -> str:
    """The report for a terminal; `paint` may colour."""
    lines: list[str] = []
    for each in audits:
        lines += [*_heading(each, paint), ""]
        for audited in each.audited:
            lines += _claim(audited, paint)
        lines.append("")
    return "\n".join([*lines, _summary(audits, paint)])


def _heading(each: Audit, paint: Paint) -> Iterator[str]:
    setting = f"convention {each.group.layout.name}, {each.group.layout}" if each.group.network is not None else ""
    title = printable(each.group.title or each.group.formula or ("the network" if setting else "the equations"))
    yield f"{title}{f' ({setting})' if setting else ''}"
    if each.undefined > 0:
        yield paint(f"  the cost is no finite number at {each.undefined:.0%} of the random points tried", "quiet")


def _claim(audited: Audited, paint: Paint) -> Iterator[str]:
    for verdict in audited.verdicts:
        status = _status(verdict)
        style: Style = "wrong" if verdict.status == "wrong" else "right"
        note = f"  ({audited.claim.note})" if audited.claim.note else ""
        where = paint(f"  line {audited.claim.place.line}", "quiet")
        said = printable(" ".join(f"{verdict.statement.text}{note}".split()))
        yield f"{paint(f'{SIGNS[verdict.status]} {status:<18}', style)} {said}{where}"
        for name, text in findings(verdict):
            yield f"    {paint(f'{name:<12}', 'quiet')} {printable(text)}"


def _status(verdict: Verdict) -> str:
    return f"equal at {verdict.points} points" if verdict.status == "equal" else verdict.status


def findings(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What is told of a wrong claim, by name."""
    if verdict.status != "wrong":
        return
    if verdict.reason:
        yield "shapes", verdict.reason
    for text in verdict.correct:
        yield "derived", text
    if verdict.shown is not None:
        values = ", ".join(f"{name} = {value}" for name, value in verdict.shown.values)
        place = f" at {list(verdict.shown.place)}" if verdict.shown.place else ""
        yield "for example", f"{values}: claimed {verdict.shown.claimed}, right is {verdict.shown.right}{place}"


def counts(audits: Sequence[Audit]) -> Counter[str]:
    """How many verdicts there are of each status."""
    return Counter(v.status for each in audits for a in each.audited for v in a.verdicts)


def _summary(audits: Sequence[Audit], paint: Paint) -> str:
    found = counts(audits)
    parts = [
        f"{found['proven']} proven",
        f"{found['equal']} equal at random points",
        f"{found['wrong']} wrong",
    ]
    return paint(f"{sum(found.values())} claims: {', '.join(parts)}", "wrong" if found["wrong"] else "right")


def as_markdown(audits: Sequence[Audit]) -> str:
    """The report as Markdown."""
    lines = ["# Audit", ""]
    for each in audits:
        heading, *rest = _heading(each, lambda text, style: text)
        lines += [f"## {heading}", "", *(f"{r.strip()}\n" for r in rest)]
        for audited in each.audited:
            for verdict in audited.verdicts:
                note = f" ({audited.claim.note})" if audited.claim.note else ""
                lines.append(f"- **{_status(verdict)}** {_code(verdict.statement.text)}{note}")
                lines += [f"  - {name}: {_code(text)}" for name, text in findings(verdict)]
        lines.append("")
    return printable("\n".join([*lines, _summary(audits, lambda text, style: text), ""]))


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
