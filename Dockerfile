# Kokyaku: web, worker and commands in one image. Nothing in it runs as root.
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/kokyaku && /opt/kokyaku/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY scheduler scheduler
COPY segments segments
COPY templates templates
RUN /opt/kokyaku/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
# The journal of a database on a volume and its log-in key belong to this user alone.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/kokyaku kokyaku
COPY --from=build /opt/kokyaku /opt/kokyaku
ENV PATH=/opt/kokyaku/bin:$PATH PYTHONUNBUFFERED=1 KOKYAKU_HOST=0.0.0.0 KOKYAKU_DATA=/var/lib/kokyaku
USER kokyaku
WORKDIR /var/lib/kokyaku
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["kokyaku"]
CMD ["serve"]
