"""The CRM Strategy Dashboard without its pages: from a file to segments, key customers and their value.

The way of the data, one direction only:
sources -> mapping -> workspace (canonical tables) -> analytics -> charts; `store` keeps what users save,
`export` is what leaves, `cli` is the same without a browser.
"""
