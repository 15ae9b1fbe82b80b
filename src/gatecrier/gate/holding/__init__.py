"""Holding people and setting them free: restrictions, cases, and what changes of places mean for them."""
