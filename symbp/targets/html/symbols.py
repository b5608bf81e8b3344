"""The characters of operators, accents and bars, where MathML has others than a line of text."""

GLYPHS = {"+": "+", "-": "−", "*": "⋅", "@": "", "⊙": "⊙", "(": "(", ")": ")", "/": "/"}
ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~"}
BARS = {"absolute": ("|", "|"), "floor": ("⌊", "⌋")}
