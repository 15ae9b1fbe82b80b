"""
A person's own account posts a rotation of messages to groups that agreed, slowly.

Nothing is here yet: the slice comes with the account's MTProto session. Its words are already in
docs/glossary.md: rotation → slot → post, and a destination that needs membership, listing and consent.
"""
