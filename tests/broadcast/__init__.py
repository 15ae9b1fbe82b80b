"""Broadcast: campaigns, ledger, sender."""
