"""
Where facts are kept: one async engine for SQLite and PostgreSQL, transactions, migrations, jobs.

No feature's tables live here; a slice declares its own in its `store.py`, on `schema.metadata`.
"""
