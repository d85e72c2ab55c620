#!/bin/sh
# A whole firewall in POSIX sh: curl speaks, openssl signs (Ed25519) and hashes, jq reads and writes JSON. docs/protocol.md
# explains each step; zstd, where it is there, saves most of the bytes. Whatever goes wrong, what is installed stays.
#
#   firewall.sh activate CODE SERIAL MODEL   take a seat with an auth code; the same again is harmless
#   firewall.sh update                       install everything that is offered
#   firewall.sh run                          update for ever: when a pulse tells news, else as often as the service asks for
# PARAPET_URL is the service (http://127.0.0.1:8787), FIREWALL_HOME the folder of key, state and packages (./firewall),
# FIREWALL_ENGINE this machine's software version, FIREWALL_LOAD a command that loads a package (product, version, file)
# FIREWALL_HEALTH one that prints how this machine does: {"cpu": 12, "drops": 0} (docs/protocol.md); FIREWALL_LOAD loads it
# without the rules that the publisher has disabled: those in disabled-rules/PRODUCT, one in each line.
set -eu && umask 077 && export LC_ALL=C CDPATH=
server=${PARAPET_URL:-http://127.0.0.1:8787} self=$(cd "$(dirname "$0")" && pwd)/${0##*/} heard='' news=0 hashed='' # of pulses, of tokens
mkdir -p "${FIREWALL_HOME:-./firewall}/downloads" "${FIREWALL_HOME:-./firewall}/failed" "${FIREWALL_HOME:-./firewall}/bad" "${FIREWALL_HOME:-./firewall}/permits"; cd "${FIREWALL_HOME:-./firewall}"
free_kib() { df -Pk . | awk 'END { print $4 }'; }
[ "$(free_kib)" -ge 256 ] || find downloads -type f -exec rm {} + # parts give way where not even a small file has room
find tmp.* -prune -mtime +0 -exec rm -r {} + 2>/dev/null || : # of runs that were killed
tmp=$(mktemp -d ./tmp.XXXXXX)
trap 'rm -rf "$tmp"' EXIT && trap 'exit 1' HUP INT TERM

say() { echo "firewall: $*" >&2; }
die() { say "$@"; exit 1; }
base64url() { openssl base64 -A | sed 'y,+/,-_,; s/=*$//'; }
size_of() { if [ -f "$1" ]; then echo "$(($(wc -c <"$1")))"; else echo 0; fi; }
digest_of() { digested=$(openssl dgst -sha256 -r "$1") && echo "${digested%% *}"; }
state() { cat "$1" 2>/dev/null || echo "$2"; }
json() { jq -ces '.[0] | objects, arrays' "$1" 2>/dev/null || echo "$2"; } # a power failure can leave a file empty, or of zeros
save() { cat >"$tmp/save" && mv "$tmp/save" "$1"; } # a crash leaves the old file or the new one

# sign: makes of $jws, header and claims as they are sent, a compact JWS (RFC 7515) by this firewall's key
sent='map(tojson | @base64 | split("=")[0] | split("+") | join("-") | split("/") | join("_")) | join(".")'
sign() {
	printf %s "$jws" >"$tmp/signed"; openssl pkeyutl -sign -rawin -inkey key.pem -in "$tmp/signed" -out "$tmp/signature"
	jws=$jws.$(base64url <"$tmp/signature")
}

# prove CREDENTIAL METHOD URL: a DPoP proof (RFC 9449) for one request, which names the credential by its hash, in $jws
prove() {
	[ "$1" = "$hashed" ] || { ath=$(printf %s "$1" | openssl dgst -sha256 -binary | base64url) && hashed=$1; }
	jws=$(jq -nr --slurpfile jwk key.jwk --arg htm "$2" --arg htu "${3%%\?*}" --arg ath "${1:+$ath}" --arg jti "$(openssl rand -hex 16)" --argjson iat "$(date +%s)" \
		'[{typ: "dpop+jwt", alg: "Ed25519", jwk: $jwk[0]}, ({jti: $jti, htm: $htm, htu: $htu, iat: $iat, ath: $ath} | del(.[] | select(. == "")))] | '"$sent"); sign
}

# request CREDENTIAL METHOD PATH [curl options]: sends it, again where that can help, each time with a proof of its own. Sets
# $status, 000 = no answer; the answer is in $tmp. Credentials go by a file, because ps shows arguments.
request() {
	credential=$1 method=$2 url=$server$3 attempt=1; shift 3
	while :; do
		prove "$credential" "$method" "$url"
		printf 'DPoP: %s\n%s\n' "$jws" "${credential:+Authorization: DPoP $credential}" >"$tmp/request"
		: >"$tmp/headers"; : >"$tmp/body"
		status=$(curl -qsS --connect-timeout 10 --max-time 60 -X "$method" -H @"$tmp/request" -D "$tmp/headers" \
			-o "$tmp/body" -w '%{http_code}/%{content_type}' "$@" "$url") || status=000
		case $status in 200/application/json* | 20[1-9]/application/json* | 304/* | [45]??/*) status=${status%%/*} ;; *) status=000 ;; esac # a login page
		case $status in 000 | 429 | 5??) [ "$attempt" -lt 5 ] || return 0 ;; *) return 0 ;; esac
		wait_before_retry
	done
}
header_of() { # NAMES [FILE]: of fields, with commas between; in the last answer, not in those that proxies gave before it
	[ ! -f "${2:-$tmp/headers}" ] || awk -v names="$1" 'BEGIN { count = split(names, name, ",") } { sub(/\r$/, "") } /^HTTP\// { split("", value) }
		{ field = tolower($1); sub(/^[^ ]* */, ""); value[field] = $0 } END { for (i = 1; i <= count; i++) printf "%s%s", value[name[i] ":"], i < count ? "," : "\n" }' "${2:-$tmp/headers}"
}
wait_before_retry() { # as long as the service asks for, else 1, 2, 4, 8 seconds
	seconds=$(header_of retry-after)
	case $seconds in '' | *[!0-9]*) seconds=$((1 << (attempt - 1))) ;; esac
	[ "$seconds" -le 3600 ] || seconds=3600 # the service never asks for more; what is on the way may
	say "status $status, again in $seconds s"; sleep "$seconds"
	attempt=$((attempt + 1))
}
# expect STATUSES WHAT: or says why the service refuses: by a problem document (RFC 9457), under /oauth2/ as OAuth does
expect() {
	case " $1 " in *" $status "*) return 0 ;; esac
	die "$2: status $status $(jq -r '"\(.code // .error): \(.detail // .title // .error_description)"' "$tmp/body" || :)"
}

