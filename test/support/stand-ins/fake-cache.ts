// The edge's cache in memory, for tests without workerd: whole packages under their URL, answered in part where a Range is
// asked for, as the platform does. It can fail on either way.
type CacheUse = Pick<Cache, "match" | "put">;

export class FakeCache implements CacheUse {
	readonly entries = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly headers: Headers }>();
	/** the ranges that were asked for, in order; null = the whole */
	readonly asked: (string | null)[] = [];
	/** what every put fails with; null = none does */
	putFails: Error | null = null;

	async match(request: Request): Promise<Response | undefined> {
		const range = request.headers.get("range");
		this.asked.push(range);
		const entry = this.entries.get(request.url);
		if (entry === undefined) return undefined;
		const { bytes, headers } = entry;
		const asked = /^bytes=(\d+)-(\d+)$/.exec(range ?? "");
		if (asked === null) return new Response(bytes, { headers });
		const [first, last] = [Number(asked[1]), Math.min(Number(asked[2]), bytes.length - 1)];
		const part = bytes.slice(first, last + 1);
		return new Response(part, {
			status: 206,
			headers: { "content-range": `bytes ${first}-${last}/${bytes.length}`, "content-length": String(part.length) },
		});
	}

	async put(request: Request, response: Response): Promise<void> {
		const bytes = new Uint8Array(await response.arrayBuffer());
		if (this.putFails !== null) throw this.putFails;
		this.entries.set(request.url, { bytes, headers: response.headers });
	}
}
