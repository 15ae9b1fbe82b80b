"""
Campaigns in time: one that starts at a moment, and schedules that make a campaign again and again. Both
stand in tables and are looked at every few seconds, so that a restart forgets nothing; what was missed
while nothing ran is not made up for in a burst.
"""
