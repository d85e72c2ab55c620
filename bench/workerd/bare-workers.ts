// The Workers that the service is compared with. They run inside workerd, so they are text here.

export const BARE_SCRIPT = `export default { fetch() { return new Response("ok"); } };`;
/** Verifies the signature of the token that it is sent and does nothing else: no check can be faster than this. */
export const VERIFY_SCRIPT = `
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
let key;
export default {
	async fetch(request, env) {
		key ??= await crypto.subtle.importKey("jwk", JSON.parse(env.JWK), algorithm, false, ["verify"]);
		const token = request.headers.get("authorization").slice("Bearer ".length);
		const end = token.lastIndexOf(".");
		const signature = Uint8Array.fromBase64(token.slice(end + 1), { alphabet: "base64url" });
		const good = await crypto.subtle.verify(algorithm, key, signature, new TextEncoder().encode(token.slice(0, end)));
		return new Response("ok", { status: good ? 200 : 401 });
	},
};`;

/** The same bytes with no check at all: out of the same cache under the key in the query, or out of memory. */
export const STREAM_SCRIPT = `
const bytes = new Uint8Array(1_000_000);
export default {
	async fetch(request) {
		const key = new URL(request.url).searchParams.get("key");
		if (key === null) return new Response(new Blob([bytes]).stream().pipeThrough(new FixedLengthStream(bytes.length)));
		const hit = await caches.default.match(key);
		if (hit === undefined) return new Response("not cached", { status: 404 });
		return new Response(hit.body, { headers: { "content-length": hit.headers.get("content-length") } });
	},
};`;
