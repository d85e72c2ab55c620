// A deployment's objects as its API gives them out for a backup.
import { z } from "zod";
import { ServerRefusal } from "../../errors.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { patiently } from "../../http/patience.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { describeOwner, type KeptRow, keptRow, type Owner } from "./backup-files.ts";

/** What one who makes or reads backups has. */
export interface Asking {
	readonly api: OperatorApi;
	readonly surroundings: Pick<Surroundings, "nowMs" | "sleep">;
	/** ends it at the next turn */
	readonly signal: AbortSignal;
}

const TRIES = 12;
const page = z.looseObject({
	rows: z.array(keptRow),
	next: z.string().nullable(),
	schema: z.int().positive(),
	trail: z.int().nonnegative(),
});
type Page = z.infer<typeof page>;

const sealAnswer = z.looseObject({ issuer: z.string(), seal: z.string() });

/** Asks again where the service wants time or says nothing: each call of a backup may come twice. */
export function insist<T>({ surroundings, signal }: Asking, ask: () => Promise<T>): Promise<T> {
	return patiently({ surroundings, signal, tries: TRIES, retriesSilence: () => true }, ask);
}

/** @returns the deployment's issuer, and its seal for a digest */
export async function askSeal(asking: Asking, sha256: string) {
	const { api, signal } = asking;
	return insist(asking, () => api.call("POST", "/v1/backup/seal", "could not seal", sealAnswer, { sha256 }, signal));
}

/** @returns the pages of an object's rows; none where there is no such object @throws as `OperatorApi.call` */
export async function* exportPages(asking: Asking, of: Owner): AsyncGenerator<Page> {
	const { api, signal } = asking;
	for (let after: string | null = ""; after !== null; ) {
		const body: Record<string, unknown> = { owner: of, ...(after !== "" && { after }) };
		const what = `could not export ${describeOwner(of)}`;
		const ask = () => api.call("POST", "/v1/backup/export", what, page, body, signal);
		const got: Page | null = await insist(asking, ask).catch((error: unknown) => {
			if (after === "" && error instanceof ServerRefusal && error.refusal.status === 404) return null;
			throw error;
		});
		if (got === null) return;
		yield got;
		after = got.next;
	}
}

/** Those pages' rows alone. */
export async function* exportRows(asking: Asking, of: Owner): AsyncGenerator<KeptRow> {
	for await (const { rows } of exportPages(asking, of)) yield* rows;
}
