#!/usr/bin/env bash
# Installs what is missing on this machine, and nothing else: silent when all is there. Asks no question.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=Tests/Scripts/packages.sh
. Tests/Scripts/packages.sh

need_swift
need_build_packages
