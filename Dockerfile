# The image of web, workers and beat (docker-compose.yml). The style sheet is committed, so no Node is needed.
FROM python:3.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt
# docker build --build-arg SAML=1: with what signing in by SAML needs.
ARG SAML=""
COPY requirements-saml.txt /tmp/requirements-saml.txt
RUN test -z "$SAML" || /opt/venv/bin/pip install --require-hashes -r /tmp/requirements-saml.txt

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    FEEDFORWARD_DATA_DIR=/data \
    FEEDFORWARD_PRODUCTION=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin feedforward \
    && install -d -o feedforward -g feedforward -m 0700 /data \
    && install -d -o feedforward -g feedforward /srv/static
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/feedforward
COPY . .
RUN python -m compileall -q . \
    && FEEDFORWARD_DATA_DIR=/tmp/build FEEDFORWARD_PRODUCTION=0 REDIS_URL=redis://unused/0 \
       python -m deploy.run.static \
    && rm -rf /tmp/build && chown -R feedforward:feedforward /srv/static
USER feedforward
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["python", "-m", "deploy.run"]
CMD ["program", "web"]
