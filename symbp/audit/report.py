"""Verdicts as text: a line for each claim, and below a wrong one what differs, what is right, and where it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from symbp.audit.counterexample import Counterexample
from symbp.audit.judge import Verdict
from symbp.audit.run import Audit, Audited
from symbp.errors import printable

Style = Literal["right", "wrong", "quiet"]
Paint = Callable[[str, Style], str]
SIGNS = {"proven": "✓", "equal": "✓", "wrong": "✗"}


def as_text(audits: Sequence[Audit], paint: Paint = lambda text, style: text) -> str:
    """The report for a terminal; `paint` may colour."""
    lines: list[str] = []
    for each in audits:
        title, *more = _heading(each)
        lines += [title, *(paint(f"  {line}", "quiet") for line in more), ""]
        for audited in each.audited:
            for verdict, said in _told(audited):
                style: Style = "wrong" if verdict.status == "wrong" else "right"
                where = paint(f"  line {audited.claim.place.line}", "quiet")
                status = f"{SIGNS[verdict.status]} {_status(verdict):<18}"
                lines.append(f"{paint(status, style)} {printable(said)}{where}")
                lines += [f"    {paint(f'{n:<24}', 'quiet')}{printable(text)}" for n, text in findings(verdict)]
        lines += [paint(f"✗ missing            {text}", "wrong") for text in _gaps(each)]
        lines.append("")
    return "\n".join([*lines, paint(_summary(audits), "wrong" if any(a.wrong for a in audits) else "right")])


def _heading(each: Audit) -> Iterator[str]:
    setting = f"convention {each.group.layout.name}, {each.group.layout}" if each.group.network is not None else ""
    title = printable(each.group.title or each.group.formula or ("the network" if setting else "the equations"))
    yield f"{title}{f' ({setting})' if setting else ''}"
    if each.undefined > 0:
        at = f", for example at {' and at '.join(each.undefined_at)}" if each.undefined_at else ""
        yield f"the cost is no finite number at {each.undefined:.0%} of the random points tried{at}"


def _gaps(each: Audit) -> Iterator[str]:
    if each.missing:
        yield f"nothing is claimed of the gradient of {', '.join(each.missing)}"


def _told(audited: Audited) -> Iterator[tuple[Verdict, str]]:
    """The verdicts on a claim, those of several layers in one where nothing but the layer differs."""
    alike: dict[tuple[object, ...], list[Verdict]] = {}
    for verdict in audited.verdicts:
        key = (verdict.status, verdict.statement.part, verdict.diagnosis.kind, verdict.diagnosis.right_for)
        alike.setdefault(key, []).append(verdict)
    note = f"  ({audited.claim.note})" if audited.claim.note else ""
    for verdicts in alike.values():
        first = verdicts[0]
        layers = [str(v.statement.layer) for v in verdicts if v.statement.layer is not None]
        about = f"  layer{'s' * (len(layers) > 1)} {', '.join(layers)}" if layers else ""
        part = f"  right side {first.statement.part}" if first.statement.part else ""
        yield first, f"{' '.join(first.statement.text.split())}{part}{about}{note}"


def _status(verdict: Verdict) -> str:
    return f"equal at {verdict.points} points" if verdict.status == "equal" else verdict.status


def findings(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """What is told of a claim, by name: of a right one only where it is not."""
    if verdict.status != "wrong":
        if verdict.shown is not None:
            yield "but not at", _example(verdict.shown)
        return
    if verdict.reason:
        yield "shapes", verdict.reason
    found = verdict.diagnosis
    if found.kind:
        yield found.kind, found.text
    if found.corrected:
        yield "right is", found.corrected
    if not found.proven:
        yield from (("derived", text) for text in verdict.correct)
    if verdict.shown is not None:
        yield "for example", _example(verdict.shown)
    for text in found.right_for:
        yield "nearby", text


def _example(shown: Counterexample) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in shown.values)
    place = f" at {list(shown.place)}" if shown.place else ""
    return f"{values}: claimed {shown.claimed}, right is {shown.right}{place}"


def counts(audits: Sequence[Audit]) -> Counter[str]:
    """How many claims there are of each status: the worst of its verdicts."""
    order = ("wrong", "equal", "proven")
    return Counter(min((v.status for v in a.verdicts), key=order.index) for each in audits for a in each.audited)


def _summary(audits: Sequence[Audit]) -> str:
    found = counts(audits)
    gaps = sum(len(each.missing) for each in audits)
    parts = [
        f"{found['proven']} proven",
        f"{found['equal']} equal at random points",
        f"{found['wrong']} wrong",
        *([f"{gaps} missing"] if gaps else []),
    ]
    total = sum(found.values())
    return f"{total} {'claim' if total == 1 else 'claims'}: {', '.join(parts)}"


def as_markdown(audits: Sequence[Audit]) -> str:
    """The report as Markdown."""
    lines = ["# Audit", ""]
    for each in audits:
        title, *more = _heading(each)
        lines += [f"## {title}", "", *(f"{line}\n" for line in more)]
        for audited in each.audited:
            for verdict, said in _told(audited):
                lines.append(f"- **{_status(verdict)}** {_code(said)}")
                lines += [f"  - {name}: {_code(text)}" for name, text in findings(verdict)]
        lines += [f"- **missing** {text}" for text in _gaps(each)]
        lines.append("")
    return printable("\n".join([*lines, _summary(audits), ""]))


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"
