"""
Ourselves beside our peers, as ratios that are measured in one run: `make bench`.

Reads top to bottom: `measure` (how a figure comes about), `samples` (what is worked on), `servers`
(the far side, on the other core), `peers` (the same work by others), and one file for each group of
rows: `decisions`, `calls`, `sandbox`, `delivery`, `standings`, and `webhook` (with `crowd`, whom it is
about, `traffic`, Telegram's side, and `gatehouse`, the contenders). How to read it: docs/benchmarks.md.
"""
