"""Numbers found when they are needed: those of :mod:`sim.programme.draw`, one at a time."""

from __future__ import annotations

import math

import numpy as np

from sim.engines.compiled.columns import Law
from sim.engines.compiled.compiler import compiled, compiled_with_new_arrays
from sim.engines.compiled.draws import between, exp_of, found, four, inverse, log_of, milliseconds, normal_quantile_of
from sim.engines.compiled.programme import memory
from sim.engines.compiled.programme.layout import Duration, OfAgency, OfModel, World
from sim.fields import MOST_STAFF
from sim.programme.arrests import BLOCK_BEYOND, BLOCKS, IN_A_BLOCK, MARK_UNITS, seat_of
from sim.programme.draw import BY_THE_OFFICER, MOST_ARRESTS, NEVER, QUARTERS, YEAR
from sim.programme.scenario import MODELS
from sim.units import DAY, WEEK

MANY_MODELS = len(MODELS)
seat_of_block = compiled(seat_of)


@compiled
def of_agency(world: World, what: int, agency: int, times: int, time: int) -> float:
    """Return a number of an agency: the one of a time, where there are several."""
    one = memory.agencies(world)[agency]
    keys = memory.agency_keys(world)
    return found(keys[one.block, what, 0], keys[one.block, what, 1], world.replication, 0, one.number * times + time)


@compiled
def of_model(world: World, what: int, agency: int, model: int) -> float:
    """Return a number of an agency under a model."""
    one = memory.agencies(world)[agency]
    row, keys = one.block * MANY_MODELS + model, memory.model_keys(world)
    return found(keys[row, what, 0], keys[row, what, 1], world.replication, 0, one.number)


@compiled
def duration(world: World, which: int, u: float) -> int:
    """Return a duration in milliseconds, by its distribution."""
    figures, spans = memory.figures(world), memory.spans(world)
    law, a, b, c = memory.laws(world)[which], figures[which, 0], figures[which, 1], figures[which, 2]
    if law == Law.FIXED:
        return milliseconds(a)
    return milliseconds(inverse(world, law, a, b, c, spans[which, 0], spans[which, 1], u))


@compiled
def of_training(world: World, which: int, what: int, agency: int, model: int) -> int:
    """Return how long a step of the training takes: one of the last three durations."""
    return duration(world, which + 3 * model, of_model(world, what, agency, model))


@compiled
def sworn_officers(world: World, agency: int) -> int:
    """Return the sworn officers of an agency."""
    block = memory.blocks(world)[memory.agencies(world)[agency].block]
    u = of_agency(world, OfAgency.SWORN, agency, 1, 0)
    officers = np.rint(block.median * exp_of(block.sigma * normal_quantile_of(u)))
    return int(min(max(officers, 1.0), MOST_STAFF))


@compiled
def put_forward(world: World, agency: int, model: int) -> int:
    """Return the officers whom an agency puts forward for the course."""
    return int(max(np.rint(sworn_officers(world, agency) * memory.training(world)[model].put_forward), 1.0))


@compiled
def rate_of_arrests(world: World, agency: int, model: int) -> int:
    """Return what is expected in a week, of an officer at work or of the jail, in millionths."""
    training = memory.training(world)[model]
    u = of_model(world, OfModel.ACTIVITY, agency, model)
    activity = exp_of(training.sigma * normal_quantile_of(u) - training.sigma * training.sigma / 2)
    return int(np.rint(min(training.mean * activity, MOST_ARRESTS) * MARK_UNITS))


@compiled
def expected(world: World, rate: int, officers: int, model: int) -> int:
    """Return what is expected of an agency in a week, in millionths."""
    return rate * min(officers, world.most_at_work) if BY_THE_OFFICER[model] else rate


@compiled
def arrests(world: World, agency: int, model: int, week: int, height: int) -> int:
    """Return the marks of an agency's week up to a height, as :meth:`sim.programme.arrests.Marks.below` does."""
    one = memory.agencies(world)[agency]
    row, keys = one.block * MANY_MODELS + model, memory.model_keys(world)
    first_key, second_key = keys[row, OfModel.ARRESTS, 0], keys[row, OfModel.ARRESTS, 1]
    number, reached = one.number, 0
    for block in range(BLOCKS):
        lanes = four(first_key, second_key, world.replication, seat_of_block(number, block), week)
        for lane in range(IN_A_BLOCK):
            gap = int(np.rint(-log_of(1.0 - between(lanes[lane])) * MARK_UNITS))
            if reached + gap > height:
                return block * IN_A_BLOCK + lane
            reached += gap
    u = found(first_key, second_key, world.replication, seat_of_block(number, BLOCK_BEYOND), week * IN_A_BLOCK)
    more = (height - reached) / MARK_UNITS
    return BLOCKS * IN_A_BLOCK + int(max(np.rint(more + math.sqrt(more) * normal_quantile_of(u)), 0.0))


