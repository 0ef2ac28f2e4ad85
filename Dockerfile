# syntax=docker/dockerfile:1
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY apps apps
COPY libs libs
RUN npx nest build

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The embedded server and its install scripts stay out: this image talks to real servers.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY apps/keyledger/keyledger.mjs apps/keyledger/keyledger.mjs
USER node
EXPOSE 8080
ENTRYPOINT ["node", "apps/keyledger/keyledger.mjs"]
CMD ["api"]
