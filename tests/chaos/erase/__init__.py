"""`python -m tests.chaos.erase`: owners are forgotten at the worst moments, and every trace of them is looked for."""
