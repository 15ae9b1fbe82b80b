"""
One message to many subscribers, each accounted for: campaign → delivery → attempt.

A `Broadcast` (service) changes campaigns; the audience is written into the ledger, one row for each
subscriber, those who must not be messaged too, so that the rows' states always sum up to the audience.
A `Sender` for each bot leases rows, marks a window of them `sending`, makes the calls and records
what came of them; whatever dies in between leaves at most that window unknown. The `Reconciler` takes
back what the dead held, and wakes whoever has work.
"""
