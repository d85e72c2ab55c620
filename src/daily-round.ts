// What a run of the cron trigger does for those who own records: it calls the next of them, each once a day. The call alone has an
// owner set a lost alarm again; it also reads its records back from the stores. Where the round stands, the Directory knows.
import { accountObjectName } from "./entitlement/ids.ts";
import type { OwnerBehind, OwnerTurn, RoundPosition } from "./objects/directory/rounds.ts";
import type { TendedPage } from "./objects/outbox/tending.ts";
import type { Objects } from "./services.ts";

/** Calls of one run: with one every five minutes 28,800 a day, each for an account, or for 200 records of a large one. */
const CALLS_PER_RUN = 100;
/** Beside those, for owners that did not answer before. */
const CALLS_AGAIN_PER_RUN = 20;

type Warn = (line: string) => void;

/** Never rejects for an owner that does not answer: that is said, and it is called again in the next runs (rounds.ts). @param now unix seconds */
export async function goRound(objects: Objects, now: number, warn: Warn): Promise<void> {
	const part = await objects.directory().goRound(now, CALLS_PER_RUN, CALLS_AGAIN_PER_RUN);
	if (part === null) return;
	const owners: string[] = [];
	const behind: OwnerBehind[] = [];
	const missed: OwnerTurn[] = [];

	async function tend(turn: OwnerTurn): Promise<string | null> {
		const { owner, after } = turn;
		try {
			const { next, rewritten, ahead, failing } = await call(objects, turn);
			if (rewritten + ahead + failing.length > 0) {
				warn(JSON.stringify({ type: "records_behind", owner, rewritten, ahead, failing }));
			}
			if (next === null) {
				owners.push(owner);
				behind.push(...failing.map((lane) => ({ owner, ...lane })));
			}
			return next;
		} catch (error) {
			const tries = turn.tries + 1;
			const name = error instanceof Error ? error.name : "unknown";
			warn(JSON.stringify({ type: "owner_unreachable", owner, error: name, tries }));
			missed.push({ ...turn, after, tries });
			return null;
		}
	}
	/** @returns the page that is next, where the calls were used up; null = all are done, or missed */
	async function tendAll(turn: OwnerTurn, mayCall: () => boolean): Promise<string | null> {
		let next: string | null = turn.after;
		while (next !== null && mayCall()) next = await tend({ ...turn, after: next });
		return next;
	}

	for (const owner of part.products) await tend({ owner, isProduct: true, after: "", tries: 0 });
	let position: RoundPosition | null = null;
	let calls = 0;
	for (const { id, after } of part.accounts) {
		const turn = { owner: id, isProduct: false, after, tries: 0 };
		position = { account: id, after: await tendAll(turn, () => calls++ < CALLS_PER_RUN) };
		if (calls >= CALLS_PER_RUN) break;
	}
	let again = 0;
	for (const turn of part.missed) {
		const next = await tendAll(turn, () => again++ < CALLS_AGAIN_PER_RUN);
		if (next !== null) missed.push({ ...turn, after: next });
	}
	const isOver = calls < CALLS_PER_RUN && part.isLast;
	await objects
		.directory()
		.endRound({ position: isOver ? null : position, owners, behind, again: part.missed, missed });
}

/** A product has one page. */
async function call(objects: Objects, { owner, isProduct, after }: OwnerTurn): Promise<TendedPage> {
	const page = isProduct
		? await objects.product(owner).tend()
		: await objects.account(accountObjectName(owner)).tend(after);
	return page ?? NOTHING;
}

/** Of an owner that was never created. */
const NOTHING: TendedPage = { next: null, records: 0, rewritten: 0, ahead: 0, failing: [] };
