"""The distributions against scipy's, against their own means, and against each other."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from sim.distributions import DISTRIBUTIONS, Empirical, Gamma, Lognormal, parse_distribution
from sim.units import LONGEST, parse_duration

SECONDS = st.integers(1, 36_000)
UNIFORM = st.lists(st.floats(1e-9, 1 - 1e-9), min_size=1, max_size=50).map(np.array)
#: A spread that leaves the mean of a midpoint grid close to the mean; longer tails take finer grids.
MILD = st.floats(0.01, 1)


def seconds(number):
    return f"{number} s"


def rising(names):
    """Return durations in rising order under the given names."""
    lists = st.lists(SECONDS, min_size=len(names), max_size=len(names))
    return lists.map(lambda numbers: dict(zip(names, map(seconds, sorted(numbers)), strict=True)))


@st.composite
def mild_distributions(draw):
    """Return any distribution, as it may be written, whose tail is not extreme."""
    middle = draw(SECONDS)
    spread = {"mean": seconds(middle), "sd": f"{draw(MILD) * middle:.3f} s"}
    written = {
        "fixed": seconds(middle),
        "exponential": {"mean": seconds(middle)},
        "lognormal": draw(st.sampled_from([spread, {"median": seconds(middle), "sigma": draw(MILD)}])),
        "gamma": spread,
        "triangular": draw(rising(["low", "mode", "high"])),
        "uniform": draw(rising(["low", "high"])),
        "weibull": {"scale": seconds(middle), "shape": draw(st.floats(0.8, 20))},
        "empirical": draw(st.lists(SECONDS.map(seconds), min_size=1, max_size=20)),
    }
    assert written.keys() == DISTRIBUTIONS.keys()
    name = draw(st.sampled_from(sorted(written)))
    return parse_distribution({name: written[name]})


#: What the table of a gamma distribution may be off, of the mean or the value, at shapes from 0.3 on.
GAMMA_ERROR = 1e-6
IN_SCIPY = {
    "exponential": lambda d: stats.expon(scale=d.mean_value),
    "lognormal": lambda d: stats.lognorm(d.sigma, scale=d.median),
    "gamma": lambda d: stats.gamma((d.mean_value / d.sd) ** 2, scale=d.sd**2 / d.mean_value),
    "triangular": lambda d: stats.triang((d.mode - d.low) / (d.high - d.low), loc=d.low, scale=d.high - d.low),
    "uniform": lambda d: stats.uniform(loc=d.low, scale=d.high - d.low),
    "weibull": lambda d: stats.weibull_min(d.shape, scale=d.scale),
}


def in_scipy(distribution):
    """Return scipy's own distribution with the same parameters; an example that scipy does not have is passed over."""
    assume(distribution.name in IN_SCIPY)
    assume(getattr(distribution, "low", 0) < getattr(distribution, "high", 1))
    return IN_SCIPY[distribution.name](distribution)


@given(distribution=mild_distributions(), u=UNIFORM)
def test_the_inverse_is_that_of_scipy_rounded_to_the_nearest_millisecond(distribution, u):
    theirs = in_scipy(distribution).ppf(u)
    table = GAMMA_ERROR * np.maximum(theirs, distribution.mean) if distribution.name == "gamma" else 0
    assert (np.abs(distribution.inverse(u) - theirs) <= 0.501 + table).all()


@pytest.mark.parametrize(("shape", "error"), [(0.01, 1e-4), (0.05, 2e-5), (0.3, 1e-6), (1, 1e-6), (30, 1e-7), (1e4, 1e-8)])
def test_the_table_of_a_gamma_distribution_is_as_close_as_it_says(shape, error):
    mean = 1e8
    u = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 20_001), 2.0 ** -np.arange(2, 53), 1 - 2.0 ** -np.arange(2, 53)])
    ours = Gamma(mean, mean / np.sqrt(shape)).inverse(u)
    theirs = stats.gamma(shape, scale=mean / shape).ppf(u)
    assert (np.abs(ours - theirs) <= 1 + error * np.maximum(theirs, mean)).all()


@given(distribution=mild_distributions(), u=UNIFORM)
def test_the_share_below_the_inverse_is_the_share_that_went_in(distribution, u):
    theirs = in_scipy(distribution)
    ours = distribution.inverse(u)
    assert (theirs.cdf(ours - 1) <= u + 1e-9).all()
    assert (theirs.cdf(ours + 1) >= u - 1e-9).all()


@given(distribution=mild_distributions(), u=UNIFORM)
def test_the_inverse_never_falls_as_its_argument_rises(distribution, u):
    assert (np.diff(distribution.inverse(np.sort(u))) >= 0).all()


@given(distribution=mild_distributions())
def test_the_mean_of_the_inverse_over_a_fine_grid_approaches_the_mean(distribution):
    grid = (np.arange(20_000) + 0.5) / 20_000
    assert distribution.inverse(grid).mean() == pytest.approx(distribution.mean, rel=0.005, abs=0.5)


