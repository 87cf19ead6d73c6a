#!/usr/bin/env bash
# Tries SQL injection with sqlmap on every parameter: members of bodies and forms, queries, path parameters, and the
# headers that are read. Exits with 1 if sqlmap finds one, or if it does not find the one in vulnerable.mjs.
source "$(dirname "$0")/server.sh"
need sqlmap curl psql
: "${HOSTILE_DATABASE_URL:?is needed: a PostgreSQL server on which databases may be made}"
LEVEL=${HOSTILE_LEVEL:-2}
RISK=${HOSTILE_RISK:-1}
PASSWORD='tangerine-otter-47'

run() { # NAME, with the request in $WORK/NAME
  local found tested
  FROM=$(wc -l <"$LOG")
  timeout 900 sqlmap -r "$WORK/$1" --batch --ignore-stdin --level "$LEVEL" --risk "$RISK" --threads 4 --flush-session \
    --ignore-code=401 --disable-coloring --output-dir "$WORK/sqlmap" --dbms=PostgreSQL >"$WORK/out" 2>&1 || true
  found=$(grep -cE 'is vulnerable|identified the following injection point' "$WORK/out" || true)
  tested=$(grep -oE "parameter '[^']+' does not seem to be injectable" "$WORK/out" | sed -E "s/parameter '([^']+)'.*/\1/" | sort -u | paste -sd, || true)
  echo "$1: found $found; not injectable: ${tested:-none}; answers $(requests)"
  [ "$found" -eq 0 ] || return 1
  [ -n "$tested" ] || { tail -15 "$WORK/out" >&2; return 1; }
}

request() { # NAME METHOD PATH HEADERS BODY
  printf '%s %s HTTP/1.1\r\nHost: %s\r\n%b\r\n%s' "$2" "$3" "${URL#http://}" "$4" "$5" >"$WORK/$1"
}

# The control: the same tool and options with a vulnerable server.
DATABASE_URL=$HOSTILE_DATABASE_URL node "$ROOT/test/hostile/vulnerable.mjs" >"$WORK/control" &
CONTROL=$!
for _ in $(seq 50); do [ -s "$WORK/control" ] && break; sleep 0.1; done
URL=$(cat "$WORK/control")
request vulnerable POST /auth/login 'Content-Type: application/json\r\n' '{"username":"ana"}'
run vulnerable && { echo 'the control was not found: the rest says nothing' >&2; kill "$CONTROL"; exit 1; }
kill "$CONTROL"

start_server RATE_LIMIT=off BCRYPT_COST=4 ACCESS_TOKEN_TTL=1d LOG_LEVEL=info
post /auth/register "{\"username\":\"ana\",\"email\":\"ana@example.com\",\"password\":\"$PASSWORD\"}" -o /dev/null
TOKENS=$(post /auth/login "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}")
ACCESS=$(member access_token <<<"$TOKENS")
# Separate sessions: sqlmap ends one by logout, and another by reusing its refresh token.
REFRESH=$(post /auth/login "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}" | member refresh_token)
post /auth/login "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}" -o /dev/null
SESSION=$(curl -sS "$URL/auth/sessions" -H "Authorization: Bearer $ACCESS" | node -e \
  'process.stdin.toArray().then((c) => console.log(JSON.parse(Buffer.concat(c)).sessions[0].id))')
CLIENT=$(portero clients create --name sqlmap --json)
BASIC="Authorization: Basic $(printf %s "$(member client_id <<<"$CLIENT"):$(member client_secret <<<"$CLIENT")" | base64 -w0)\r\n"
JSON='Content-Type: application/json\r\n'
FORM='Content-Type: application/x-www-form-urlencoded\r\n'
BEARER="Authorization: Bearer $ACCESS\r\n"

request register POST /auth/register "$JSON" '{"username":"bea","email":"bea@example.com","password":"tangerine-otter-48"}'
request login POST /auth/login "$JSON" "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}"
request login-email POST /auth/login "$JSON" "{\"email\":\"ana@example.com\",\"password\":\"wrong\",\"transport\":\"bearer\"}"
# sqlmap skips parameters named token unless they are marked.
request refresh POST /auth/refresh "$JSON" "{\"refresh_token\":\"$REFRESH*\"}"
request logout POST /auth/logout "$JSON" "{\"refresh_token\":\"$REFRESH*\"}"
request password POST /users/me/password "$JSON$BEARER" '{"current_password":"wrong","new_password":"tangerine-otter-49"}'
request delete-me DELETE /users/me "$JSON$BEARER" '{"password":"wrong"}'
request end-session DELETE "/auth/sessions/$SESSION*" "$JSON$BEARER" ''
request keep DELETE '/auth/sessions?keep=other' "$JSON$BEARER" ''
request introspect POST /oauth/introspect "$FORM$BASIC" 'token=x*&token_type_hint=y*'
request revoke POST /oauth/revoke "$FORM$BASIC" 'token=x*&token_type_hint=y*'
request client POST /oauth/revoke "${FORM}Authorization: Basic MDE5ODFmMGU6eA==*\r\n" 'token=x'
request bearer GET /protected 'Authorization: Bearer x*\r\n' ''
request cookie GET /protected 'Cookie: portero=x*\r\n' ''
request agent POST /auth/login "${JSON}User-Agent: agent*\r\nX-Request-Id: id*\r\nX-Forwarded-For: 192.0.2.1*\r\nAccept-Language: en*\r\n" \
  "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}"

FAILED=0
for name in ${HOSTILE_ONLY:-register login login-email refresh logout password delete-me end-session keep introspect revoke client bearer cookie agent}; do
  run "$name" || FAILED=1
done
FROM=0
echo "answers: $(requests)"
echo "errors in the log: $(errors)"
grep -qE '"status":5' "$LOG" && FAILED=1
exit "$FAILED"
