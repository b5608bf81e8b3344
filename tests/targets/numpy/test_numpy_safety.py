"""The last look at a module refuses whatever no generated module may hold."""

import pytest

from symbp.targets.environment import TemplateError, keys, render
from symbp.targets.numpy.safety import UnsafeModuleError, inspect

ALLOWED = "import math\nimport numpy as np\n\nx = np.zeros(3)\nprint(math.sqrt(2), len(x), __name__)\n"
REFUSED = {
    "import subprocess": "import of subprocess",
    "from os.path import join": "import from os.path",
    "from . import x": "import from None",
    "eval('1')": "builtin eval",
    "exec('1')": "builtin exec",
    "__import__('os')": "name __import__",
    "().__class__": "name __class__",
    "globals()": "builtin globals",
    "import os\nos.system('ls')": "os.system",
    "import sys\nsys.modules": "sys.modules",
    "f = lambda: 0": "syntax Lambda",
    "def f():\n    global x": "syntax Global",
    "x = (": "never closed",
}


def test_allows_what_modules_hold() -> None:
    inspect(ALLOWED)


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(UnsafeModuleError, match=REFUSED[text]):
        inspect(text)


def test_templates_get_exactly_what_they_read() -> None:
    context = dict.fromkeys(keys("numpy/initialize.py.jinja"), "x")
    render("numpy/initialize.py.jinja", **context)
    with pytest.raises(TemplateError, match="not read \\['surplus'\\]"):
        render("numpy/initialize.py.jinja", **context, surplus="x")
    context.pop("dtype")
    with pytest.raises(TemplateError, match="not given \\['dtype'\\]"):
        render("numpy/initialize.py.jinja", **context)
