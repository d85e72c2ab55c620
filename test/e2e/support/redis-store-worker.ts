// A Worker around the Redis adapter: POST {key, version, body} puts, GET /<key> gets; both answer {ok} or {error}.
import { RecordStoreError } from "../../../src/storage/record-store.ts";
import { createRedisRecordStore } from "../../../src/storage/redis-record-store.ts";

interface Env {
	readonly URL: string;
	readonly TOKEN: string;
	readonly TIMEOUT_MS: string;
}

let store: ReturnType<typeof createRedisRecordStore> | undefined;

export default {
	async fetch(request, env): Promise<Response> {
		// One for all requests of the isolate, as in the service.
		store ??= createRedisRecordStore({ url: env.URL, token: env.TOKEN, timeoutMs: Number(env.TIMEOUT_MS) });
		try {
			if (request.method === "GET")
				return Response.json({ ok: await store.get(new URL(request.url).pathname.slice(1)) });
			const { key, version, body } = await request.json<{ key: string; version: number; body: unknown }>();
			return Response.json({ ok: await store.put(key, { version, body }) });
		} catch (error) {
			return Response.json({ error: error instanceof RecordStoreError ? error.code : String(error) });
		}
	},
} satisfies ExportedHandler<Env>;
