# Coordinator and agent in one image: `tidemark …` or `tidemark-agent --config FILE`.
FROM node:24-bookworm-slim

# At least the version of the newest PostgreSQL shard: an older pg_dump refuses a newer server.
ARG POSTGRES_CLIENT=18
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install --yes --no-install-recommends postgresql-client-${POSTGRES_CLIENT} \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/tidemark
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY proto ./proto
COPY topology ./topology
COPY repository ./repository
COPY shard-agent ./shard-agent
COPY coordinator ./coordinator
# A new volume takes over the owner of the folder it is mounted on.
RUN ln -s /opt/tidemark/coordinator/tidemark.js /usr/local/bin/tidemark \
 && ln -s /opt/tidemark/shard-agent/tidemark-agent.js /usr/local/bin/tidemark-agent \
 && mkdir -p /srv/tidemark && chown node:node /srv/tidemark

USER node
EXPOSE 7420
CMD ["tidemark", "--help"]
