"""The rules of style that no off-the-shelf linter knows, counted over the syntax trees of source and tests."""
