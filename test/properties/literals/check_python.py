"""Standard input: pairs of Python files with their twins, and whether names differ; standard output: what differs, or null, for each."""

import ast
import json
import sys


def statements(tree):
    """Without assignments: a long name may need a line more, and some modules are put in place by a call."""
    placing = (ast.Assign, ast.AnnAssign)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not isinstance(node, placing)]
    return [type(node).__name__ for node in found if "add_module" not in ast.dump(node) or not isinstance(node, ast.Expr)]


def check(text, twin, renamed):
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return f"no Python: {error}"
    other = ast.parse(twin)
    if renamed:
        found, wanted = statements(tree), statements(other)
        return None if found == wanted else f"{found} instead of {wanted}"
    return None if ast.dump(tree) == ast.dump(other) else "another tree"


json.dump([check(*pair) for pair in json.load(sys.stdin)], sys.stdout)
