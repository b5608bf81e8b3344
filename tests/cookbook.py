"""Identities of The Matrix Cookbook (Petersen and Pedersen, version of November 15, 2012) that the syntax can state.

Each row: the number of the equation, the expression, what it is differentiated by, and the closed form. The Cookbook's
layout is that of gradients: the derivative of a number by X has the shape of X. Where it supposes a symmetric matrix,
the form for any matrix stands here, from which its own follows.
"""

from __future__ import annotations

Row = tuple[str, str, str, str]

DETERMINANTS: tuple[Row, ...] = (
    ("49", "det(X)", "X", "det(X) * inv(X).T"),
    ("51", "det(A @ X @ B)", "X", "det(A @ X @ B) * inv(X).T"),
    ("54", "det(X.T @ A @ X)", "X",
     "det(X.T @ A @ X) * (A @ X @ inv(X.T @ A @ X) + A.T @ X @ inv(X.T @ A.T @ X))"),
    ("55", "logdet(X.T @ X)", "X", "2 * X @ inv(X.T @ X)"),
    ("57", "logdet(X)", "X", "inv(X).T"),
    ("58", "det(power(X, 3))", "X", "3 * det(power(X, 3)) * inv(X).T"),
)  # fmt: skip

INVERSES: tuple[Row, ...] = (
    ("61", "a.T @ inv(X) @ b", "X", "-inv(X).T @ a @ b.T @ inv(X).T"),
    ("62", "det(inv(X))", "X", "-det(inv(X)) * inv(X).T"),
    ("63", "trace(A @ inv(X) @ B)", "X", "-(inv(X) @ B @ A @ inv(X)).T"),
    ("64", "trace(inv(X + A))", "X", "-(inv(X + A) @ inv(X + A)).T"),
    ("124", "trace(A @ inv(X) @ B)", "X", "-inv(X).T @ A.T @ B.T @ inv(X).T"),
    ("125", "trace(inv(X.T @ C @ X) @ A)", "X",
     "-C @ X @ inv(X.T @ C @ X) @ A @ inv(X.T @ C @ X)"
     " - C.T @ X @ inv(X.T @ C @ X).T @ A.T @ inv(X.T @ C @ X).T"),
    ("126", "trace(inv(X.T @ X) @ (X.T @ B @ X))", "X",
     "-X @ inv(X.T @ X) @ X.T @ (B + B.T) @ X @ inv(X.T @ X) + (B + B.T) @ X @ inv(X.T @ X)"),
    ("127", "trace(inv(A.T @ A + X.T @ X) @ (X.T @ B @ X))", "X",
     "-X @ inv(A.T @ A + X.T @ X) @ X.T @ (B + B.T) @ X @ inv(A.T @ A + X.T @ X)"
     " + (B + B.T) @ X @ inv(A.T @ A + X.T @ X)"),
)  # fmt: skip

FORMS: tuple[Row, ...] = (
    ("69", "x.T @ a", "x", "a"),
    ("70", "a.T @ X @ b", "X", "a @ b.T"),
    ("71", "a.T @ X.T @ b", "X", "b @ a.T"),
    ("72", "a.T @ X @ a", "X", "a @ a.T"),
    ("77", "b.T @ X.T @ X @ c", "X", "X @ (b @ c.T + c @ b.T)"),
    ("78", "(B @ x + b).T @ C @ (D @ x + d)", "x", "B.T @ C @ (D @ x + d) + D.T @ C.T @ (B @ x + b)"),
    ("81", "x.T @ B @ x", "x", "(B + B.T) @ x"),
    ("82", "b.T @ X.T @ D @ X @ c", "X", "D.T @ X @ b @ c.T + D @ X @ c @ b.T"),
    ("83", "(X @ b + d).T @ D @ (X @ b + d)", "X", "(D + D.T) @ (X @ b + d) @ b.T"),
    ("84", "(x - A @ r).T @ W @ (x - A @ r)", "r", "-A.T @ (W + W.T) @ (x - A @ r)"),
    ("85", "(x - r).T @ W @ (x - r)", "x", "(W + W.T) @ (x - r)"),
    ("86", "(x - r).T @ W @ (x - r)", "r", "-(W + W.T) @ (x - r)"),
    ("87", "(x - A @ r).T @ W @ (x - A @ r)", "x", "(W + W.T) @ (x - A @ r)"),
    ("88", "(x - A @ r).T @ W @ (x - A @ r)", "A", "-(W + W.T) @ (x - A @ r) @ r.T"),
    ("91", "a.T @ power(X, 3) @ b", "X",
     "a @ b.T @ power(X, 2).T + X.T @ a @ b.T @ X.T + power(X, 2).T @ a @ b.T"),
    ("92", "a.T @ power(X, 2).T @ power(X, 2) @ b", "X",
     "X @ X @ (b @ a.T + a @ b.T) @ X.T + X.T @ X @ X @ (b @ a.T + a @ b.T)"),
    ("96", "x.T @ A @ x + b.T @ x", "x", "(A + A.T) @ x + b"),
)  # fmt: skip