activate() { # CODE SERIAL MODEL
	if [ -s device.json ]; then say "activated already, as $(jq -r .client_id device.json)" && return 0; fi
	# Saved before the code is sent: should the answer be lost, the same key with the same code is the same device.
	[ -s key.pem ] || openssl genpkey -algorithm ed25519 | save key.pem
	# The last 32 bytes of its DER form are the public key itself (RFC 8410, RFC 8037).
	openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | base64url | jq -Rc '{kty: "OKP", crv: "Ed25519", x: .}' | save key.jwk
	request '' GET /.well-known/oauth-authorization-server; expect 200 'cannot find the service'
	[ "$(jq -r .issuer "$tmp/body")" = "$server" ] || die "PARAPET_URL must be the issuer, $(jq -r .issuer "$tmp/body")"
	jq -n --slurpfile jwk key.jwk --arg serial "$2" --arg model "$3" '{jwks: {keys: $jwk}, device_serial: $serial,
		device_model: $model, token_endpoint_auth_method: "private_key_jwt", grant_types: ["client_credentials"],
		dpop_bound_access_tokens: true}' >"$tmp/json"
	request "$1" POST /oauth2/register -H 'Content-Type: application/json' --data-binary @"$tmp/json"; expect '200 201' 'not activated'
	save device.json <"$tmp/body"; say "activated as $(jq -r .client_id device.json)"
}

