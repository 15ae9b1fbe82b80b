"""The door for tests and scripts: `/sandbox/...`, JSON in and out."""
