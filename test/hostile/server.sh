# Sourced by the other scripts here: starts the built server on a free port, with its own data, deleted at the end.
#
#   start_server [NAME=value …]   sets URL and LOG; creates its database on HOSTILE_DATABASE_URL, else an embedded one
#   start_gateway [--plain …]     sets GATEWAY, the URL of its forms (form-gateway.mjs)
#   stop_server                   stops both
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WORK=$(mktemp -d)
SERVER_PID=''
GATEWAY_PID=''
DATABASE=''
URL=''
LOG=$WORK/server.log
: >"$LOG"
trap 'stop_server; rm -rf "$WORK"' EXIT

need() {
  local tool
  for tool; do
    command -v "$tool" >/dev/null || { echo "$tool is needed (Debian: apt-get install hydra slowhttptest sqlmap wapiti curl postgresql-client)" >&2; exit 2; }
  done
}

start_server() {
  (cd "$ROOT" && node scripts/prepare.cjs)
  SETTINGS=(PORT=0 PUBLIC_URL=http://localhost:3000 LOG_FORMAT=json "DATA_DIR=$WORK/data"
    "PORTERO_SECRET=$(head -c 32 /dev/urandom | base64 | tr +/ -_ | tr -d =)")
  if [ -n "${HOSTILE_DATABASE_URL:-}" ]; then
    DATABASE=portero_hostile_$$_$RANDOM
    psql -qX "$HOSTILE_DATABASE_URL" -c "CREATE DATABASE $DATABASE"
    SETTINGS+=("DATABASE_URL=${HOSTILE_DATABASE_URL%/*}/$DATABASE")
  fi
  rm -rf "$WORK/data"; : >"$LOG"
  (cd "$WORK" && exec env -i PATH="$PATH" HOME="$WORK" "${SETTINGS[@]}" "$@" node "$ROOT/dist/main.js") >"$LOG" 2>&1 &
  SERVER_PID=$!
  local tries
  for tries in $(seq 300); do
    URL=$(grep -oE 'listens on http://[^ "]+' "$LOG" | head -1 | sed 's/listens on //') && [ -n "$URL" ] && return
    kill -0 "$SERVER_PID" 2>/dev/null || { cat "$LOG" >&2; exit 1; }
    sleep 0.1
  done
  echo 'the server did not start' >&2
  exit 1
}

start_gateway() {
  rm -f "$WORK/gateway"
  node "$ROOT/test/hostile/form-gateway.mjs" "$URL" "$@" >"$WORK/gateway" &
  GATEWAY_PID=$!
  local tries
  for tries in $(seq 100); do
    [ -s "$WORK/gateway" ] && break
    sleep 0.1
  done
  GATEWAY=$(cat "$WORK/gateway")
}

stop() { # PID
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

stop_server() {
  stop "$GATEWAY_PID"
  stop "$SERVER_PID"
  GATEWAY_PID=''
  SERVER_PID=''
  if [ -n "$DATABASE" ]; then
    psql -qX "$HOSTILE_DATABASE_URL" -c "DROP DATABASE IF EXISTS $DATABASE WITH (FORCE)"
    DATABASE=''
  fi
}

portero() { # the command, on the database of the server (PostgreSQL)
  (cd "$WORK" && env -i PATH="$PATH" HOME="$WORK" "${SETTINGS[@]}" node "$ROOT/dist/portero.js" "$@")
}

post() { # PATH JSON [curl arguments]
  local path=$1 body=$2
  shift 2
  curl -sS -X POST "$URL$path" -H 'Content-Type: application/json' -d "$body" "$@"
}

member() { # NAME, of JSON on standard input
  node -e 'process.stdin.toArray().then((c) => console.log(JSON.parse(Buffer.concat(c))[process.argv[1]]))' "$1"
}

FROM=0
requests() { # [METHOD [PATH]]: the log's lines of requests to it from line FROM on, by status
  # Uses the log of the server, because the output of the tool shows only what the tool assumes.
  node -e '
    const [log, from, method, path] = process.argv.slice(1);
    const count = {};
    for (const line of require("node:fs").readFileSync(log, "utf8").split("\n").slice(Number(from))) {
      if (!line.startsWith("{")) continue;
      const { msg, method: m, path: p, status } = JSON.parse(line);
      const isIt = (method ?? m) === m && (path ?? p) === p;
      if (msg === "request" && isIt) count[status] = (count[status] ?? 0) + 1;
    }
    console.log(JSON.stringify(count));' "$LOG" "$FROM" "$@"
}

errors() { # how many lines of level error or fatal the log has; the first ones to standard error
  grep -E '"level":"(error|fatal)"' "$LOG" | head -5 >&2 || true
  grep -cE '"level":"(error|fatal)"' "$LOG" || true
}
