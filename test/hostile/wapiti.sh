#!/usr/bin/env bash
# Lets wapiti crawl and attack the pages of the server and, through form-gateway.mjs, every member, query and path
# parameter of its operations. Exits with 1 if it finds a vulnerability or makes the server fail.
source "$(dirname "$0")/server.sh"
need wapiti curl psql
: "${HOSTILE_DATABASE_URL:?is needed: a PostgreSQL server on which databases may be made}"
PASSWORD='tangerine-otter-47'
MODULES=${HOSTILE_MODULES:-backup,blindsql,crlf,exec,file,methods,permanentxss,redirect,shellshock,sql,xss}

scan() { # TITLE URL MODULES
  local title=$1 url=$2
  timeout 1200 wapiti -u "$url/" --scope domain -m "$3" --flush-session --store-session "$WORK/session" \
    --max-scan-time 15 -S normal --no-bugreport -f json -o "$WORK/report" >"$WORK/out" 2>&1 </dev/null || { tail -20 "$WORK/out" >&2; exit 1; }
  node -e '
    const [title, file] = process.argv.slice(1);
    const { vulnerabilities, anomalies } = JSON.parse(require("node:fs").readFileSync(file, "utf8"));
    // Deliberately not sent: browsers no longer support this header, and it caused vulnerabilities where they did.
    const accepted = ({ info }) => info === "X-XSS-Protection is not set";
    const all = Object.entries({ ...vulnerabilities, ...anomalies }).flatMap(([kind, found]) =>
      found.map((one) => ({ kind, ...one })),
    );
    const faults = all.filter((one) => !accepted(one));
    console.log(`${title}: ${faults.length} found, ${all.length - faults.length} accepted`);
    for (const { kind, method, path, parameter, info } of faults) {
      console.log(`  ${kind}: ${method} ${path} ${parameter ?? ""} ${info}`);
    }
    process.exitCode = faults.length > 0 ? 1 : 0;' "$title" "$WORK/report"
}

FAILED=0
# The control: the same tool with a form of a vulnerable server.
DATABASE_URL=$HOSTILE_DATABASE_URL node "$ROOT/test/hostile/vulnerable.mjs" >"$WORK/control" &
CONTROL=$!
for _ in $(seq 50); do [ -s "$WORK/control" ] && break; sleep 0.1; done
scan 'a server with faults' "$(cat "$WORK/control")" sql,xss && { echo 'the control was not found: the rest says nothing' >&2; kill "$CONTROL"; exit 1; }
kill "$CONTROL"

start_server PUBLIC_URL=https://localhost:3000 RATE_LIMIT=off BCRYPT_COST=4 ACCESS_TOKEN_TTL=1d
post /auth/register "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}" -o /dev/null
scan 'the pages' "$URL" "$MODULES,csp,http_headers,cookieflags" || FAILED=1
start_gateway --user ana --password "$PASSWORD"
scan 'every operation' "$GATEWAY" "$MODULES" || FAILED=1
echo "answers: $(requests)"
echo "errors in the log: $(errors)"
grep -qE '"status":5' "$LOG" && FAILED=1
exit "$FAILED"
