"""Derivations made by hand, compared with the derived one: `symbp audit claims.yaml`.

file        claims.yaml               ->  Claims         what is claimed of which network or formula
network     NetworkSpec, layout       ->  Formula        the whole network as one formula, in the convention's layout
setting     Formula                   ->  Setting        the derived truth, and what the names of a claim stand for
read        text                      ->  Statement      index notation and matrices (syntax), LaTeX (latex)
judge       Statement, Setting        ->  Verdict        by numbers at random points, then by algebra
diagnose    Statement, Setting        ->  Diagnosis      which small edit, or which nearby setting, makes it right

Nothing true is tabulated: what a claim is compared with comes from the engine, for nearby settings too.
"""
