"""Alembic's entry: runs on the connection that `storage/migrate.py` hands over, inside its transaction."""

from alembic import context

from gatecrier.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=False,  # the caller's transaction spans all steps; Alembic must not end it
)
context.run_migrations()