get_token() { # kept until shortly before its end; where its file or the products' is damaged, both are had again
	now=$(date +%s)
	token=$(jq -r --argjson now "$now" --slurpfile products products.json 'objects | select(($products[0] | type) == "array" and .ends > $now + 30) | .token' token.json 2>/dev/null) || token=
	if [ -z "$token" ]; then
		jws=$(jq -r --arg aud "$server" --arg jti "$(openssl rand -hex 16)" --argjson now "$now" '.client_id as $id
			| [{alg: "Ed25519"}, {iss: $id, sub: $id, aud: $aud, jti: $jti, iat: $now, exp: ($now + 60)}] | '"$sent" device.json); sign
		printf %s "$jws" >"$tmp/assertion"
		request '' POST /oauth2/token -d grant_type=client_credentials --data-urlencode client_assertion@"$tmp/assertion" \
			-d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
			-d lineage="$(json token.json '{}' | jq -r '.lineage // ""')" # by which copies of a firewall are told apart
		expect 200 'no token'
		jq --argjson now "$now" '{token: .access_token, ends: ($now + .expires_in), lineage}' "$tmp/body" | save token.json
		# A check that names some products is answered for these alone, so it must name every product of the license.
		token=$(jq -r .token token.json); request "$token" GET /v1/entitlements; expect 200 'no entitlements'
		jq '[.products[].product]' "$tmp/body" | save products.json
	fi
}

# call METHOD PATH [curl options]: a request with the token, once more with a new one where the service refuses it
call() {
	for _ in first second; do
		get_token; request "$token" "$@"
		[ "$status" = 401 ] || return 0
		rm token.json
	done
}
post() { call POST "$1" -H 'Content-Type: application/json' --data-binary @"$tmp/json"; }

# sound: sets $lost, what is missing or damaged of $tmp/have, which is installed. Sizes each time; digests daily, and when `run` starts
sound() {
	lately=$(find verified -mtime -1 2>/dev/null) || lately=''
	lost=''; jq -r 'to_entries[] | "\(.key) \(.value.size) \(.value.sha256) \(.value.file)"' "$tmp/have" >"$tmp/installed"
	while read -r product size sha256 file; do
		[ "$(size_of "$file")" = "$size" ] && { [ -n "$lately" ] || [ "$(digest_of "$file")" = "$sha256" ]; } && continue
		say "$product is damaged: $file" && lost="$lost $product"
	done <"$tmp/installed"
	[ -n "$lately$lost" ] || : >verified
}

# open_permits ==|!=: sets $open to "product@version" of those whose outcome is not written down yet, where that version is in $tmp/have, or is not
open_permits() {
	open=''; for permit in permits/*.json; do
		[ -f "$permit" ] || continue; name=${permit#permits/}; told=$(jq -rs --arg of "${name%.json}" --slurpfile have "$tmp/have" \
			'.[0] | objects | select(.version and .version '"$1"' $have[0][$of].version) | "\($of)@\(.version)"' "$permit" 2>/dev/null) || continue
		[ -z "$told" ] || open="${open:+$open }$told"
	done
}

check() { # what to run is in check.json: the answer, or with 304 still the one from before
	get_token; json installed.json '{}' >"$tmp/have"; sound; open_permits '!='; etag=
	query=$(jq -nr --slurpfile have "$tmp/have" --slurpfile products products.json --arg lost "$lost" --arg engine "${FIREWALL_ENGINE:-}" --arg permits "$open" --arg failed "$(find failed -type f -mtime -1 -exec grep . /dev/null {} +)" \
		'$have[0] as $installed | ($lost | split(" ") - [""]) as $damaged | $products[0] + ($installed | keys) | unique | map(. + if $installed[.] then "@" + $installed[.].version else "" end)
		| join(",") | @uri "installed=\(.)" + ([$installed | to_entries[] | select(.value.at) | "\(.key)@\(.value.version)@\(.value.at)"] | if . == [] then "" else @uri "&installed_at=\(join(","))" end) + if $engine == "" then "" else @uri "&engine=\($engine)" end
		+ if $permits == "" then "" else @uri "&permitted=\($permits | gsub(" "; ","))" end + if $failed == "" then "" else @uri "&failed=\($failed | gsub("failed/"; "") | gsub(":"; "@") | gsub("\n"; ","))" end + if $damaged == [] then "" else @uri "&damaged=\($damaged | join(","))" end')
	[ "$(state check.query '')" != "$query" ] || [ "$(json check.json null)" = null ] || etag=$(state check.etag '')
	date +%s >checked; call GET "/v1/check?$query" ${etag:+-H "If-None-Match: $etag"}; expect '200 304' 'cannot check'
	[ "$status" = 200 ] || return 0
	rm -f check.etag; save check.json <"$tmp/body"
	echo "$query" | save check.query; header_of etag | save check.etag
}

# room PRODUCT: for the package that is offered. Parts can be had again, so they give way: first those of others, then its own
room() {
	product=$1; jq -r --arg of "$1" '.products[] | select(.product == $of) | .offer | "\(.sha256) \(.size) \(.version) \(.name)"' check.json >"$tmp/offer"
	read -r sha256 size version name <"$tmp/offer"
	case "$product/$version/$name$sha256$size" in */*/*/* | *..* | *[!A-Za-z0-9._+/-]*) die "unusable: $product $version $name" ;; esac
	part=downloads/$sha256.part file=packages/$product/$version/$name
	# A run that was cut short may have left the package in its place, without a word of it in installed.json.
	[ ! -f "$file" ] || [ "$(installed file)" = "$file" ] || mv "$file" "$part"
	need=$(((size - $(size_of "$part")) / 1024 + 256))
	[ "$(free_kib)" -ge "$need" ] || find downloads -type f ! -path "$part" ! -path "$part.head" -exec rm {} +
	[ "$(free_kib)" -ge "$need" ] || { rm -f "$part"; no_room; }
}
no_room() { die "$product $version: no room: $((size / 1024 + 256)) KiB are needed in $PWD, $(free_kib) are free"; }

permitted() { jq -r ".$1" "permits/$product.json"; }
installed() { jq -rs --arg of "$product" ".[0] | objects | .[\$of] | objects | .$1" installed.json 2>/dev/null || :; } # FIELD of what is in use
is_fresh() { age=$(($(date +%s) - asked)); [ "$age" -ge 0 ] && [ "$age" -le 30 ]; } # below 0 the clock was set back: nobody knows
direct() { # what a permit would say, where the offer says it itself and the check is from just now
	asked=$(state checked 0); is_fresh && jq -e --arg of "$product" '.products[] | select(.product == $of) | .offer | select(.download) | .download + {permit: .capability}' check.json >"$tmp/direct" &&
		rm -f check.etag && save "permits/$product.json" <"$tmp/direct"
}
permit() { # the lease to install what room has read of, with a URL that lives for minutes
	rm -f check.etag; asked=$(date +%s) # the next check is answered in full, and says that there may be a permit, should the answer get lost
	[ "$(permitted version 2>/dev/null)" = "$version" ] || jq -n --arg version "$version" '$ARGS.named' | save "permits/$product.json"
	jq --arg of "$product" --arg has "$(json installed.json '{}' | jq -r 'to_entries | map("\(.key)@\(.value.version)") | join(",")')" '.products[] | select(.product == $of) | .offer | {offer: .capability} + if .after and $has != "" then {installed: $has} else {} end' check.json >"$tmp/json"; post /v1/permits # what had to come before it is there by now
	if [ "$status" = 409 ] && why=$(jq -er 'select(.code == "exposure_limited" or .code == "prerequisite_missing" or .code == "too_large_for_device") | .rollout_code // .code' "$tmp/body"); then # no failure: it comes later, or not at all if it turns out bad
		case $why in step_full | failed_before | prerequisite_missing | too_large_for_device) rm -f "permits/$product.json" ;; esac # it has none
		header_of retry-after | grep -x '[1-9][0-9]\{0,5\}' >later || echo 300 >later
		case $(state check.query '') in *'&damaged='*"$product"*) echo "$version" | save "failed/$product"; echo 1 >later ;; esac # better something else than nothing
		say "$product $version has not come to this firewall yet ($why); what is installed stays" && exit 0
	fi
	expect 201 "no permit for $product"; save "permits/$product.json" <"$tmp/body"
	[ "$(permitted '| "\(.product) \(.version) \(.sha256)"')" = "$product $version $sha256" ] || die "the permit is not for $product $version"
}

fits() { # whether the last answer is $bytes bytes with the digest $sum, from $had on: not a login page, nor packed by a proxy
	case "$status,$(header_of content-encoding,content-length,etag,content-range)" in
		"200,,$bytes,"* | "200,,,\"$sum\","* | 206,,*"$etag,bytes $had-"*/"$bytes" | 206,,*,,"bytes $had-"*/"$bytes") ;;
		*) say "status $status, but not the package: a login page or a proxy on the way gave it"; return 1 ;;
	esac
}
# download FILE SHA256 SIZE LINK: from where the permit's LINK leads, into a file with which a download that broke off goes on; the
# answer's head beside it has its ETag. Sets $resumed, and $gave_up where it has to be gone on with later
download() {
	into=$1 sum=$2 bytes=$3 link=$4 attempt=1 renewed='' gave_up=''; resumed=$(size_of "$1")
	while had=$(size_of "$into") && [ "$had" -lt "$bytes" ]; do
		address=$(permitted "$link // empty"); [ -n "$address" ] || { gave_up=1 && return 0; } # another permit, without this delta
		etag=$(header_of etag "$into.head" | grep -x '"[!#-~]*"') || etag="\"$sum\"" # a weak one does not count
		rm -f "$tmp/headers"; head=$into.head; [ "$had" = 0 ] || head=$tmp/headers
		status=$(curl -qsSf --connect-timeout 10 --speed-limit 1 --speed-time 30 --max-time 3600 --max-filesize "$bytes" -C - -H 'Accept-Encoding: identity' -H "If-Range: $etag" -D "$head" -o "$into" -w '%{http_code}' "$address") && ended=0 || ended=$?
		cp "$head" "$tmp/headers" 2>/dev/null || :; [ -s "$into" ] || rm -f "$into.head" # not copied: it is there, or no answer came
		if [ "$status" = 403 ]; then # the URL has run out; one that is new is not turned down for that
			[ -z "$renewed" ] || { gave_up=1 && return 0; }
			renewed=1 tried=$attempt; permit; attempt=$((tried + 1)) && continue
		fi
		renewed=''
		case $ended,$status in
			23,*) rm -f "$into"; [ "$link" != url ] || no_room; gave_up=1 && return 0 ;; # curl could not write
			33,206 | *,416) begin_anew ;; # another range, or none
			33,*) ! fits || { begin_anew && continue; } ;; # curl has written nothing: the whole instead of the rest
			*,[123]??) if ! fits; then begin_anew; elif [ "$ended" = 0 ]; then [ "$(size_of "$into")" = "$had" ] || continue; begin_anew; fi ;;
		esac
		[ "$attempt" -lt 5 ] || { gave_up=1 && return 0; }
		wait_before_retry
	done
}
begin_anew() { rm -f "$into" "$into.head"; resumed=0; }

