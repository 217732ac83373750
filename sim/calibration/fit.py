"""The fit of what has no closed form: a tempered sequential Monte Carlo over all parameters at once.

Particles begin as draws from the prior, a standard normal vector. From generation to generation the likelihood is let in a little
further (so far that half the particles would still carry the weight), particles are drawn again by their weights, and each is
moved until it has forgotten where it was. A move draws towards the normal distribution that the particles themselves
suggest, and is accepted or refused by the rule of Metropolis and Hastings; its width follows how many are accepted.

All particles go through the likelihood as one array. Every generation has its own random numbers, found by seed and number,
so a fit that is stopped goes on from its last generation and ends with the same bits.

References
----------
Del Moral, Doucet and Jasra (2006), "Sequential Monte Carlo samplers", JRSS B 68, 411-436.
Cotter, Roberts, Stuart and White (2013), "MCMC methods for functions", Statistical Science 28, 424-446 (the move).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LogLikelihood = Callable[[Floats], Floats]
Progress = Callable[[float], None]

#: Chosen by simulation-based calibration (docs/verification/sbc.md), not by taste.
PARTICLES = 2_000
#: Effective share of the particles that a step in temperature leaves.
EFFECTIVE = 0.5
#: A generation ends when no parameter remembers more than this of where its particles stood (a correlation).
FORGOTTEN = 0.15
MOST_MOVES = 40
MOST_GENERATIONS = 200
#: The normal distribution of a move is a little wider than the particles, so that none can hide in a tail.
WIDER = 1.2
_WANTED_ACCEPTANCE = 0.35


@dataclass(frozen=True, eq=False, slots=True)
class Draws:
    """What a fit gave: equally weighted draws, and how it went.

    Attributes
    ----------
    latent
        Shape (particles, latents): standard normal before any report.
    log_evidence
        Log of the chance of the reports under prior and model, for comparing rival stories.
    moves
        Moves of the last generation; :data:`MOST_MOVES` says that it may not have settled.
    """

    latent: Floats
    log_evidence: float
    generations: int
    moves: int
    acceptance: float


@dataclass(eq=False, slots=True)
class _State:
    latent: Floats
    log_likelihood: Floats
    temperature: float
    log_evidence: float
    generation: int
    width: float
    moves: int
    acceptance: float


def fit(
    log_likelihood: LogLikelihood,
    latents: int,
    *,
    seed: int,
    particles: int = PARTICLES,
    checkpoint: Path | None = None,
    key: str = "",
    progress: Progress = lambda temperature: None,
) -> Draws:
    """Draw from the posterior of a standard normal vector under a likelihood.

    Parameters
    ----------
    log_likelihood
        From an array of shape (particles, latents) to one of shape (particles,).
    latents
        How many independent normal numbers there are.
    seed
        One seed, one answer.
    particles
        How many draws.
    checkpoint
        File in which each generation is kept, and from which a fit of the same ``key`` goes on.
    key
        What the fit is of; a checkpoint of another is not used.
    progress
        Called with the temperature reached, 0 to 1.
    """
    state = _read(checkpoint, key) or _begin(log_likelihood, latents, seed, particles)
    while state.temperature < 1 and state.generation < MOST_GENERATIONS:
        state = _generation(state, log_likelihood, seed)
        _keep(checkpoint, key, state)
        progress(state.temperature)
    return Draws(state.latent, state.log_evidence, state.generation, state.moves, state.acceptance)


def generator(seed: int, *what: object) -> np.random.Generator:
    """Return random numbers found by seed and name, whatever was drawn before."""
    words = "/".join(map(str, (seed, *what)))
    key = int.from_bytes(hashlib.sha256(words.encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


def _begin(log_likelihood: LogLikelihood, latents: int, seed: int, particles: int) -> _State:
    latent = generator(seed, "calibration", 0).standard_normal((particles, latents))
    return _State(latent, log_likelihood(latent), 0.0, 0.0, 0, 1.0, 0, 0.0)


def _generation(state: _State, log_likelihood: LogLikelihood, seed: int) -> _State:
    rng = generator(seed, "calibration", state.generation + 1)
    step = _step(state.log_likelihood, 1 - state.temperature)
    weights, log_mean = _weights(step * state.log_likelihood)
    mean = weights @ state.latent
    off = state.latent - mean
    covariance = (off * weights[:, None]).T @ off
    chosen = _systematic(weights, rng)
    moved = _State(
        state.latent[chosen], state.log_likelihood[chosen], min(1.0, state.temperature + step), state.log_evidence + log_mean,
        state.generation + 1, state.width, 0, 0.0,
    )  # fmt: skip
    _move(moved, log_likelihood, mean, covariance * WIDER + 1e-9 * np.eye(len(mean)), rng)
    return moved


def _step(log_likelihood: Floats, most: float) -> float:
    """Return how much further the temperature can go, so that half of the particles still carry the weight."""

    def effective(step: float) -> float:
        weights, _ = _weights(step * log_likelihood)
        return 1 / float((weights**2).sum()) / len(weights)

    if effective(most) >= EFFECTIVE:
        return most
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if effective(middle) >= EFFECTIVE else (low, middle)
    return max(low, 1e-12)


def _weights(log_weights: Floats) -> tuple[Floats, float]:
    """Return weights that add up to one, and the log of their mean before."""
    finite = np.where(np.isnan(log_weights), -np.inf, log_weights)
    largest = float(finite.max())
    if not math.isfinite(largest):
        return np.full(len(finite), 1 / len(finite)), -math.inf
    weights = np.exp(finite - largest)
    total = float(weights.sum())
    return weights / total, largest + math.log(total / len(weights))


def _systematic(weights: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    places = (np.arange(len(weights)) + rng.random()) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1).astype(np.int64)


def _move(state: _State, log_likelihood: LogLikelihood, mean: Floats, covariance: Floats, rng: np.random.Generator) -> None:
    """Move all particles, in place, until no parameter remembers where they stood."""
    root = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(root)

    def reference(latent: Floats) -> Floats:
        """Log density of the target over that of the normal distribution which a move leaves as it is."""
        scaled = (latent - mean) @ inverse.T
        relative: Floats = ((scaled**2).sum(axis=1) - (latent**2).sum(axis=1)) / 2
        return relative

    start = state.latent - state.latent.mean(axis=0)
    here = reference(state.latent) + state.temperature * state.log_likelihood
    accepted = []
    while state.moves < MOST_MOVES:
        stay = math.sqrt(1 - state.width**2)
        wanted = mean + stay * (state.latent - mean) + state.width * (rng.standard_normal(state.latent.shape) @ root.T)
        likelihood = log_likelihood(wanted)
        there = reference(wanted) + state.temperature * likelihood
        with np.errstate(invalid="ignore"):
            yes = np.log(rng.random(len(wanted))) < there - here
        state.latent[yes], state.log_likelihood[yes], here[yes] = wanted[yes], likelihood[yes], there[yes]
        accepted.append(float(yes.mean()))
        state.moves += 1
        state.width = float(np.clip(state.width * math.exp(0.7 * (accepted[-1] - _WANTED_ACCEPTANCE)), 0.02, 1.0))
        if _memory(start, state.latent) < FORGOTTEN:
            break
    state.acceptance = float(np.mean(accepted))


def _memory(start: Floats, now: Floats) -> float:
    """Return the largest correlation, over the parameters, between where particles stood and where they stand."""
    off = now - now.mean(axis=0)
    along = (start * off).sum(axis=0)
    size = np.sqrt((start**2).sum(axis=0) * (off**2).sum(axis=0))
    return float(np.max(along / np.maximum(size, 1e-300)))


# --- checkpoints ----------------------------------------------------------------------------------------------------


def _keep(checkpoint: Path | None, key: str, state: _State) -> None:
    """Write a generation; the file is whole or the old one."""
    if checkpoint is None:
        return
    part = checkpoint.with_suffix(".part")
    with part.open("wb") as stream:
        numbers = np.array([state.temperature, state.log_evidence, state.generation, state.width, state.moves, state.acceptance])
        np.savez(stream, latent=state.latent, log_likelihood=state.log_likelihood, numbers=numbers, key=np.array(key))
    part.replace(checkpoint)


def _read(checkpoint: Path | None, key: str) -> _State | None:
    """Return the last generation of the same fit, if there is one that can be read."""
    held = arrays_in(checkpoint, ("latent", "log_likelihood", "numbers", "key"))
    if held is None or str(held["key"]) != key:
        return None
    temperature, evidence, generation, width, moves, acceptance = held["numbers"].tolist()
    return _State(held["latent"], held["log_likelihood"], temperature, evidence, int(generation), width, int(moves), acceptance)


def arrays_in(kept: Path | None, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the arrays of a file of unfinished work; None where there is none, or a damaged one, which is then made again."""
    if kept is None or not kept.is_file():
        return None
    try:
        with kept.open("rb") as stream, np.load(stream, allow_pickle=False) as held:
            return {name: held[name] for name in names}
    except Exception:  # whatever a reader of archives may raise about what is none
        return None
