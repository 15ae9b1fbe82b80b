"""
How an operator sees it in a terminal: parse, call one service method, print; cyclopts lives here.

Exit codes are the contract: 0 ok, 1 error, 2 usage, 3 not found, 4 conflict, 5 validation,
6 findings, 75 try later.
"""

from gatecrier.cli.main import main

__all__ = ["main"]
