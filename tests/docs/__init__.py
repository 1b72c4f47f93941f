"""The pages of `docs/` that are made from the code (`make docs`), and what reads the others for the tests."""