# by_delta: the package from what is installed, where the permit names a delta and zstd is there. Whatever is wrong, the whole is
# fetched instead, and $missed says why
by_delta() {
	missed=''; command -v zstd >/dev/null || return 0
	jq -r '.delta | objects | "\(.sha256) \(.size) \(.from_sha256)"' "permits/$product.json" >"$tmp/delta"
	while read -r digest length from; do
		base=$(installed file); case $digest$length in *[!0-9a-f]*) die "unusable: a delta of $product" ;; esac
		[ "$((size - $(size_of "$part")))" -gt "$length" ] || return 0 # less is left of the whole
		[ "$from" = null ] || [ "$(digest_of "$base" 2>/dev/null)" = "$from" ] || { missed=delta_wrong_base && return 0; }
		download "$part.delta" "$digest" "$length" delta.url </dev/null # no subshell: a permit that is refused ends all
		if [ -n "$gave_up" ]; then missed=delta_refused
		elif [ "$(digest_of "$part.delta")" != "$digest" ]; then missed=delta_digest_mismatch
		else # no more than was promised, whatever it is
			if [ "$from" = null ]; then zstd -qdc "$part.delta"; else zstd -qdc --patch-from="$base" "$part.delta"; fi 2>/dev/null |
				head -c "$((size + 1))" >"$part.made" || :
			if [ "$(digest_of "$part.made")" = "$sha256" ]; then mv "$part.made" "$part"; else missed=delta_digest_mismatch; fi
		fi
		[ -z "$missed" ] || say "$product $version: $missed, the whole is fetched"
		rm -f "$part.delta" "$part.delta.head" "$part.made"
	done <"$tmp/delta"
}

