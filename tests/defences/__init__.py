"""
Each defence of the gate, taken out to see its test fail.

`catalogue.py` says, for every row of our list of attacks (1 to 24), defects of others (N1 to N16) and
invariants (I1 to I5), which lines defend against it, and which tests notice when they are gone.
Rows P1, P2 and so on are for the property test `gate_world/test_invariants.py`, which must notice by itself.
`python -m defences` (or `make defences`) takes each out of a copy of the source and runs those tests.
"""
