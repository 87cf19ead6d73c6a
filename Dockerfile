FROM node:24-bookworm-slim AS build
WORKDIR /app
# The dependencies first: they change less often than the sources. None of them needs its install script.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY nest-cli.json tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY scripts scripts
COPY src src
# Optional packages stay, because they are the native modules of this platform. TypeScript is an optional peer too, for builds.
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/typescript

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
RUN mkdir -m 0700 /data && chown node:node /data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/dist/portero.js /usr/local/bin/portero
USER node
# The embedded database and the generated secret; unused with DATABASE_URL and PORTERO_SECRET.
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["node", "-e", \
  "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
# In exec form, so that the signal reaches the server, which then has 25 seconds to finish what is in flight.
CMD ["node", "dist/main.js"]
