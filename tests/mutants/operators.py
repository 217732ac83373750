"""What may be wrong in a line: Cosmic Ray's operators, and two that a simulator needs besides.

Cosmic Ray changes operators, comparisons, numbers and decorators. It takes no statement away, and in a simulator that is the
likely slip: a bed that is not given back, a record that is not made.
"""

from __future__ import annotations

from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword
from parso.python.tree import Operator as Sign

#: Statements that leave something behind: a call, a wait, a changed attribute. A plain name that is not set fails at once.
WITH_EFFECT = ("atom_expr", "power", "yield_expr")
SWAPPED = {"+=": "-=", "-=": "+="}


class RemoveStatement(Operator):
    """Leave one statement out."""

    def mutation_positions(self, node):
        if node.type == "simple_stmt" and _inside_a_function(node) and _has_effect(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node, index):
        first = node.children[0]
        node.children[0] = Keyword("pass", first.start_pos, prefix=first.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls):
        return (Example("def f():\n    a.b()\n", "def f():\n    pass\n"),)


class SwapAugmentedAssignment(Operator):
    """Add where something is taken away, and the reverse."""

    def mutation_positions(self, node):
        if node.type == "operator" and node.value in SWAPPED:
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        return Sign(SWAPPED[node.value], node.start_pos, prefix=node.prefix)

    @classmethod
    def examples(cls):
        return (Example("a += 1", "a -= 1"),)


OWN = {f"own/{operator.__name__}": operator for operator in (RemoveStatement, SwapAugmentedAssignment)}


def check_examples() -> None:
    """Refuse to begin if an operator of our own does not do what its examples say."""
    for operator in OWN.values():
        for example in operator.examples():
            assert mutate_code(example.pre_mutation_code, operator(), example.occurrence) == example.post_mutation_code, example


def _inside_a_function(node) -> bool:
    while node.parent is not None:
        node = node.parent
        if node.type == "funcdef":
            return True
    return False


def _has_effect(statement) -> bool:
    if statement.type == "expr_stmt":
        target, sign = statement.children[0], statement.children[1]
        return target.type in WITH_EFFECT or getattr(sign, "value", "=") != "="
    return statement.type in WITH_EFFECT
