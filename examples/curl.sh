#!/bin/sh
# The whole life of a memory, call by call: add, find, correct, trace, forget it, and verify that.
#
#     make up                   # in another terminal
#     sh examples/curl.sh
#
# SCRUBJAY_URL is where it runs (http://127.0.0.1:8000), SCRUBJAY_KEY a key with the role `write` where one is needed.
set -eu

url=${SCRUBJAY_URL:-http://127.0.0.1:8000}
user=curl-$$

# call METHOD PATH [BODY]: prints the answer; a refusal ends the script, with the server's own sentence.
call() {
    answer=$(curl --silent --show-error --fail-with-body --request "$1" "$url$2" \
        --header 'Content-Type: application/json' ${SCRUBJAY_KEY:+--header "Authorization: Bearer $SCRUBJAY_KEY"} \
        ${3:+--data "$3"}) || { echo "$1 $2: $answer" >&2; exit 1; }
    printf '%s\n' "$answer"
}

# field NAME: the first text of that name in the JSON that is read. With jq at hand: jq -r .name
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

echo "1. A turn is posted. The answer comes at once; the turn is on disk, and remembered in the background."
turn=$(call POST /turns '{
  "user_id": "'"$user"'",
  "messages": [
    {"role": "user", "content": "I am building a SaaS product in Laravel, and I live in Lisbon."},
    {"role": "assistant", "content": "Nice! How can I help?"}
  ]}' | field id)
echo "$turn"

echo "2. A search waits for that turn, so that nothing just said is missing, and finds what matters."
found=$(call POST /search '{"user_id": "'"$user"'", "query": "Where does the user live?", "limit": 1,
  "wait_for": "'"$turn"'", "wait_ms": 10000}')
echo "$found"
memory=$(echo "$found" | field id)

echo "3. The turn says what became of it."
call GET "/turns/$turn"

echo "4. A memory is corrected by hand ..."
call PUT "/memories/$memory" '{"text": "Lives in Porto"}'

echo "5. ... and its history keeps what was believed before, when, and from which turn."
call GET "/memories/$memory/history"

echo "6. The user is forgotten: everything, whatever waits or is being worked on. The receipt is signed."
receipt=$(call DELETE "/memories?user_id=$user")
echo "$receipt"

echo "7. Anybody with a key can have the receipt checked, and whether anything of that user is left."
call POST /receipts/verify '{"receipt": '"$receipt"', "user_id": "'"$user"'"}'
