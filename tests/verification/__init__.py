"""The proof that can be rerun: cases shared by the fast tests and by ``make verify``."""
