"""The chat page: act as anybody, and see what bots see."""
