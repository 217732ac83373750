"""The programme in the compiled engine: the story of :mod:`sim.programme.pathway`, step by step under the same names."""
