"""
The whole product and the whole sandbox in one process: no sockets, no threads, and time that is told.

`stage.Stage` joins them; `witness.Witness` watches what the bot does and judges it by the sandbox's world
alone. Everything that happens follows from a seed, so what fails once fails again.
"""
