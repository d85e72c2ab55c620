// Holds a history against what was promised about seats: that some order of the calls explains every answer, and, on their
// own and more simply, that there are never too many devices, no seat without one, and one device for a key.
import { type Call, checkLinearizable } from "./checker.ts";
import type { Plan } from "./plan.ts";
import type { History } from "./recorder.ts";
import { formatCall, type SeatCall, seatsSpecification } from "./seats.ts";

/** What is wrong, if anything. */
export interface Finding {
	readonly broken: "order" | "undecided" | "seats" | "seat_without_device" | "key" | "error";
	readonly detail: string;
}

type SeatsCall = Call<SeatCall, string>;

/** @returns nothing where all holds */
export function judge(plan: Plan, { calls, errors }: History): readonly Finding[] {
	return [
		...errors.map((error): Finding => ({ broken: "error", detail: String(error) })),
		...tooManySeats(plan, calls),
		...seatsWithoutDevice(plan, calls),
		...keysWithTwoDevices(calls),
		...disorder(plan, calls),
	];
}

function disorder(plan: Plan, calls: readonly SeatsCall[]): readonly Finding[] {
	const verdict = checkLinearizable(seatsSpecification(plan), calls);
	if (verdict.ok) return [];
	const longest = new Set(verdict.longest);
	const lines = calls.map((call) => `${longest.has(call) ? "  " : "? "}${formatCall(call)}`);
	const detail = `what stands behind ? is not in the longest order that was found\n${lines.join("\n")}`;
	return [{ broken: verdict.reason === "undecided" ? "undecided" : "order", detail }];
}

/** Where seats are taken away those who have one keep it, so it is the most there ever were that must suffice. */
function tooManySeats(plan: Plan, calls: readonly SeatsCall[]): readonly Finding[] {
	const most = Math.max(plan.seats, ...calls.map(({ input }) => (input.name === "seats" ? input.to : 0)));
	return calls.flatMap((call): Finding[] => {
		const taken = call.input.name === "taken" ? takenIn(call) : plan.lease === 0 ? holdersIn(call) : 0;
		return taken <= most ? [] : [{ broken: "seats", detail: `${most} at most: ${formatCall(call)}` }];
	});
}

/** At the end, when nothing is under way any more. */
function seatsWithoutDevice({ lease }: Plan, calls: readonly SeatsCall[]): readonly Finding[] {
	const [taken, list] = calls.slice(-2);
	if (taken === undefined || list === undefined) return [];
	const [seats, holders] = [takenIn(taken), holdersIn(list)];
	if (lease === 0 ? seats === holders : seats <= holders) return [];
	return [{ broken: "seat_without_device", detail: `${seats} seats, and ${holders} devices that may have one` }];
}

/** Same code and same key, same device; and a device keeps its id whatever becomes of it. */
function keysWithTwoDevices(calls: readonly SeatsCall[]): readonly Finding[] {
	const known = new Map<number, string>();
	return calls.flatMap(({ input, output }): Finding[] => {
		const id = output?.split(" ")[1];
		if (input.name !== "activate" || id === undefined) return [];
		const before = known.get(input.key) ?? id;
		known.set(input.key, id);
		return before === id ? [] : [{ broken: "key", detail: `key ${input.key}: ${before} and ${id}` }];
	});
}

const takenIn = ({ output }: SeatsCall) => Number.parseInt(output ?? "0", 10);

function holdersIn({ input, output = "" }: SeatsCall): number {
	return input.name === "list" ? (output.match(/ (active|suspended)\b/g) ?? []).length : 0;
}
