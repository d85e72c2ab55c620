-- What an operator would build on nginx: for each request it verifies the ES256 signature and the claims of the device's
-- access token (RFC 9068). A check is then answered by its ETag. A permit reads the device's record from Redis, decides
-- whether the product is in it, and signs a URL. Kept in the worker: the public key and idle connections to Redis.
-- For comparison a check can also take tokens under a MAC (HS256), which whoever issues them must then share the key of.
local base64url = require "ngx.base64"
local cjson = require "cjson.safe"
local digest = require "openssl.digest"
local hmac = require "openssl.hmac"
local pkey = require "openssl.pkey"
local redis = require "nginx.redis"

local REDIS_TIMEOUT_MS = 200
local REDIS_IDLE_MS = 10000
local REDIS_CONNECTIONS = 64
local URL_SECONDS = 300
local CURRENT_ETAG = '"release-42"'
local PACKAGE = "/d/4a1f0c9e5b7d4e62a8c3f1d09b6e7a55/crs.bin"

local gate = {}
local settings

--- Called once, before the worker starts.
-- @param given PUBLIC_KEY in PEM, TOKEN_SECRET, REDIS_SOCKET, ISSUER, URL_SECRET
function gate.configure(given)
	settings = given
	settings.key = pkey.new(given.PUBLIC_KEY)
end

-- One half of a JWS signature as an ASN.1 INTEGER: no zeros in front but one where the number would be negative.
local function as_integer(bytes)
	local number = bytes:gsub("^%z+", "")
	if number:byte(1) >= 0x80 then number = "\0" .. number end
	return "\2" .. string.char(#number) .. number
end

-- OpenSSL takes ECDSA signatures in DER, JWS has r and s side by side (RFC 7518, 3.4).
local function as_der(signature)
	local numbers = as_integer(signature:sub(1, 32)) .. as_integer(signature:sub(33))
	return "\48" .. string.char(#numbers) .. numbers
end

local function is_signed(text, signature)
	if #signature ~= 64 then return false end
	local hash = digest.new("sha256")
	hash:update(text)
	return settings.key:verify(as_der(signature), hash)
end

-- Equal in a time that does not tell where the first difference is.
local function is_sealed(text, mac)
	local expected = hmac.new(settings.TOKEN_SECRET, "sha256"):final(text)
	if #mac ~= #expected then return false end
	local difference = 0
	for i = 1, #expected do difference = bit.bor(difference, bit.bxor(mac:byte(i), expected:byte(i))) end
	return difference == 0
end

-- The claims of the token in the request; nil when there is none, or it is not ours, or over.
local function authenticate(is_genuine)
	local authorization = ngx.var.http_authorization or ""
	local text, payload, signature = authorization:match("^Bearer ([%w_-]+%.([%w_-]+))%.([%w_-]+)$")
	local bytes = signature and base64url.decode_base64url(signature)
	if not bytes or not is_genuine(text, bytes) then return nil end
	local claims = cjson.decode(base64url.decode_base64url(payload))
	if not claims or claims.iss ~= settings.ISSUER or claims.aud ~= settings.ISSUER then return nil end
	if claims.exp <= ngx.time() then return nil end
	return claims
end

local function answer(status, body)
	local text = cjson.encode(body)
	ngx.status = status
	ngx.header.content_type = "application/json"
	ngx.header.content_length = #text
	ngx.print(text)
end

-- The device's record; nil when it has none, and false when Redis does not answer.
local function read_record(device)
	local connection = redis:new()
	connection:set_timeout(REDIS_TIMEOUT_MS)
	if not connection:connect("unix:" .. settings.REDIS_SOCKET) then return false end
	local text = connection:get("device:" .. device)
	if not text then return false end
	connection:set_keepalive(REDIS_IDLE_MS, REDIS_CONNECTIONS)
	return text ~= ngx.null and cjson.decode(text) or nil
end

local function sign_url(expires)
	local path = PACKAGE .. "?e=" .. expires
	local mac = hmac.new(settings.URL_SECRET, "sha256"):final(path)
	return settings.ISSUER .. path .. "&s=" .. base64url.encode_base64url(mac)
end

local function answer_check(is_genuine)
	if not authenticate(is_genuine) then return ngx.exit(401) end
	ngx.header.etag = CURRENT_ETAG
	if ngx.var.http_if_none_match == CURRENT_ETAG then return ngx.exit(304) end
	answer(200, { products = { { product = "crs", status = "offered", version = "4.27.0" } }, next_check_in = 300 })
end

--- GET: 304 for whoever has the current ETag.
function gate.check() answer_check(is_signed) end

--- GET: the same for tokens under a MAC.
function gate.check_sealed() answer_check(is_sealed) end

--- GET, with the product in the query: a signed URL for whoever is entitled to it.
function gate.permit()
	local claims = authenticate(is_signed)
	if not claims then return ngx.exit(401) end
	local record = read_record(claims.sub)
	if record == false then return ngx.exit(503) end
	local now = ngx.time()
	local grant = record and record.status == "active" and record.grants[ngx.var.arg_product]
	if not grant or grant["until"] <= now then return ngx.exit(403) end
	answer(201, { url = sign_url(now + URL_SECONDS), expires_at = now + URL_SECONDS })
end

return gate
