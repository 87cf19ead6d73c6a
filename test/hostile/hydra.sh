#!/usr/bin/env bash
# Guesses passwords with hydra: many for one name, one for many names. Exits with 1 if more passwords are checked than
# the documented limits allow, or if hydra does not find the password of a server without limits.
source "$(dirname "$0")/server.sh"
need hydra curl
WORDS=${HOSTILE_WORDS:-200}
PASSWORD='tangerine-otter-47'

for n in $(seq "$WORDS"); do echo "guess-number-$n"; done >"$WORK/words"
sed -i "$((WORDS * 3 / 4))s/.*/$PASSWORD/" "$WORK/words"
for n in $(seq "$WORDS"); do echo "person$n"; done >"$WORK/names"

attack() { # hydra's arguments
  (cd "$WORK" && timeout 120 hydra -I -t 16 -s "${GATEWAY##*:}" "$@" 127.0.0.1 http-post-form \
    '/post/auth/login:username=^USER^&password=^PASS^:S=access_token' >hydra.out 2>&1) || cat "$WORK/hydra.out" >&2
  grep -cE 'login: ' "$WORK/hydra.out" || true
}

scenario() { # TITLE SETTING hydra's arguments; sets FOUND and CHECKED
  local title=$1 setting=$2 statuses
  shift 2
  start_server BCRYPT_COST=10 "$setting"
  start_gateway --plain
  post /auth/register "{\"username\":\"ana\",\"password\":\"$PASSWORD\"}" -o /dev/null
  FOUND=$(attack "$@")
  statuses=$(requests POST /auth/login)
  CHECKED=$(grep -oE '"(200|401)":[0-9]+' <<<"$statuses" | cut -d: -f2 | paste -sd+ | sed 's/^$/0/' | bc)
  echo "$title: $FOUND found, $CHECKED checked; answers $statuses; $(errors) errors in the log"
  stop_server
}

fail() {
  echo "$1" >&2
  exit 1
}

scenario "RATE_LIMIT=off, one name, $WORDS passwords" RATE_LIMIT=off -l ana -P "$WORK/words"
[ "$FOUND" -eq 1 ] || fail 'the control was not found: the rest says nothing'
scenario "one name, $WORDS passwords" RATE_LIMIT=on -l ana -P "$WORK/words"
[ "$FOUND" -eq 0 ] && [ "$CHECKED" -le 5 ] || fail 'more than 5 of one name were checked'
scenario "$WORDS names, one password" RATE_LIMIT=on -L "$WORK/names" -p "$PASSWORD"
[ "$FOUND" -eq 0 ] && [ "$CHECKED" -le 60 ] || fail 'more than 60 of one address were checked in a minute'
