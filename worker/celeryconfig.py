"""Celery, configured for wake-ups: a message only says that a lane is ready; whatever matters stands in the inbox."""

from ssl import CERT_REQUIRED

from scrubjay.model.names import DELIVER_TASK, DRAIN_TASK, QUEUE, SWEEP_TASK, celery_name
from scrubjay.settings import Settings

_settings = Settings.of_service()
_queue = celery_name(QUEUE, _settings.redis_prefix)

broker_url = _settings.redis_url
broker_transport = "scrubjay.worker.transport:Transport"
# As the inbox's own client does, unless the URL itself says otherwise.
broker_use_ssl = {"ssl_cert_reqs": CERT_REQUIRED} if _settings.redis_url.startswith("rediss:") else None
imports = ("scrubjay.worker.tasks",)

task_default_queue = _queue
task_routes = {DRAIN_TASK: {"queue": _queue}, DELIVER_TASK: {"queue": _queue}}
# Of another installation in the same Redis nothing is heard, and nothing is told to it.
control_exchange = celery_name("celery", _settings.redis_prefix)
event_exchange = event_queue_prefix = celery_name("celeryev", _settings.redis_prefix)
# For a lost message the sweep sends another, so a message is acknowledged when it is heard: nothing is redelivered.
task_acks_late = False
task_ignore_result = True
task_store_errors_even_if_ignored = False

# A thread only waits on the process's event loop; one process keeps many lanes in flight.
worker_pool = "threads"
worker_concurrency = _settings.worker_threads
worker_prefetch_multiplier = 1
worker_hijack_root_logger = False
worker_send_task_events = True
task_send_sent_event = False

accept_content = ["json"]
task_serializer = "json"
timezone = "UTC"
enable_utc = True

broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_channel_error_retry = True  # no refusal of Redis ends a worker: it says so in its log, and connects anew
broker_transport_options = {
    "key_prefix": _settings.redis_prefix,
    # While they are heard, messages are remembered nowhere: that would be two more synced writes each, and a full Redis
    # would refuse them. A worker that is stopped puts the messages back that it has not begun with.
    "ack_emulation": False,
    "socket_keepalive": True,
    "socket_connect_timeout": 2,
    "health_check_interval": 30,
}

# Workers sweep by themselves; beat is one more sweeper, for fleets that like to see it on their dashboard.
beat_schedule = {
    "sweep": {
        "task": SWEEP_TASK,
        "schedule": _settings.sweep_seconds * 5,
        "options": {"expires": _settings.sweep_seconds * 5},
    }
}
