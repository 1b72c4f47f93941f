"""The service in one process, beside the scene of processes that all fault tests have."""

from tests.integration.conftest import service as service
