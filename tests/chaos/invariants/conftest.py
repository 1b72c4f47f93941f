"""The house in one process, beside the scene of processes that all fault tests have."""

from tests.integration.conftest import house as house
