#!/bin/sh
# A client for rnnd, the daemon that keeps recurrent language models in memory. POSIX sh and awk, and one of socat,
# OpenBSD's nc or python3 to reach the socket (RNND_TRANSPORT=socat|nc|python3 picks one).
#
#   rnnd.sh train-step "the man bites the dog"
#   rnnd.sh next-word "the man bites the " --limit 3
#   rnnd.sh -f word next-word "the man bites the "        # only the words, one a line
#   rnnd.sh create-model --name story --architecture gru --hidden-size 256
#   echo "the man bites the dog" | rnnd.sh score -
#   rnnd.sh send < requests.jsonl                         # whole JSON-RPC lines, as they are
#
# It can be sourced too: with RNND_SOURCED=1, `rnnd_call METHOD PARAMS` prints a result and `rnnd_quote` makes a JSON
# string of its standard input.

rnnd_usage() {
  cat <<'USAGE'
usage: rnnd.sh [-s SOCKET] [-f FIELD] CALL [TEXT] [--NAME VALUE]...
       rnnd.sh [-s SOCKET] send < LINES

TEXT is the parameter `text`; `-` reads it from standard input (less final line ends, as $(...) does). A VALUE that looks like JSON (a number, true, false,
null, or beginning with a quote, [ or {) is sent as it is, any other as a string. The result is printed as JSON;
-f FIELD prints only the values of that name, one a line. Progress reports (--progress true) go to standard error.
Exit status: 0, 64 usage, 69 no daemon, others as `rnnd help exit-codes` lists them.
USAGE
}

rnnd_fail() { # STATUS MESSAGE [HINT]
  printf 'rnnd.sh: %s\n' "$2" >&2
  [ -z "${3-}" ] || printf '  %s\n' "$3" >&2
  return "$1"
}

# Standard input as a JSON string, any bytes: od names each byte, awk looks up how JSON writes it.
rnnd_quote() {
  od -An -v -tx1 | LC_ALL=C awk '
    BEGIN {
      for (i = 0; i < 256; i++) json[sprintf("%02x", i)] = i < 32 ? sprintf("\\u%04x", i) : sprintf("%c", i)
      json["22"] = "\\\""; json["5c"] = "\\\\"; json["0a"] = "\\n"; json["09"] = "\\t"
      printf "\""
    }
    { for (i = 1; i <= NF; i++) printf "%s", json[$i] }
    END { printf "\"" }'
}

# A command line value as JSON: as it stands when it looks like JSON, else as a string.
rnnd_value() {
  case $1 in
    true | false | null | '"'* | '['* | '{'*) printf '%s' "$1" ;;
    *)
      if printf '%s' "$1" | awk 'NR > 1 || !/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ { exit 1 }
                                 END { if (NR == 0) exit 1 }'
      then printf '%s' "$1"
      else printf '%s' "$1" | rnnd_quote
      fi ;;
  esac
}

# hidden-size as "hiddenSize"
rnnd_name() {
  printf '%s\n' "$1" | awk -F '[-_]' '{ n = $1; for (i = 2; i <= NF; i++) n = n toupper(substr($i, 1, 1)) substr($i, 2)
                                       printf "%s", n }' | rnnd_quote
}

