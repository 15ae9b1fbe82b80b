"""
The world itself: who and what there is, what people do, and what bots are told of it.

`model` (the records) · `state` (how they are found and numbered) · `world` (what people do) · `wire` (how
bots see them) · `updates` (what a bot has yet to hear) · `limits`, `faults`, `calls` (laws, mishaps, log).
"""
