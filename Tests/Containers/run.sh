#!/usr/bin/env bash
# The test of the containers: `make test-containers`, wherever a container engine is. It needs docker-compose
# or `docker compose`, the docker client, an engine that DOCKER_HOST or /var/run/docker.sock reaches, Python,
# and a built checkout.
#
#   BUILD=no         use the image tradingrobotplug:latest that is there
#   POSTGRES_IMAGE   another PostgreSQL than the published image; Tests/Containers/postgresql makes a stand-in
#   SEED, KILLS      of the random kills; the seed is printed
#   KEEP=1           leave the containers as they are in the end
#
# Without an engine it says what is missing and fails: nothing is tested then.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
    printf 'The containers are not tested: %s\n' "$*" >&2
    exit 1
}

if docker compose version >/dev/null 2>&1; then
    export COMPOSE="docker compose"
elif command -v docker-compose >/dev/null; then
    export COMPOSE=docker-compose
else
    missing "there is neither \`docker compose\` nor docker-compose: apt-get install docker-compose"
fi
engine=${DOCKER_HOST:-/var/run/docker.sock}
for words in "docker ps" "$COMPOSE ps"; do
    $words -q >/dev/null 2>&1 || missing "no container engine answers \`$words\` at $engine"
done
[ -e .build/release/libquoter.so ] || missing "run \`make build\` first: a plugin built outside is needed"
[ "${BUILD:-yes}" = no ] || $COMPOSE build

python=.build/venv/bin/python
if ! "$python" -c 'import zmq, jsonschema' 2>/dev/null; then
    pins=Tests/Scripts/requirements.txt
    python3 -m venv .build/venv >/dev/null 2>&1 || missing "there is no venv: apt-get install python3-venv"
    .build/venv/bin/pip install --quiet --disable-pip-version-check -r "$pins" >/dev/null 2>&1 </dev/null ||
        missing "pyzmq and jsonschema ($pins) could not be installed"
    cp "$pins" .build/venv/installed
fi
exec "$python" -u Tests/Containers/containers.py
