"""
Gatecrier: gate groups, broadcast campaigns, post politely, on one deployment.

Where to start reading: `__main__` hands over to `cli`, `app` builds everything,
and each slice (`gate`, `broadcast`, `posting`) tells its story in its docstring.
"""

__version__ = "0.1.0"
