"""Redis: the inbox with its lanes and turns, and what else is kept there. Each atomic step is a script in `lua/`."""
