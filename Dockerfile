# One image for the API, the workers and beat (the default target); `dashboard` adds Flower.
# Nothing of the embedded stack is in it: Redis and Qdrant are services of their own.

FROM python:3.12.13-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    ORT_DISABLE_TELEMETRY=1 \
    PATH=/opt/scrubjay/bin:$PATH

FROM base AS build
WORKDIR /src
RUN python -m venv /opt/scrubjay
COPY pyproject.toml requirements.lock README.md LICENSE celeryconfig.py ./
COPY api ./api
COPY worker ./worker
COPY scrubjay ./scrubjay
RUN pip install --no-cache-dir --constraint requirements.lock '.[server]'

FROM build AS build-dashboard
RUN pip install --no-cache-dir --constraint requirements.lock '.[server,dashboard]'

FROM base AS user
RUN groupadd --system --gid 10001 scrubjay \
    && useradd --system --uid 10001 --gid scrubjay --no-create-home --shell /usr/sbin/nologin scrubjay
# Nothing is written but logs to standard error; what insists on a home finds one that a tmpfs can stand in for.
ENV HOME=/tmp
WORKDIR /app
USER 10001:10001

FROM user AS dashboard
COPY --from=build-dashboard /opt/scrubjay /opt/scrubjay
EXPOSE 5555
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:5555/healthcheck', timeout=4)"]
CMD ["celery", "-A", "scrubjay.worker.app", "flower", "--address=0.0.0.0", "--port=5555"]

FROM user AS runtime
# The API listens beyond loopback here, where SCRUBJAY_AUTH=off is refused.
ENV SCRUBJAY_HOST=0.0.0.0
COPY --from=build /opt/scrubjay /opt/scrubjay
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["uvicorn", "scrubjay.api.app:create_app", "--factory", "--host", "0.0.0.0", "--port", "8000", "--loop", "uvloop", "--http", "scrubjay.api.middleware.http_protocol:Protocol", "--no-server-header", "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "8"]
