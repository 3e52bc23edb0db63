# Stage one builds the environment from the locked requirements; stage two carries it and nothing else.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/ requirements/
RUN python -m venv /opt/newsbell \
 && /opt/newsbell/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/full.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot/ bot/
# The build backend is in the development lock; it stays in this stage.
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/dev.txt \
 && /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/newsbell/bin/pip install --no-cache-dir --no-deps /wheels/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin newsbell \
 && install -d -o newsbell -g newsbell /app /data
COPY --from=build /opt/newsbell /opt/newsbell
COPY --chown=root:root config/ /app/config/
WORKDIR /app
USER newsbell
ENV PATH=/opt/newsbell/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NEWSBELL_DATA_DIR=/data NEWSBELL_LOGS__FORMAT=json
VOLUME /data
EXPOSE 8080
# Polled and delivered lately, not "the port is open".
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s CMD ["newsbell", "check", "--lately"]
ENTRYPOINT ["newsbell"]
CMD ["run"]
