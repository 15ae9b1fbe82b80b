"""
How an operator sees it in a browser: pages, REST API, health, webhook; Starlette lives here.

Nothing is here yet; updates come by long poll until webhooks do.
"""