# The values of the members called FIELD in the JSON on standard input, one a line, strings unescaped.
rnnd_field() {
  LC_ALL=C awk -v "field=$1" '
    function hex(digits,   i, n) {
      for (i = 1; i <= 4; i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
      return n
    }
    function utf8(n) {
      if (n < 128) return sprintf("%c", n)
      if (n < 2048) return sprintf("%c%c", 192 + int(n / 64), 128 + n % 64)
      if (n < 65536) return sprintf("%c%c%c", 224 + int(n / 4096), 128 + int(n / 64) % 64, 128 + n % 64)
      return sprintf("%c%c%c%c", 240 + int(n / 262144), 128 + int(n / 4096) % 64, 128 + int(n / 64) % 64, 128 + n % 64)
    }
    function unescape(s,   out, at, c, n) {
      while (at = index(s, "\\")) {
        out = out substr(s, 1, at - 1); c = substr(s, at + 1, 1)
        if (c == "u") {
          n = hex(substr(s, at + 2, 4)); s = substr(s, at + 6)
          if (n >= 55296 && n < 56320) { n = 65536 + (n - 55296) * 1024 + hex(substr(s, 3, 4)) - 56320; s = substr(s, 7) }
          out = out utf8(n)
        } else {
          out = out (c == "n" ? "\n" : c == "t" ? "\t" : c == "r" ? "\r" : c == "b" ? "\b" : c == "f" ? "\f" : c)
          s = substr(s, at + 2)
        }
      }
      return out s
    }
    {
      # Inside a string every quote has a backslash before it, so this key can only be a key.
      key = "\"" field "\":"
      while (at = index($0, key)) {
        $0 = substr($0, at + length(key))
        if (match($0, /^"([^"\\]|\\.)*"/)) print unescape(substr($0, 2, RLENGTH - 2))
        else if (match($0, /^[-+.0-9a-zA-Z]+/)) print substr($0, 1, RLENGTH)
      }
    }'
}

# Where the daemon listens, by the rules of `rnnd socket`.
rnnd_socket() {
  if [ -n "${RNND_SOCKET-}" ]; then
    printf '%s\n' "$RNND_SOCKET"
    return
  fi
  user=/run/user/$(id -u)
  case ${XDG_RUNTIME_DIR-} in
    /*) directory=$XDG_RUNTIME_DIR ;;
    *)
      directory=$user
      if [ ! -d "$user" ] || [ ! -w "$user" ]; then
        case ${XDG_STATE_HOME-} in /*) state=$XDG_STATE_HOME ;; *) state=$HOME/.local/state ;; esac
        printf '%s\n' "$state/rnnd/run/rnnd.sock"
        return
      fi ;;
  esac
  printf '%s\n' "$directory/rnnd/rnnd.sock"
}

# Whether a socket belongs to this user, root or $RNND_DAEMON_USER, in a directory of theirs that nobody else may write
# to (or only as to /tmp, where nobody can remove what is another's).
rnnd_trusts() {
  set -- "$1" "$(dirname "$1")" "$(id -u)" "${RNND_DAEMON_USER:-0}"
  [ -n "$(find "$1" -prune \( -user "$3" -o -user 0 -o -user "$4" \) 2>/dev/null)" ] &&
    [ -n "$(find -H "$2" -prune \( -user "$3" -o -user 0 -o -user "$4" \) \( ! -perm -o+w -o -perm -1000 \) 2>/dev/null)" ]
}

# Finds the daemon's socket, or says why nothing can be sent.
rnnd_find() {
  socket=$(rnnd_socket)
  [ -S "$socket" ] || { rnnd_fail 69 "rnnd is not running" "start it with: rnnd start"; return; }
  rnnd_trusts "$socket" || {
    rnnd_fail 77 "$socket belongs to another user, or others could put their own in its place; nothing was sent"
    return
  }
}

# Sends the lines on standard input, prints the lines that come back until everything is answered.
rnnd_send() {
  rnnd_find || return
  transport=${RNND_TRANSPORT-}
  if [ -z "$transport" ]; then
    if command -v socat >/dev/null; then transport=socat
    elif nc -h 2>&1 | grep -q 'Shutdown the network socket after EOF'; then transport=nc
    else transport=python3
    fi
  fi
  case $transport in
    socat) socat -t 86400 - "UNIX-CONNECT:$(printf '%s' "$socket" | sed 's/[][\\:,!"'"'"'(){}]/\\&/g')" 2>/dev/null ;;
    nc) nc -N -U "$socket" 2>/dev/null ;;
    python3) python3 -c "$rnnd_python" "$socket" 2>/dev/null ;;
    *) rnnd_fail 64 "RNND_TRANSPORT is '$transport'" "expected socat, nc or python3"; return ;;
  esac || rnnd_fail 69 "rnnd does not answer at $socket" "start it with: rnnd start"
}

rnnd_python='
import shutil, socket, sys, threading
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
def send():
    shutil.copyfileobj(sys.stdin.buffer, connection.makefile("wb", buffering=0))
    connection.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
for line in connection.makefile("rb"):
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
'

# rnnd_call METHOD PARAMS prints the result; an error goes to standard error and into the status.
rnnd_call() {
  rnnd_find || return
  method=$(printf '%s' "$1" | rnnd_quote)
  printf '{"jsonrpc":"2.0","id":1,"method":%s,"params":%s}\n' "$method" "$2" | rnnd_send | {
    answered=false
    while IFS= read -r line; do
      case $line in
        '{"jsonrpc":"2.0","id":1,"result":'*)
          answered=true status=0
          line=${line#*'"result":'}
          printf '%s\n' "${line%\}}" ;;
        '{"jsonrpc":"2.0","id":'*'"error":{'*)
          answered=true
          rnnd_status "$(printf '%s\n' "$line" | rnnd_field code | head -n 1)"
          rnnd_fail "$status" "$(printf '%s\n' "$line" | rnnd_field message)" "$(printf '%s\n' "$line" | rnnd_field hint)" ;;
        *) printf '%s\n' "$line" >&2 ;;
      esac
    done
    $answered || return 69
    return "$status"
  }
}

# The exit status for an error code of the protocol.
rnnd_status() {
  case $1 in
    -32600 | -32601 | -32602) status=64 ;;
    -32700 | -32012 | -32013 | -32015 | -32016) status=65 ;;
    -32010) status=66 ;;
    -32021) status=69 ;;
    -32603) status=70 ;;
    -32011) status=73 ;;
    -32014) status=74 ;;
    -32018) status=77 ;;
    -32017 | -32020) status=75 ;;
    -32800) status=130 ;;
    *) status=1 ;;
  esac
}

rnnd_main() {
  field='' method='' params=''
  while [ $# -gt 0 ]; do
    case $1 in
      -h | --help | help) rnnd_usage; return ;;
      -s | -f) [ $# -ge 2 ] || { rnnd_usage >&2; return 64; }
        if [ "$1" = -s ]; then RNND_SOCKET=$2; else field=$2; fi
        shift 2 ;;
      --socket) RNND_SOCKET=${2-}; shift; [ $# -eq 0 ] || shift ;;
      --?*)
        [ $# -ge 2 ] || { rnnd_fail 64 "$1 needs a value"; return; }
        params=$params,$(rnnd_name "${1#--}"):$(rnnd_value "$2")
        shift 2 ;;
      *)
        if [ -z "$method" ]; then method=$1
        elif [ "$1" = - ]; then params=$params,\"text\":$(printf '%s' "$(cat)" | rnnd_quote)
        else params=$params,\"text\":$(printf '%s' "$1" | rnnd_quote)
        fi
        shift ;;
    esac
  done
  case $method in
    '') rnnd_usage >&2; return 64 ;;
    send) rnnd_send ;;
    *)
      if [ -z "$field" ]; then rnnd_call "$method" "{${params#,}}"
      else result=$(rnnd_call "$method" "{${params#,}}") && printf '%s\n' "$result" | rnnd_field "$field"
      fi ;;
  esac
}

[ -n "${RNND_SOURCED-}" ] || rnnd_main "$@"