health() { [ -n "${FIREWALL_HEALTH:-}" ] && $FIREWALL_HEALTH | jq -ce objects || echo null; } 2>/dev/null # what this machine does not know is not said
report() { # OUTCOME [DETAIL [BEFORE AFTER]]: written down first, and kept until the service has taken it
	jq -c --arg outcome "$1" --arg detail "${2:-}" --argjson before "${3:-null}" --argjson after "${4:-null}" \
		'{permit, outcome: $outcome, detail: $detail, health: (if $before and $after then {before: $before, after: $after} else "" end)}
		| del(.[] | select(. == ""))' "permits/$product.json" >>reports
	mv "permits/$product.json" permit.json # the last one that is over
}
send_reports() {
	while [ -s reports ]; do
		head -n 1 reports >"$tmp/json"; post /v1/reports
		case $status in 000 | 401 | 429 | 5??) say 'a report waits' && return 0 ;; esac
		sed 1d reports | save reports # taken, or refused for good
	done
}

put_off() { grep -qsx "$sha256" "bad/$product" || rm -f "bad/$product"; echo "$sha256" >>"bad/$product"; } # for ten minutes, then twice as long each time, up to a day
is_put_off() { times=$(grep -csx "$sha256" "bad/$product") && minutes=$((times > 8 ? 1440 : 5 << times)) && find "bad/$product" -mmin "-$minutes" ! -newer "$tmp" | grep -q . && echo "$((minutes * 60))" >later; }
take() { # PRODUCT
	room "$1"; ! is_put_off || { say "$product $version came damaged: fetched again $minutes minutes after that, or once $PWD/bad/$product is removed" && exit 0; }
	direct || permit; by_delta; download "$part" "$sha256" "$size" url
	[ -z "$gave_up" ] || die "$product $version: interrupted; the next update goes on"
	if [ "$(digest_of "$part")" != "$sha256" ]; then
		rm "$part"
		[ "$resumed" -gt 0 ] || { put_off; report failed digest_mismatch; } # else the part was bad: the next update begins anew
		die "$product $version is not what was promised"
	fi
	is_fresh || permit # or a rollout that was halted meanwhile would go on here
	before=$(health); mkdir -p "${file%/*}"; mv "$part" "$file"; rm -f "$part.head"
	${FIREWALL_LOAD:-true} "$product" "$version" "$PWD/$file" || { mv "$file" "$part"; report failed load_failed; go_back; die "$product $version does not load"; }
	wanted=$(permitted report_success); json installed.json '{}' | jq --arg product "$product" --arg version "$version" --arg file "$file" --arg sha256 "$sha256" --argjson size "$size" --arg wanted "$wanted" \
		'.[$product] = {version: $version, file: $file, size: $size, sha256: $sha256} + if $wanted == "false" then {at: (now | floor)} else {} end' | save installed.json # checks tell since when
	find "packages/$product" -type f ! -path "$file" -exec rm {} + # older ones
	[ "$(state "failed/$product" '')" != "$version" ] || rm "failed/$product"; rm -f "bad/$product"; if [ "$wanted$missed" = false ]; then mv "permits/$product.json" permit.json; else report healthy "$missed" "$before" "$(health)"; fi; say "$product $version is installed"
}

