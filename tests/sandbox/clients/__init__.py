"""Libraries of others, unmodified, play one story against the sandbox; see `story`."""
