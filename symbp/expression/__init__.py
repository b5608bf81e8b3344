"""One expression, differentiated: read, derived by the engine of networks, explained, as NumPy code, checked.

read       text and shapes            ->  Formula      index notation, or between matrices
result     Formula, name, order       ->  Result       gradient, Jacobian or Hessian, in one expression where readable
document   Result                     ->  Document
check      Result, code               ->  raises where the numbers are wrong
"""
