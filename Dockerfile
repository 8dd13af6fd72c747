# ragfront's image: nothing but Python, the releases that requirements.lock names, and the gateway.
#
#     docker build -t ragfront .
#     docker run -p 8080:8080 -v ragfront:/var/lib/ragfront -e RAGFRONT_UPSTREAM=http://rag:8000 ragfront
#
# or with a file: -v ./gateway.yaml:/etc/ragfront/gateway.yaml:ro -e RAGFRONT_CONFIG=/etc/ragfront/gateway.yaml
#
# It runs with --read-only and --cap-drop=ALL: all that it writes is below /var/lib/ragfront, and in /dev/shm. Metrics
# and health are on 127.0.0.1:9090 inside; RAGFRONT_ADMIN_LISTEN=0.0.0.0:9090 needs a token beside it (RAGFRONT_TOKEN or
# RAGFRONT_TOKEN_FILE). `--target demo` makes the example service instead, see config/deploy/compose.

FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# What is built with: by hash like all else, hence no isolation, which would fetch it anew and unchecked.
COPY requirements-build.lock ./
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --only-binary=:all: -r requirements-build.lock \
    && python -m venv --without-pip /opt/ragfront
COPY requirements.lock ./
RUN /opt/build/bin/pip wheel --require-hashes --no-build-isolation -w /wheels -r requirements.lock \
    && /opt/build/bin/pip --python /opt/ragfront/bin/python install --no-index --no-deps /wheels/*.whl
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
RUN /opt/build/bin/python -m hatchling build -t wheel -d /dist \
    && /opt/build/bin/pip --python /opt/ragfront/bin/python install --no-index --no-deps /dist/*.whl

FROM build AS build-demo
COPY requirements-demo.lock ./
RUN /opt/build/bin/pip wheel --require-hashes --no-build-isolation -w /wheels-demo -r requirements-demo.lock \
    && /opt/build/bin/pip --python /opt/ragfront/bin/python install --no-index --no-deps /wheels-demo/*.whl

FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c AS runtime
RUN groupadd --system --gid 10001 ragfront \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/ragfront \
        --shell /usr/sbin/nologin ragfront \
    && install -d -o 10001 -g 10001 -m 0750 /var/lib/ragfront \
    && install -d -o 10001 -g 10001 -m 0755 /run/ragfront
ENV PATH=/opt/ragfront/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /var/lib/ragfront

# The example service: what it takes to try ragfront, and never part of its own image.
FROM runtime AS demo
COPY --from=build-demo /opt/ragfront /opt/ragfront
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as ask; ask.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["python", "-P", "-m", "gateway.demo"]
CMD ["--listen", "0.0.0.0:8000"]

FROM runtime AS ragfront
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ragfront" \
      org.opencontainers.image.description="A caching gateway for retrieval-augmented generation services" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="python:3.12.12-slim-bookworm"
COPY --from=build /opt/ragfront /opt/ragfront
ENV RAGFRONT_LISTEN=0.0.0.0:8080
VOLUME /var/lib/ragfront
EXPOSE 8080 9090
# The supervisor drains its workers: give it more than `drain` (30 s), docker stop --timeout 45.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=15s --retries=3 CMD ["ragfront", "health"]
ENTRYPOINT ["ragfront"]
CMD ["serve"]
