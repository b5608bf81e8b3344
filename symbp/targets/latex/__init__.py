"""The LaTeX target: an explanation as a compilable document."""
