"""Expressions between matrices: text such as `norm2(X @ w - y)**2` and shapes -> a formula in index notation.

    read_matrices(text, shapes)  ->  Formula     the expression's equation last, what it needs before it

`shapes` maps names to their axes: `{"X": ("m", "n"), "w": ("n",), "b": ("1", "n"), "c": ()}` are a matrix, a column, a
row and a number; equal names of sizes are equal sizes. What is not stated is found, or asked for (`matrices.shapes`).
Names become tensors of the formula without their axes of length 1: `w[i]`, `b[j]`, `c`. Tensors of rank 3 and more have
no place here.

    @            product of matrices; a vector is a column: `x.T @ A @ x`, `x @ x.T`
    * / + - **   by elements (`⊙` is `*`); an axis of length 1 is repeated, as in NumPy
    .T           the transpose, also `transpose(A)`
    I            the identity, as large as its neighbours ask for
    trace tr     det logdet inv     of square matrices; `solve(A, b)` is `inv(A) @ b`, `power(A, 3)` is `A @ A @ A`
    diag         the diagonal of a matrix as a column; the diagonal matrix of a vector
    norm2 norm1  of vectors; `normF` of matrices
    sum mean     of all elements; `sum(X, 0)` adds up rows, `sum(X, 1)` columns, as in NumPy
    dot outer    `x.T @ y` and `x @ y.T` of two vectors
    exp log sqrt abs sign sin cos tanh ... max(a, b) min(a, b)     by elements

An inverse is a tensor of its own, defined by the equation that it solves; so is a
determinant (`symbp.formula.defined`).
"""

from symbp.matrices.read import read_matrices

__all__ = ["read_matrices"]
