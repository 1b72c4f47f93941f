"""The rules of the offline extractor: which prose is the user's own, what in it is a statement, what it is about."""
