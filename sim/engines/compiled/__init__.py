"""The compiled engine: the same story as :mod:`sim.pathway`, told for a compiler, and leaving the same trace.

Each room of the pathway has its room here under the same name, step by step: where a process of the pathway waits, here
a step ends, and the job that goes on with it is named after what has come. Constants, kinds of records, the order of
things at the same instant and what is drawn from which stream are those of the reference. Numbers are not drawn before
but found when they are needed, which gives the same numbers, since a number hangs on its name and place alone.

``docs/decisions.md`` says how to change the pathway in both.
"""
