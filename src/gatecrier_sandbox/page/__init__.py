"""
The chat page: act as anybody, and see what bots see.

`place` (where a reader looks) · `view` (the page as data; `rooms`, `bubbles`, `media`, `keyboards`,
`service`, `rich`, `log`, `sheets` make its parts) · `render` (data as HTML) · `stream`, `notices` (what
changes, live) · `acts`, `links` (what a reader does) · `guard` (who may) · `routes` (the application).
"""
