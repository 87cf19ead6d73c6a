#!/usr/bin/env bash
# Keeps connections open with slow headers, slow bodies and slow reading, and measures how long another client
# waits meanwhile. Exits with 1 if that client gets no response within a second.
source "$(dirname "$0")/server.sh"
need slowhttptest curl
CONNECTIONS=${HOSTILE_CONNECTIONS:-1000}
SECONDS_LONG=${HOSTILE_SECONDS:-40}
ulimit -n 16384 2>/dev/null || true

probe() { # asks until the file is gone; the probe has an address of its own, so that the attacker's limits are not its
  while [ -e "$WORK/under-attack" ]; do
    curl -s --interface 127.0.0.2 --max-time 5 -o /dev/null -w '%{http_code} %{time_total}\n' "$URL/health/live" || true
    sleep 0.1
  done >"$WORK/probe"
}

scenario() { # TITLE PATH slowhttptest's arguments
  local title=$1 path=$2
  shift 2
  touch "$WORK/under-attack"
  probe &
  local prober=$!
  timeout $((SECONDS_LONG + 60)) slowhttptest -c "$CONNECTIONS" -r 200 -l "$SECONDS_LONG" -p 5 -u "$URL$path" "$@" \
    >"$WORK/slow.out" 2>&1 || true
  rm "$WORK/under-attack"
  wait "$prober"
  sed 's/\x1b\[[0-9;]*[A-Za-z]//g' "$WORK/slow.out" | grep -E 'connected|exit status|service available' | tail -3 | tr -s ' \n' ' '
  echo
  node -e '
    const [title, file] = process.argv.slice(1);
    const probes = require("node:fs").readFileSync(file, "utf8").trim().split("\n").map((line) => line.split(" "));
    const times = probes.map(([, time]) => time * 1000).sort((a, b) => a - b);
    const at = (share) => times[Math.floor((times.length - 1) * share)].toFixed(1);
    const failed = probes.filter(([code]) => code !== "200").length;
    console.log(`${title}: /health/live asked ${times.length} times, ${failed} failed; ms: median ${at(0.5)}, 99 % ${at(0.99)}, slowest ${at(1)}`);
    process.exit(failed > 0 || times.at(-1) > 1000 ? 1 : 0);' "$title" "$WORK/probe" || FAILED=1
}

FAILED=0
for most in 10000 $((CONNECTIONS / 2)); do
  start_server "MAX_CONNECTIONS=$most"
  echo "MAX_CONNECTIONS=$most, $CONNECTIONS slow connections:"
  scenario 'slow headers' /health/live -H -i 3 -x 24
  scenario 'slow bodies' /auth/login -B -i 3 -s 8192 -x 10 -t POST -f application/json
  scenario 'slow reading' /openapi.json -X -k 3 -w 64 -y 128 -n 5 -z 32
  kill -0 "$SERVER_PID" || FAILED=1
  echo "errors in the log: $(errors)"
  stop_server
done
exit "$FAILED"
