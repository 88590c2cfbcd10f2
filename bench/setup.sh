#!/usr/bin/env bash
# Installs the peers of the comparison under BENCH_DIR, each at its newest version. Needs python3-venv, nodejs (20 or newer) and npm.
set -euo pipefail
cd "$(mkdir -p "${BENCH_DIR:=${TMPDIR:-/tmp}/sparekey-bench}" && echo "$BENCH_DIR")"
unset PYTHONDONTWRITEBYTECODE
python_peer() { # name, packages
  local venv=v-$1; shift
  [ -d "$venv" ] || python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --upgrade "$@"
}
node_peer() { # folder, packages
  mkdir -p "$1"
  (cd "$1" && shift && { [ -f package.json ] || npm init -y > /dev/null; } && npm install --no-audit --no-fund "$@")
}
python_peer allauth 'django-allauth[headless]' granian 'psycopg[binary,pool]' argon2-cffi
python_peer fastapiusers 'fastapi-users[sqlalchemy]' 'uvicorn[standard]' asyncpg aiosqlite
node_peer betterauth better-auth better-sqlite3 pg @node-rs/argon2
node_peer oidcp oidc-provider pg
echo "the peers are in $BENCH_DIR"
