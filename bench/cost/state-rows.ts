// What a day of updates costs the accounts of devices, counted in an object by SQLite: rows of their states, with those of the summaries and
// alarms that these set off. Of an account of so many devices whose alarms ring when they are due; the second of two days.
import type { Done, Task } from "../fleet/fleet-worker.ts";
import { startFleet } from "../fleet/start-fleet.ts";

export const ACCOUNT_DEVICES = 200;
const DAY = 86_400;

/** Of one device in a day. */
export interface StateDay {
	/** with those of summaries in the account and the Census, and a row for each alarm that is set */
	readonly rowsWritten: number;
	/** full checks, whether they are passed on or not */
	readonly checks: number;
	/** words that its account was told */
	readonly told: number;
}

/** @param folder for what is built @returns where each success is reported, and where checks tell it */
export async function measureStateDays(root: string, folder: string): Promise<{ reported: StateDay; told: StateDay }> {
	const { port, stop } = await startFleet(root, folder);
	try {
		const reported = await measureDay(port, 1, "updates-reported");
		return { reported, told: await measureDay(port, 2, "updates-told") };
	} finally {
		await stop();
	}
}

async function measureDay(port: number, account: number, task: Task): Promise<StateDay> {
	const now = Math.floor(Date.now() / 1_000);
	const ask = async (what: Task, at: number): Promise<Done> => {
		const query = `task=${what}&account=${account}&from=0&count=${ACCOUNT_DEVICES}&now=${at}`;
		const answer = await fetch(`http://127.0.0.1:${port}/?${query}`);
		if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
		return (await answer.json()) as Done;
	};
	await ask("create", now);
	await ask("activate", now);
	await ask(task, now);
	const { rowsWritten, alarmsSet, alarmsRung, checks, parts } = await ask(task, now + DAY);
	const share = (count: number) => count / ACCOUNT_DEVICES;
	return { rowsWritten: share(rowsWritten + alarmsSet), checks: share(checks), told: share(parts - alarmsRung) };
}
