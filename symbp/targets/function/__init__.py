"""The target of single expressions: one self-contained NumPy function, between matrices where a form is found."""
