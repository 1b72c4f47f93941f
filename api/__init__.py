"""The HTTP server: it accepts turns and puts them into the inbox, searches, and answers.

The folder stands at the top of the repository and is linked into the package, whose part it is: under its own name
every module of it would be loaded a second time.
"""

if __name__ != "scrubjay.api":
    raise ImportError(f"the HTTP server is `scrubjay.api`: `import scrubjay.api`, not `import {__name__}`")
