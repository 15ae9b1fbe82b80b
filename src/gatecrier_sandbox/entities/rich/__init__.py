"""
Rich messages: text with headings, lists, tables and media, written as HTML, Markdown or blocks.

`nodes` (HTML into a tree) · `markdown` (Markdown into the same tree) · `blocks` (the tree into RichBlock) ·
`inline` (into RichText) · `texts` (what a RichText can do) · `limits`. Source: the documentation's "rich
message formatting options"; what Telegram's servers do beyond it is not public.
"""
