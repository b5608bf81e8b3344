"""Targets: the only rooms that know a syntax, one folder each, with files of the same names."""
