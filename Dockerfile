# Greenroom in a container, on x86-64 and arm64:
#   docker build -t greenroom .                              without a GPU
#   docker build -t greenroom:cuda --build-arg VARIANT=cuda .   with CUDA 13, for a DGX Spark and other NVIDIA cards
# How to run it: docs/how-to/containers.md
ARG VARIANT=cpu

FROM python:3.12-slim-bookworm AS cpu-base

FROM nvidia/cuda:13.0.1-base-ubuntu24.04 AS cuda-base
# A compiler and Python's headers are for Triton, which compiles kernels while models run.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates gcc libc6-dev python3.12 python3.12-dev python3.12-venv \
    && rm -rf /var/lib/apt/lists/* \
    && userdel --remove ubuntu

# hadolint ignore=DL3006
FROM ${VARIANT}-base AS studio
RUN useradd --uid 1000 --create-home greenroom && install -d -o greenroom -g greenroom \
    /opt/greenroom /data /data/weights /data/environments
WORKDIR /opt/greenroom
USER 1000:1000
# The packages first: they are built anew only when the lock changes.
COPY --chown=greenroom:greenroom launch.sh requirements.lock ./
COPY --chown=greenroom:greenroom studio/environments/pip_settings.py studio/environments/
RUN PIP_NO_CACHE_DIR=1 ./launch.sh setup
COPY --chown=greenroom:greenroom . .
# Compiled here once, and not at each start of a new container.
RUN .venv/bin/python -m compileall -q app.py api capabilities engines media studio tabs && touch .venv/models-offered

ENV GREENROOM_DATA__FOLDER=/data
VOLUME /data
EXPOSE 7860
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/healthz', timeout=4)"]
# Beyond the container itself the token is asked for; it stands in the log and in /data/door.json.
ENTRYPOINT ["./launch.sh"]
CMD ["--host", "0.0.0.0", "--fetch-models"]
