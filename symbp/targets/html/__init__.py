"""The HTML target: an explanation as one self-contained page, with mathematics in MathML and the module beside it."""
