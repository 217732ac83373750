"""Logarithm, exponential and normal quantile: true, alike for numbers and arrays, and made of exact operations only."""

from __future__ import annotations

import ast
import inspect

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from sim import elementary

shares = st.floats(2.0**-53, 1 - 2.0**-53)


@given(x=st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=20))
def test_the_logarithm_is_true_to_three_parts_in_ten_to_the_fifteen(x):
    ours, theirs = elementary.log(np.array(x)), np.log(x)
    assert (np.abs(ours - theirs) <= 3e-15 * np.abs(theirs) + 1e-300).all()
    assert ours.tolist() == [elementary.log_of(one) for one in x]


@given(x=st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_the_exponential_is_true_to_three_parts_in_ten_to_the_fifteen(x):
    ours, theirs = elementary.exp(np.array(x)), np.exp(x)
    assert (np.abs(ours / theirs - 1) <= 3e-15).all()
    assert ours.tolist() == [elementary.exp_of(one) for one in x]


@given(x=st.floats(allow_nan=False))
def test_the_exponential_of_anything_is_a_number(x):
    (ours,) = elementary.exp(np.array([x]))
    assert np.isfinite(ours) and ours == elementary.exp_of(x)


@given(u=st.lists(shares, min_size=1, max_size=20))
def test_the_normal_quantile_is_true_to_fourteen_figures(u):
    ours, theirs = elementary.normal_quantile(np.array(u)), ndtri(u)
    assert (np.abs(ours - theirs) <= 1e-14 * np.maximum(1, np.abs(theirs))).all()
    assert ours.tolist() == [elementary.normal_quantile_of(one) for one in u]


def test_no_function_of_a_mathematical_library_is_called_that_machines_may_round_differently():
    exact = {
        "frexp",
        "ldexp",
        "view",
        "rint",
        "sqrt",
        "minimum",
        "maximum",
        "where",
        "abs",
        "astype",
        "min",
        "max",
        "any",
        "asarray",
        "float",
        "round",
        "int",
    }
    exact |= {"TypeVar", "pack", "from_bytes"}  # the last two: how a number lies in memory
    tree = ast.parse(inspect.getsource(elementary))
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else call.id for call in calls}
    assert names - own <= exact
    assert not any(isinstance(node, ast.Pow) for node in ast.walk(tree))