# go_back: for a day each check says what does not load, so that what works is offered instead; and what was loaded before is again
go_back() {
	echo "$version" | save "failed/$product"; installed '| "\(.version) \(.file)"' >"$tmp/before"
	while read -r before old; do ${FIREWALL_LOAD:-true} "$product" "$before" "$PWD/$old" || say "$product $before does not load either"; done <"$tmp/before"
}

# leave_out PRODUCT RULES: writes down which rules are disabled, and loads what is installed without them, until that has worked
leave_out() {
	case $1$2 in *..* | *[!A-Za-z0-9:._\ -]*) die "unusable: $1 $2" ;; esac
	[ "$(for rule in $2; do echo "$rule"; done)" != "$(state "disabled-rules/$1.loaded" '')" ] || return 0
	mkdir -p disabled-rules; for rule in $2; do echo "$rule"; done | save "disabled-rules/$1"; say "$1: disabled rules: ${2:-none}"
	installed '| "\(.version) \(.file)"' >"$tmp/loaded"
	while read -r version file; do ${FIREWALL_LOAD:-true} "$1" "$version" "$PWD/$file" || { say "$1 does not load without them" && return 0; }; done <"$tmp/loaded"
	save "disabled-rules/$1.loaded" <"disabled-rules/$1"
}