@compiled
def located(world: World, agency: int, quarter: int) -> int:
    """Return the band of people located in a quarter."""
    bands = memory.bands(world)
    point = of_agency(world, OfAgency.LOCATED, agency, QUARTERS, quarter) * bands[world.many_bands - 1]
    band = 0
    while band < world.last_band and bands[band] <= point:
        band += 1
    return band


@compiled
def gap_in_list(world: World, issue: int) -> int:
    """Return the time to the next issue of the published list."""
    key = memory.list_key(world)
    return max(duration(world, Duration.LIST_GAP, found(key[0, 0], key[0, 1], world.replication, 0, issue)), DAY)


@compiled
def gives_up_after(world: World, agency: int, model: int) -> int:
    """Return after what time an agency gives its agreement up."""
    if world.yearly_loss == 0.0:
        return NEVER
    patience = -log_of(1.0 - of_model(world, OfModel.GIVES_UP, agency, model)) / world.yearly_loss * YEAR
    return int(min(patience, NEVER / 2)) if patience < NEVER else NEVER


# --- when an agency asks -------------------------------------------------------------------------------------------------


@compiled
def draw_paces(world: World) -> None:
    """Find the cumulative pace under each model, with the waves of this replication."""
    edges, rates, paced = memory.edges(world), memory.rates(world), memory.paced(world)
    keys, months = memory.wave_keys(world), memory.months(world)
    for model in range(MANY_MODELS):
        paced[0, model] = 0.0
        for step in range(world.many_months):
            u = found(keys[model, 0], keys[model, 1], world.replication, 0, months[step])
            wave = exp_of(world.waves * normal_quantile_of(u) - world.waves * world.waves / 2)
            more = rates[step, model] * wave * (edges[step + 1] - edges[step]) / WEEK
            paced[step + 1, model] = paced[step, model] + more


@compiled
def draw_inquiries(world: World) -> None:
    """Find for every agency and model whether it holds an agreement on the first day, and if not, when it asks."""
    agreements = memory.agreements(world)
    for place in range(world.many_agreements):
        agreements[place].asks, agreements[place].held = NEVER, 0
    for block in range(world.many_blocks):
        for model in range(MANY_MODELS):
            if memory.eligible(world)[block, model].may:
                draw_own_times(world, block, model)
                draw_holders(world, block, model)
    for mandate in range(world.many_mandates):
        draw_ordered_times(world, mandate)


@compiled
def draw_own_times(world: World, number: int, model: int) -> None:
    """Find when each agency of a block asks by itself."""
    block, eager = memory.blocks(world)[number], memory.eligible(world)[number, model].eager
    edges, paced = memory.edges(world), memory.paced(world)
    last = world.many_edges - 1
    if eager == 0.0 or paced[last, model] == 0.0:
        return
    for agency in range(block.first, block.first + block.count):
        if of_model(world, OfModel.TOGETHER, agency, model) < world.together:
            u = of_agency(world, OfAgency.ASKS, agency, 1, 0)
        else:
            u = of_model(world, OfModel.ASKS, agency, model)
        needed = -log_of(1.0 - u) / eager
        if needed < paced[last, model]:
            step = last - 1
            while paced[step, model] > needed:
                step -= 1
            part = (needed - paced[step, model]) / (paced[step + 1, model] - paced[step, model])
            asks = edges[step] + math.floor(part * (edges[step + 1] - edges[step]))
            memory.agreements(world)[model * world.agencies + agency].asks = asks


@compiled_with_new_arrays
def draw_holders(world: World, number: int, model: int) -> None:
    """Find which agencies of a block hold an agreement on the first day."""
    block, held = memory.blocks(world)[number], memory.eligible(world)[number, model].held
    if held == 0:
        return
    luck = np.empty(block.count, dtype=np.float64)
    for one in range(block.count):
        luck[one] = of_model(world, OfModel.HOLDS, block.first + one, model)
    for one in np.argsort(luck, kind="mergesort")[:held]:
        memory.agreements(world)[model * world.agencies + block.first + one].held = 1


@compiled_with_new_arrays
def draw_ordered_times(world: World, number: int) -> None:
    """Find when the agencies that a mandate covers, the largest of its block, ask because of it."""
    mandate, keys = memory.mandates(world)[number], memory.day_keys(world)
    choice_keys, shares = memory.choice_keys(world), memory.chosen(world)
    block = memory.blocks(world)[mandate.block]
    size = np.empty(block.count, dtype=np.float64)
    for one in range(block.count):
        size[one] = -of_agency(world, OfAgency.SWORN, block.first + one, 1, 0)
    for one in np.argsort(size, kind="mergesort")[: mandate.covered]:
        u = found(keys[number, 0], keys[number, 1], world.replication, 0, one)
        day = max(math.floor(mandate.first + (mandate.last - mandate.first) * u), 0)
        for model in range(MANY_MODELS):
            if memory.eligible(world)[mandate.block, model].may == 0:
                continue
            key = choice_keys[number, model]
            if found(key[0], key[1], world.replication, 0, one) < shares[number, model]:
                agreement = memory.agreements(world)[model * world.agencies + block.first + one]
                agreement.asks = min(agreement.asks, day)
