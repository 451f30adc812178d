#!/usr/bin/env bash
# Serves for an hour at half load and says whether memory stays flat; then kills the server, starts it again and looks for every acknowledged event.
# The settings are in scripts/soak/main.go; as in SOAK_SECONDS=90 SOAK_RATE=100 scripts/soak.sh
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./scripts/soak "$@"
