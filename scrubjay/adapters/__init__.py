"""The adapters: what fulfils the ports. onnxruntime's telemetry is switched off here, before anything imports it."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
