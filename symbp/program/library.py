"""What the library that multiplies matrices does in one call, where that decides between ways to compute the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Library:
    """`PLAIN` is one of which nothing is known; a target says what its own can do.

    `adds_products`: a product, or a sum, is added to a multiple of what its result holds, as by `gemm`'s `beta`.
    `adds_vectors`: a vector times a number is added to another, as by `axpy`, and needs no scratch.
    `reads_across`: a matrix is read across its rows in the time in which it is read along them.
    """

    adds_products: bool = False
    adds_vectors: bool = False
    reads_across: bool = False


PLAIN = Library()