TRACES: tuple[Row, ...] = (
    ("99", "trace(X)", "X", "I + 0 * X"),
    ("100", "trace(X @ A)", "X", "A.T"),
    ("101", "trace(A @ X @ B)", "X", "A.T @ B.T"),
    ("102", "trace(A @ X.T @ B)", "X", "B @ A"),
    ("103", "trace(X.T @ A)", "X", "A"),
    ("104", "trace(A @ X.T)", "X", "A"),
    ("106", "trace(power(X, 2))", "X", "2 * X.T"),
    ("107", "trace(power(X, 2) @ B)", "X", "(X @ B + B @ X).T"),
    ("108", "trace(X.T @ B @ X)", "X", "B @ X + B.T @ X"),
    ("109", "trace(B @ X @ X.T)", "X", "B @ X + B.T @ X"),
    ("110", "trace(X @ X.T @ B)", "X", "B @ X + B.T @ X"),
    ("111", "trace(X @ B @ X.T)", "X", "X @ B.T + X @ B"),
    ("112", "trace(B @ X.T @ X)", "X", "X @ B.T + X @ B"),
    ("113", "trace(X.T @ X @ B)", "X", "X @ B.T + X @ B"),
    ("114", "trace(A @ X @ B @ X)", "X", "A.T @ X.T @ B.T + B.T @ X.T @ A.T"),
    ("115", "trace(X.T @ X)", "X", "2 * X"),
    ("115", "trace(X @ X.T)", "X", "2 * X"),
    ("116", "trace(B.T @ X.T @ C @ X @ B)", "X", "C.T @ X @ B @ B.T + C @ X @ B @ B.T"),
    ("117", "trace(X.T @ B @ X @ C)", "X", "B @ X @ C + B.T @ X @ C.T"),
    ("118", "trace(A @ X @ B @ X.T @ C)", "X", "A.T @ C.T @ X @ B.T + C @ A @ X @ B"),
    ("119", "trace((A @ X @ B + C) @ (A @ X @ B + C).T)", "X", "2 * A.T @ (A @ X @ B + C) @ B.T"),
    ("121", "trace(power(X, 4))", "X", "4 * power(X, 3).T"),
    ("122", "trace(A @ power(X, 3))", "X", "(A @ X @ X + X @ A @ X + X @ X @ A).T"),
    ("123", "trace(B.T @ X.T @ C @ X @ X.T @ C @ X @ B)", "X",
     "C @ X @ X.T @ C @ X @ B @ B.T + C.T @ X @ B @ B.T @ X.T @ C.T @ X"
     " + C @ X @ B @ B.T @ X.T @ C @ X + C.T @ X @ X.T @ C.T @ X @ B @ B.T"),
)  # fmt: skip

NORMS: tuple[Row, ...] = (
    ("129", "norm2(x - a)", "x", "(x - a) / norm2(x - a)"),
    ("130", "(x - a) / norm2(x - a)", "x",
     "I / norm2(x - a) - (x - a) @ (x - a).T / norm2(x - a)**3"),
    ("131", "norm2(x)**2", "x", "2 * x"),
    ("132", "normF(X)**2", "X", "2 * X"),
)  # fmt: skip

STRUCTURED: tuple[Row, ...] = (
    ("135", "trace(A @ (X + X.T))", "X", "A + A.T"),
    ("138", "trace(A @ (X + X.T - X * I))", "X", "A + A.T - A * I"),
    ("140", "det(X + X.T - X * I)", "X",
     "det(X + X.T - X * I) * (2 * inv(X + X.T - X * I) - inv(X + X.T - X * I) * I)"),
    ("142", "trace(A @ (X * I))", "X", "A * I"),
    ("142", "trace(A @ diag(x))", "x", "diag(A)"),
)  # fmt: skip

ROWS = (*DETERMINANTS, *INVERSES, *FORMS, *TRACES, *NORMS, *STRUCTURED)
HESSIANS: tuple[Row, ...] = (
    ("97", "x.T @ A @ x + b.T @ x", "x", "A + A.T"),
    ("131", "norm2(x)**2", "x", "2 * I + 0 * x @ x.T"),
    ("129", "norm2(x - a)", "x", "I / norm2(x - a) - (x - a) @ (x - a).T / norm2(x - a)**3"),
)
