r"""The macros of functions, signs and operators, by their names in written mathematics."""

FUNCTIONS = {
    "log": r"\log", "exp": r"\exp", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "sinh": r"\sinh",
    "cosh": r"\cosh", "tanh": r"\tanh", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan",
    "max": r"\max", "min": r"\min", "logistic": r"\sigma",
}  # fmt: skip
SIGNS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "=": "=", "!=": r"\ne"}
LINE_SIGNS = {"=": "=", "<-": r"\leftarrow", "in": r"\in"}
GLYPHS = {"+": "+", "-": "-", "*": r"\cdot", "@": "", "⊙": r"\odot", "(": r"\bigl(", ")": r"\bigr)", "/": r"\big/"}
OPERATORS = {"sum": r"\sum", "max": r"\max", "argmax": r"\arg\max"}
JOINTS = {"elementwise": r" \odot ", "dot": r" \cdot ", "nothing": " ", "space": r" \, "}
TALL_GLYPHS = {"(": r"\biggl(", ")": r"\biggr)", "/": r"\bigg/"}