@given(distribution=mild_distributions(), u=st.floats(1e-9, 1 - 1e-9))
def test_what_comes_out_has_the_shape_of_what_went_in_and_is_whole(distribution, u):
    one, many = distribution.inverse(np.array(u)), distribution.inverse(np.full((2, 3), u))
    assert one.shape == () and many.shape == (2, 3)
    assert one.dtype == many.dtype == np.int64
    assert (many == one).all()


@pytest.mark.parametrize(
    "written",
    [
        {"exponential": {"mean": "3660 d"}},
        {"lognormal": {"median": "3660 d", "sigma": 10}},
        {"lognormal": {"mean": "1 ms", "sd": "3660 d"}},
        {"lognormal": {"p05": "1 ms", "median": "2 ms", "p95": "3660 d"}},
        {"gamma": {"mean": "366 d", "sd": "3660 d"}},
        {"gamma": {"mean": "3660 d", "sd": "1 ms"}},
        {"weibull": {"scale": "3660 d", "shape": 0.01}},
        {"weibull": {"scale": "1 ms", "shape": 100}},
        {"weibull": {"scale": "0 min", "shape": 1}},
        {"triangular": {"low": "0 min", "mode": "0 min", "high": "3660 d"}},
        {"triangular": {"low": "9 min", "mode": "9 min", "high": "9 min"}},
        {"uniform": {"low": "0 min", "high": "0 min"}},
    ],
    ids=str,
)
def test_the_most_extreme_parameters_give_times_from_nothing_to_ten_years(written):
    distribution = parse_distribution(written)
    times = distribution.inverse(np.array([2.0**-1000, 2.0**-53, 0.3, 0.5, 0.9, 1 - 2.0**-53]))
    assert (np.diff(times) >= 0).all()
    assert times[0] >= 0 and times[-1] <= LONGEST
    assert np.isfinite(distribution.mean)
    assert str(distribution).startswith(distribution.name)


@given(mean=SECONDS, u=UNIFORM)
def test_exponential_weibull_and_gamma_meet_where_theory_says(mean, u):
    exponential = parse_distribution({"exponential": {"mean": seconds(mean)}}).inverse(u)
    weibull = parse_distribution({"weibull": {"scale": seconds(mean), "shape": 1}}).inverse(u)
    gamma = parse_distribution({"gamma": {"mean": seconds(mean), "sd": seconds(mean)}}).inverse(u)
    assert np.abs(exponential - weibull).max() <= 1
    assert np.abs(exponential - gamma).max() <= 1


@pytest.mark.parametrize("name", ["lognormal", "gamma"])
@given(mean=SECONDS, ratio=MILD)
def test_mean_and_sd_are_those_that_were_written(name, mean, ratio):
    sd = parse_duration(f"{mean * ratio:.3f} s")
    distribution = parse_distribution({name: {"mean": seconds(mean), "sd": f"{sd} ms"}})
    assert distribution.mean == pytest.approx(mean * 1000)
    assert in_scipy(distribution).std() == pytest.approx(sd)


@given(p05=SECONDS, median=SECONDS, p95=SECONDS)
def test_a_lognormal_keeps_its_median_and_the_ratio_of_its_percentiles(p05, median, p95):
    p05, median, p95 = sorted((p05, median, p95))
    made = parse_distribution({"lognormal": {"p05": seconds(p05), "median": seconds(median), "p95": seconds(p95)}})
    assert made.inverse(np.array([0.5])) == [median * 1000]
    low, high = made.inverse(np.array([0.05, 0.95]))
    assert high / low == pytest.approx(p95 / p05, rel=1 / low)


@given(median=SECONDS, reach=st.integers(1, 20))
def test_percentiles_that_lie_symmetrically_on_the_log_scale_are_met(median, reach):
    percentiles = {"p05": seconds(median), "median": seconds(median * reach), "p95": seconds(median * reach**2)}
    made = parse_distribution({"lognormal": percentiles})
    expected = [median * 1000, median * reach * 1000, median * reach**2 * 1000]
    assert np.abs(made.inverse(np.array([0.05, 0.5, 0.95])) - expected).max() <= 1


@given(values=st.lists(SECONDS, min_size=1, max_size=40), times=st.integers(1, 5), u=UNIFORM)
def test_an_empirical_distribution_returns_the_given_values_each_equally_often(values, times, u):
    made = parse_distribution({"empirical": [seconds(value) for value in values]})
    count = len(values) * times
    grid = (np.arange(count) + 0.5) / count
    assert made.inverse(grid).tolist() == sorted(value * 1000 for value in values for _ in range(times))
    assert set(made.inverse(u)) <= {value * 1000 for value in values}


@given(milliseconds=st.integers(0, LONGEST), u=UNIFORM)
def test_a_plain_duration_is_always_that_duration(milliseconds, u):
    for made in (parse_distribution(f"{milliseconds} ms"), parse_distribution({"fixed": f"{milliseconds} ms"})):
        assert (made.inverse(u) == milliseconds).all()
        assert made.mean == milliseconds


