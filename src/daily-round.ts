// What a run of the cron trigger does for those who own records: it calls the next of them, each once a day. The call alone has an
// owner set a lost alarm again; it also reads its records back from the stores. Where the round stands, the Directory knows.
import { accountObjectName } from "./entitlement/ids.ts";
import type { OwnerBehind, RoundPosition } from "./objects/directory/rounds.ts";
import type { TendedPage } from "./objects/outbox/tending.ts";
import type { Objects } from "./services.ts";

/** Calls of one run: with one every five minutes 28,800 a day, each for an account, or for 200 records of a large one. */
const CALLS_PER_RUN = 100;

type Warn = (line: string) => void;

/** Never rejects for an owner that does not answer: that is said, and its turn comes tomorrow. @param now unix seconds */
export async function goRound(objects: Objects, now: number, warn: Warn): Promise<void> {
	const part = await objects.directory().goRound(now, CALLS_PER_RUN);
	if (part === null) return;
	const owners: string[] = [];
	const behind: OwnerBehind[] = [];
	/** @returns the page that is next; null = the owner is done */
	const tend = async (owner: string, call: () => Promise<TendedPage | null>): Promise<string | null> => {
		try {
			const page = await call();
			if (page === null) return null;
			const { next, rewritten, ahead, failing } = page;
			if (rewritten + ahead + failing.length > 0) {
				warn(JSON.stringify({ type: "records_behind", owner, rewritten, ahead, failing }));
			}
			if (next === null) {
				owners.push(owner);
				behind.push(...failing.map((lane) => ({ owner, ...lane })));
			}
			return next;
		} catch (error) {
			warn(
				JSON.stringify({ type: "owner_unreachable", owner, error: error instanceof Error ? error.name : "unknown" }),
			);
			return null;
		}
	};
	for (const name of part.products) await tend(name, () => objects.product(name).tend());
	let position: RoundPosition | null = null;
	let calls = 0;
	for (const { id, after } of part.accounts) {
		let next: string | null = after;
		while (next !== null && calls < CALLS_PER_RUN) {
			const page: string = next;
			next = await tend(id, () => objects.account(accountObjectName(id)).tend(page));
			calls += 1;
		}
		position = { account: id, after: next };
		if (calls >= CALLS_PER_RUN) break;
	}
	const isOver = calls < CALLS_PER_RUN && part.isLast;
	await objects.directory().endRound({ position: isOver ? null : position, owners, behind });
}
