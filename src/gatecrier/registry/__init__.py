"""
The records all features share.

A person becomes a subscriber of a bot by `/start` and leaves by `/stop` or by blocking it, which
is a suppression with its reason; the inbox keeps every update that has an effect until the effect
is done; the audit log says who changed what.
"""
