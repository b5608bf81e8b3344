"""The characters and words of functions, signs and operators, by their names in written mathematics."""

FUNCTIONS = {"logistic": "σ", "asin": "arcsin", "acos": "arccos", "atan": "arctan"}
SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "=", "!=": "≠"}
LINE_SIGNS = {"=": "=", "<-": "←", "in": "∈"}
GLYPHS = {"+": "+", "-": "−", "*": "⋅", "@": "", "⊙": "⊙", "(": "(", ")": ")", "/": "/"}
ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}
BARS = {"absolute": ("|", "|"), "floor": ("⌊", "⌋")}