@pytest.mark.parametrize("kind", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_the_example_that_messages_give_is_itself_accepted(kind):
    from sim.yaml_reader import read_text

    written = read_text(f"{{{kind.name}: {kind.example}}}", "example").plain()
    assert isinstance(parse_distribution(written), kind)


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        ({"lognormel": {}}, "'lognormel' is not a distribution", "did you mean 'lognormal'?"),
        ({"zipf": {}}, "'zipf' is not a distribution", "known here: empirical, exponential"),
        ({}, "expected one distribution, found none", "{lognormal: {median: 9 min"),
        ({"fixed": "9 min", "uniform": {}}, "found fixed, uniform", "write for example {lognormal:"),
        ({"fixed": 9}, "9 has no unit", "write for example '9 min'"),
        ({"exponential": "9 min"}, "exponential takes mean", "for example {exponential: {mean: 9 min}}"),
        ({"exponential": {}}, "exponential: 'mean' is missing", "for example {exponential: {mean: 9 min}}"),
        ({"exponential": {"mean": "9"}}, "exponential.mean: '9' has no unit", "use ms, s, min, h or d"),
        ({"exponential": {"maen": "9 min"}}, "exponential: no such key 'maen'", "did you mean 'mean'?"),
        ({"lognormal": {"median": "9 min"}}, "lognormal: 'p05' is missing", "{median: 9 min, p05: 4 min, p95: 20 min}"),
        ({"lognormal": {"mean": "9 min"}}, "lognormal: 'sd' is missing", "for example"),
        ({"lognormal": {"mean": "0 min", "sd": "1 min"}}, "lognormal.mean:", "must be above 0"),
        ({"lognormal": {"median": "0 min", "sigma": 1}}, "lognormal.median:", "must be above 0"),
        ({"lognormal": {"median": "9 min", "sigma": 38}}, "lognormal.sigma: 38 is not", "a number from 0.01 to 10"),
        (
            {"lognormal": {"p05": "10 min", "median": "9 min", "p95": "20 min"}},
            "lognormal: p05 is above median",
            "give them in rising order",
        ),
        ({"gamma": {"mean": "9 min", "sd": "0 min"}}, "gamma.sd:", "must be above 0"),
        ({"gamma": {"mean": "9 min", "sd": "2 h"}}, "gamma.sd:", "lognormal"),
        ({"triangular": {"low": "2 min", "mode": "1 min", "high": "3 min"}}, "low is above mode", "in rising order"),
        ({"uniform": {"low": "2 min", "high": "1 min"}}, "uniform: low is above high", "give them in rising order"),
        ({"weibull": {"scale": "9 min", "shape": 0}}, "weibull.shape: 0 is not", "a number from 0.01 to 100"),
        ({"weibull": {"scale": "9 min", "shape": "1"}}, "weibull.shape: '1' is not", "a number from 0.01 to 100"),
        ({"weibull": {"scale": "9 min", "shape": True}}, "weibull.shape: True is not", "a number from 0.01 to 100"),
        ({"weibull": {"scale": "9 min", "shape": 10**400}}, "is not", "a number from 0.01 to 100"),
        ({"empirical": []}, "empirical takes a list of 1 to 10000", "for example [5 min, 9 min, 20 min]"),
        (
            {"empirical": ["9 min"] * 10_001},
            "empirical takes a list of 1 to 10000",
            "for example [5 min, 9 min, 20 min]",
        ),
        ({"empirical": "9 min"}, "empirical takes a list", "for example [5 min, 9 min, 20 min]"),
        ({"empirical": ["9 min", "9"]}, "'9' has no unit", "use ms, s, min, h or d"),
        (["9 min"], "['9 min'] has no unit", "write for example '9 min'"),
        (None, "None has no unit", "write for example '9 min'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_distribution_is_refused_with_the_key_and_a_remedy(written, problem, remedy):
    with pytest.raises(ValueError) as refused:
        parse_distribution(written)
    message = str(refused.value)
    assert problem in message
    assert remedy in message[message.index(problem) + len(problem) :]


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | SECONDS.map(seconds)
KEYS = st.sampled_from(["mean", "sd", "median", "sigma", "p05", "p95", "low", "mode", "high", "scale", "shape", "x"])


@given(
    name=st.sampled_from(sorted(DISTRIBUTIONS)),
    inside=PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(KEYS, PLAIN, max_size=4),
)
def test_whatever_is_written_is_a_distribution_or_refused(name, inside):
    try:
        made = parse_distribution({name: inside})
    except ValueError as refused:
        assert str(refused)
    else:
        assert made.inverse(np.array([0.5])) >= 0


@pytest.mark.parametrize("inside", ["9" * 100_000, {"x" * 100_000: 1}, {"mean": "1" * 100_000 + " min"}, ["a"] * 100_000])
def test_hostile_text_does_not_hang(inside):
    begun = time.perf_counter()
    for name in DISTRIBUTIONS:
        with pytest.raises(ValueError):
            parse_distribution({name: inside})
    assert time.perf_counter() - begun < 5, "reading must take time in proportion to the text"


def test_the_loaded_form_of_a_distribution_is_left_as_it_is():
    made = Lognormal(9.0, 0.5)
    assert parse_distribution(made) is made
    assert Empirical((1.0,)) != made
