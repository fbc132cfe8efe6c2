# `announcer serve` in a container: not root, nothing written but the ledger's volume.
#   docker build -t announcer . ; then see compose.yaml and docs/deployment.md
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/announcer
COPY requirements-image.lock .
RUN /opt/announcer/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md ./
COPY templates templates
COPY announcer announcer
# Compiled ahead, as nothing can be written later; what only builds does not travel on.
RUN /opt/announcer/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-build-isolation . \
    && /opt/announcer/bin/python -m pip uninstall --quiet --yes \
        hatchling pathspec pluggy trove-classifiers setuptools pip \
    && python3 -m compileall -q /opt/announcer/lib

FROM ${BASE_IMAGE}
COPY --from=build /opt/announcer /opt/announcer
RUN install -d -o 10001 -g 10001 /var/lib/announcer
ENV PATH=/opt/announcer/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ANNOUNCER_CONFIG=/etc/announcer/config.toml \
    ANNOUNCER_LEDGER__URL=sqlite:////var/lib/announcer/announcer.db \
    ANNOUNCER_STATE_DIR=/var/lib/announcer \
    ANNOUNCER_SERVICE__LISTEN=127.0.0.1:8080
USER 10001:10001
WORKDIR /var/lib/announcer
VOLUME /var/lib/announcer
STOPSIGNAL SIGTERM
# Whatever the health address says is for a person to read: docker inspect shows it.
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python3", "-c", "import os, sys, urllib.error, urllib.request as r\ntry: sys.stdout.write(r.urlopen('http://' + os.environ['ANNOUNCER_SERVICE__LISTEN'].replace('0.0.0.0', '127.0.0.1') + '/health').read().decode())\nexcept urllib.error.HTTPError as e: sys.exit(e.read().decode())\nexcept OSError as e: sys.exit(str(e))"]
ENTRYPOINT ["announcer"]
CMD ["serve"]
