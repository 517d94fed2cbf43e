# The webhook, the controller and the command line: docker build -t meshwright:0.1.0 .
# A release pins both bases by what it found behind the tags (docs/release.md), such as BUILD_DIGEST=@sha256:...
ARG NODE_VERSION=26.10.0
ARG BUILD_DIGEST=
ARG RUNTIME_DIGEST=

FROM node:${NODE_VERSION}-trixie-slim${BUILD_DIGEST} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The base brings Node, so no package has to run a script of its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY build.ts tsconfig.json ./
COPY packaging packaging
COPY src src
RUN node build.ts

# No shell and no package manager; the probes ask over the network, so there is no HEALTHCHECK either.
FROM gcr.io/distroless/nodejs26-debian13:nonroot${RUNTIME_DIGEST}
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="Meshwright" \
      org.opencontainers.image.description="One mesh configuration, any mesh: a sidecar injector and a controller for Istio, Linkerd and Consul" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs26-debian13:nonroot" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /meshwright
COPY package.json LICENSE ./
# With dist/sbom.cdx.json, what is in the bundle, and dist/THIRD-PARTY-NOTICES.txt, under which licenses.
COPY --from=build /build/dist dist
USER 65532:65532
# Node's options for the webhook, as in bin/meshwright, which says why; the controller's manifest has others.
ENV NODE_OPTIONS="--max-semi-space-size=8 --v8-pool-size=1"
ENTRYPOINT ["/nodejs/bin/node", "/meshwright/dist/main.js"]
CMD ["--help"]