update() {
	exec 9>update.lock # freed with this process and those that it starts
	! command -v flock >/dev/null || flock -n 9 || die 'another update is running'
	rm -f later; check
	open_permits '=='; for told in $open; do # installed, and cut short before that was written down
		product=${told%@*}; case $(state check.query '')$(permitted permit) in *'&damaged='*"$product"* | *null) ;; *) report healthy ;; esac
	done
	jq -r '.products[] | "\(.product) \(if .status == "offered" then .offer.sha256 else "-" end) \(.disabled_rules // [] | join(" "))"' check.json >"$tmp/products"
	offered='' digests=''; while read -r product sha256 rules; do
		leave_out "$product" "$rules"; [ "$sha256" = - ] || { offered="$offered $product" digests="$digests $sha256"; }
	done <"$tmp/products"
	for old in downloads/*; do # parts of what is not offered any more
		part=${old#downloads/}; case "$digests " in *" ${part%%.*} "*) case ${part#*.} in part | part.head | part.delta | part.delta.head) continue ;; esac ;; esac
		[ ! -f "$old" ] || rm "$old"
	done
	for product in $offered; do FIREWALL_HOME=$PWD "$self" take "$product" || failed=1; done # a process each: one that fails holds up no other
	send_reports; return "${failed:-0}"
}

place() { jq -r .client_id device.json | cksum | cut -d ' ' -f 1; } # of this firewall in its fleet: 0 to 2^32, always the same

# wait_for_news: all that was offered is installed, or comes later. Until the answer's end, or news and this firewall's place in their spread (docs/protocol.md, "Not asking")
wait_for_news() {
	interval=$(jq '[[.next_check_in // 600, 5] | max, 190080] | min | floor' check.json || echo 600) started=$(date +%s) place=$(place)
	quiet=$(jq '(.until // .once_installed_until | fromdate) as $until | [$until - now, $until - (.as_of | fromdate)] | min | floor' check.json 2>/dev/null || echo 0)
	if [ -s later ]; then later=$(cat later) && sleep "$((later < interval ? later : interval))" && return 0; fi
	if [ "$quiet" -le 0 ] || [ -s reports ]; then sleep "$interval" && return 0; fi
	quiet=$((quiet + place * interval / 42949672960)) # others may have been told the same time
	while now=$(date +%s) && left=$((quiet + started - now)) && [ "$left" -gt 0 ] && [ "$now" -ge "$started" ]; do # not where the clock was set back
		sleep "$((left < 45 ? left : 45))"
		jq -r '.pulse[].url' check.json | while read -r url; do curl -qsS --max-time 20 "$url" || :; done >"$tmp/pulses"
		told=$(jq -rs 'map(.value | strings) | join(" ")' "$tmp/pulses") || told=
		[ "$told" != "$(jq -r '[.pulse[].value] | join(" ")' check.json)" ] || continue
		if [ "${told:-$heard}" = "$heard" ]; then [ $((quiet - left)) -lt "$interval" ] && continue || return 0; fi # asked about already
		delay=$(jq -s --argjson place "$place" --argjson left "$left" --argjson earliest "$((news + interval - $(date +%s)))" \
			'([.[].spread | numbers] | min) as $spread | ([30, $spread / 2] | min) as $settle | $settle + ($spread - $settle) * $place / 4294967296
			| [[., $earliest, 0] | max, $left] | min | floor' "$tmp/pulses") || delay=$interval
		sleep "$delay" && heard=$told news=$(date +%s) && return 0
	done
}

case "${1:-} $#" in
	'activate 4') "$@" ;;
	'update 1' | 'take 2') [ -s device.json ] || die 'activate first' && "$@" ;;
	'run 1') [ -s device.json ] || die 'activate first'; rm -f verified; while :; do if FIREWALL_HOME=$PWD "$self" update; then wait_for_news; else say 'not updated' && sleep "$((300 + $(place) / 14316558))"; fi; done ;; # a fleet that was cut off comes back over minutes
	*) die 'usage: firewall.sh activate CODE SERIAL MODEL | update | run' ;;
esac
