"""The proofs, in the order in which a sceptic would ask for them.

A section is a page of its own below ``docs/verification/``, written by a module of its own, so that one can be run again alone.
Its short version is the named tests of the fast suite.
"""

from __future__ import annotations

from dataclasses import dataclass

Tests = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One proof.

    Attributes
    ----------
    claim
        What is claimed, in one sentence.
    fails
        With which error in the program it would fail.
    module
        What writes the page, run as ``python -m``; empty where the tests are the whole proof.
    tests
        Its short version in the fast suite, as ``file::test``.
    arguments
        What ``make verify`` hands to the module.
    """

    name: str
    title: str
    claim: str
    fails: str
    module: str
    tests: Tests
    arguments: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The file below ``docs/verification/``; empty where the tests are the whole proof."""
        return f"{self.name}.md" if self.module else ""


SECTIONS = (
    Section(
        "theory",
        "Queueing theory",
        "Reduced to a queue that can be solved, the model gives what theory gives: Erlang's loss and delay formulas, "
        "Pollaczek and Khinchine, "
        "thinned Poisson flows.",
        "A unit counted twice, a queue served out of order, a rate of the wrong hour, fates shared between vehicles.",
        "tests.verification.theory",
        (
            "tests/test_theory.py::test_vehicles_pass_unstopped_as_often_as_erlang_says_whatever_the_shape_of_the_task",
            "tests/test_theory.py::test_questions_wait_for_the_duty_officer_as_long_as_theory_says",
            "tests/test_theory.py::test_the_funnel_thins_as_theory_says",
            "tests/test_theory.py::test_what_units_see_by_the_hour_is_the_sum_of_the_flows_and_poisson",
        ),
    ),
    Section(
        "laws",
        "Laws on every run",
        "In any world each vehicle passes or is stopped once, each referred person ends in one way, nobody is in two places, "
        "people in are people "
        "out, money by payer is money by kind.",
        "A record left out or made twice, a bed or a unit not given back, a clock that ends when no rule says so.",
        "",
        (
            "tests/test_laws.py::test_every_law_holds_in_any_world",
            "tests/test_laws.py::test_a_law_holds_in_every_shipped_scenario",
            "tests/test_laws.py::test_the_worlds_tried_reach_every_kind_of_record",
            "tests/test_audit.py::test_a_law_is_named_when_one_record_of_an_operation_breaks_it",
            "tests/test_audit.py::test_a_law_is_named_when_a_measure_of_an_operation_breaks_it",
        ),
    ),
    Section(
        "engines",
        "Two engines, one trace",
        "A compiled engine, written apart from the SimPy processes, leaves the same trace event for event.",
        "A step of the pathway that either engine tells otherwise, in any world that the search reaches.",
        "",
        (
            "tests/test_engines.py::test_any_world_has_the_same_trace_in_both_engines",
            "tests/test_engines.py::test_every_shipped_operation_has_the_same_trace_in_both_engines",
            "tests/test_engines.py::test_any_programme_has_the_same_trace_and_measures_in_both_engines",
        ),
    ),
    Section(
        "second_opinion",
        "A second opinion",
        "The roadside and the jail of one scenario, written again in another simulation library, agree in distribution.",
        "A misreading of the pathway that both engines of this project share.",
        "tests.second_opinion",
        ("tests/second_opinion/test_agreement.py::test_both_programs_agree_on_a_few_shifts",),
    ),
    Section(
        "sbc",
        "Simulation-based calibration",
        "Intervals of the fit hold the truth as often as they say, for data sets drawn from the prior through the real model.",
        "A likelihood that is too sure of itself, a prior that is not the one stated, a sampler that does not reach its target.",
        "tests.sbc",
        (
            "tests/test_calibration_fit.py::test_ranks_of_the_truth_are_uniform_in_a_funnel",
            "tests/test_calibration_fit.py::test_the_seven_totals_have_the_spread_and_place_of_their_closed_posteriors",
        ),
    ),
    Section(
        "mutants",
        "Mutants",
        "Nine of ten small errors put into the pathway, the draws or the measures are noticed by a claim about the world, not "
        "only by a stored digest.",
        "A line of the model that no test looks at.",
        "tests.mutants",
        ("tests/test_verification.py::test_a_line_that_is_left_out_is_noticed_and_the_model_as_it_is_passes",),
        ("--most", "230"),
    ),
    Section(
        "fuzz",
        "Fuzz and safety of input",
        "No scenario, no bytes and no flags, however strange, end in a traceback, a hang or something half-written.",
        "Input that is trusted before it has been looked at.",
        "tests.fuzz",
        (
            "tests/test_broken_scenarios.py::test_a_broken_file_is_refused_on_its_line_with_a_remedy",
            "tests/test_cli.py::test_a_broken_scenario_is_refused_by_run_and_no_folder_is_left",
            "tests/test_fuzz.py::test_a_scenario_with_a_mistake_is_refused_in_words_or_was_none",
            "tests/test_fuzz.py::test_any_bytes_are_refused_in_words_or_are_a_scenario",
            "tests/test_fuzz.py::test_any_command_line_ends_in_words_and_writes_where_it_was_told",
        ),
    ),
    Section(
        "faults",
        "Faults",
        "A full disk, a killed worker, a signal, a damaged store: one clear message, nothing half-written, nothing lost.",
        "A file written in place, a result kept in memory only, a handler that swallows an error.",
        "",
        (
            "tests/test_faults.py::test_a_command_that_is_stopped_says_so_in_one_line_and_leaves_nothing_half_written",
            "tests/test_faults.py::test_a_full_disk_is_told_in_one_line_and_leaves_nothing",
            "tests/test_faults.py::test_a_damaged_store_is_not_written_over",
            "tests/test_faults.py::test_a_clock_that_jumps_changes_no_byte",
            "tests/test_faults.py::test_language_zone_and_home_change_no_byte_and_no_display_is_needed",
            "tests/test_sweep.py::test_killed_at_25_random_moments_it_ends_with_the_same_rows",
            "tests/test_sweep.py::test_a_worker_that_is_killed_costs_no_more_than_its_tasks",
            "tests/test_executors.py::test_workers_end_when_their_parent_is_killed",
        ),
    ),
    Section(
        "determinism",
        "Determinism matrix",
        "One digest for each scenario on every supported Python, with the oldest and the newest libraries, by either engine, "
        "however the work is divided.",
        "A number that hangs on a library's rounding, on the order of a set, or on which worker was first.",
        "tests.matrix",
        (
            "tests/test_replications.py::test_the_size_of_chunks_changes_no_bit",
            "tests/test_replications.py::test_the_number_of_workers_changes_no_bit",
            "tests/test_engines.py::test_workers_and_chunks_change_no_bit_of_the_compiled_engine",
        ),
    ),
    Section(
        "ablations",
        "Ablations",
        "What the fit to the reports loses without each part of the model; and which parts no report informs.",
        "It does not test the program. It tells which parts of the model the reports can speak for.",
        "tests.ablations",
        ("tests/test_verification.py::test_a_part_that_no_report_notices_is_said_to_be_uninformed",),
    ),
)
