"""14. Fail-over and reconnecting: what is taken out, and which test must fail without it."""

from __future__ import annotations

from tests.chaos.proof.mutation import Edit, Mutation
from tests.chaos.proof.mutation import one as _one

_CLIENT = "scrubjay/adapters/redis/client.py"
_CONTRACT = "tests/contract/test_failover.py::test_"
_FOLLOWS = f"{_CONTRACT}after_a_planned_failover_reads_and_writes_go_to_the_new_primary"
_READS = f"{_CONTRACT}a_process_that_only_reads_leaves_a_demoted_server"
_TOLD = f"{_CONTRACT}while_no_server_takes_writes_a_caller_and_the_readiness_probe_are_told_so"
_HEARD = f"{_CONTRACT}a_worker_that_heard_a_bell_while_nobody_took_writes_has_the_lane_as_soon_as_somebody_does"
_WORKER = (
    "tests/chaos/test_failover.py::test_a_worker_outlives_every_kind_of_failover_and_hears_the_bells_of_the_new_primary"
)
_BROKER = "tests/contract/test_broker.py::test_a_broker_that_is_away_is_looked_for_every_second_however_long_it_takes"
_ONCE = "tests/contract/test_idle_connections.py::test_a_step_whose_answer_is_lost_on_the_wire_is_not_sent_again"
_CANCELLED = (
    "tests/contract/test_idle_connections.py::test_a_task_that_is_cancelled_just_as_its_command_has_been_sent_ends"
)
_GROUP = "tests/integration/test_process_group.py::test_"
_PID_FILE = f"{_GROUP}a_part_whose_pid_file_cannot_be_written_is_started_when_it_can_be_again"

MUTATIONS: tuple[Mutation, ...] = (
    _one(14, "A server that says that it is no primary keeps its connections.", _FOLLOWS,
         _CLIENT, "self.connection_pool.renew()", "pass"),
    _one(14, "Connections that were idle when the primary changed are used again.", _FOLLOWS,
         _CLIENT, "if connection.should_reconnect():", "if False:"),
    _one(14, "A process that only reads never asks whether its server still is the primary.", _READS,
         _CLIENT, "answered(redis.delete(keys.nothing))", "answered(redis.ping())"),
    _one(14, "The readiness probe asks for an answer, not for a write.", _TOLD,
         "scrubjay/adapters/redis/intake.py", "self._redis.delete(self._keys.nothing)", "self._redis.ping()"),
    _one(14, "A bell that was heard while Redis was away is lost until the sweep rings again.", _HEARD,
         "scrubjay/adapters/redis/leasing.py", "await self._waited_for(partial(self._claimed, left_out))",
         "await self._claimed(left_out)"),
    Mutation(14, "Celery takes a refusal of Redis for an error of the program.", _WORKER, (
        Edit("worker/transport.py", "if refusal is Refusal.OTHER:", "if True:"),
        Edit("celeryconfig.py", "broker_channel_error_retry = True", "broker_channel_error_retry = False"),
    )),
    _one(14, "Celery looks for a broker that is away less and less often.", _BROKER,
         "worker/transport.py", "{**intervals, **options}", "options"),
    _one(14, "A command whose answer was lost is sent again.", _ONCE,
         _CLIENT, "retry=Retry(NoBackoff(), 0)", "retry=Retry(NoBackoff(), 3)"),
    _one(14, "A cancellation just as a command has been sent is forgotten (Python 3.11).", _CANCELLED,
         _CLIENT, "if task and task.cancelling() > cancelled_before:", "if False:"),
    _one(14, "The supervisor ends when it cannot write a pid file.", _PID_FILE,
         "scrubjay/devstack/managed_process.py", "except OSError as error:  # for now",
         "except EOFError as error:  # for now"),
)  # fmt: skip
