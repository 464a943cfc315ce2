#!/usr/bin/env bash
# Checks that cost seconds and need no build: format, shell scripts, Python.
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
done < <(find .ci Tests/Scripts deploy -type f \( -name '*.sh' -o -path '.ci/*' \) 2>/dev/null | sort)
scripts+=(Tests/Scripts/packages.sh)
shellcheck -x "${scripts[@]}" || failed=1

while IFS= read -r file; do
    # Parsed only: py_compile would leave a __pycache__ behind.
    python3 -c 'import ast, sys; ast.parse(open(sys.argv[1], "rb").read(), sys.argv[1])' "$file" || failed=1
done < <(find Shared Services Tests deploy -name '*.py' -not -path '*/.venv/*' | sort)

[ "$failed" = 0 ] || die "lint found something; \`make format\` mends the Swift formatting."
