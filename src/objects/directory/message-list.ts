// The messages of the day. Each method is synchronous, and runs in the transaction of its caller.
import type { Message } from "../../content/messages/message.ts";
import { decideRaise, fractionOf, type RaiseDecision } from "../../content/messages/message-waves.ts";
import type { Change, WriteDeploymentAudit } from "../audit.ts";
import type { DirectoryTables, NewMessage } from "./directory-tables.ts";

export type MessageResult =
	| { readonly ok: true; readonly message: Message; readonly changed: boolean }
	| {
			readonly ok: false;
			readonly reason: "id_taken" | "unknown_message" | Exclude<RaiseDecision, "raise" | "same">;
			/** that it reaches now; 0 = there is no such message */
			readonly fraction: number;
	  };

export class MessageList {
	readonly #tables: DirectoryTables;
	readonly #audit: WriteDeploymentAudit;

	readonly #publish: (now: number) => void;

	/** @param publish called after each change, in its transaction */
	constructor(tables: DirectoryTables, audit: WriteDeploymentAudit, publish: (now: number) => void) {
		this.#tables = tables;
		this.#audit = audit;
		this.#publish = publish;
	}

	/** @param input.fraction of all units, 1 if left out */
	create(input: Change & { readonly message: NewMessage; readonly fraction?: number }): MessageResult {
		const { message, fraction = 1 } = input;
		if (this.#tables.message(message.id) !== null) return { ok: false, reason: "id_taken", fraction: 0 };
		const created = this.#tables.insertMessage(message, [], fraction);
		const reach = fraction < 1 ? ` (fraction ${fraction})` : "";
		this.#audit(input, "message.create", message.id, `${message.title}${reach}`);
		this.#publish(input.now);
		return { ok: true, message: created, changed: true };
	}

	/** Shows it to more. Again with the same fraction changes nothing; one that has ended is none. */
	raise(input: Change & { readonly id: string; readonly fraction: number }): MessageResult {
		const { id, fraction, now } = input;
		const known = this.#tables.message(id);
		if (known === null || known.endsAt <= now) return { ok: false, reason: "unknown_message", fraction: 0 };
		const reached = fractionOf(known.waves);
		const decision = decideRaise(known.waves, fraction);
		if (decision === "same") return { ok: true, message: known, changed: false };
		if (decision !== "raise") return { ok: false, reason: decision, fraction: reached };
		this.#tables.removeMessage(id);
		const raised = this.#tables.insertMessage(known, known.waves, fraction);
		this.#audit(input, "message.raise", id, `fraction ${reached} to ${fraction}`);
		this.#publish(now);
		return { ok: true, message: raised, changed: true };
	}

	/** @returns whether there was one */
	remove(input: Change & { readonly id: string }): boolean {
		if (!this.#tables.removeMessage(input.id)) return false;
		this.#audit(input, "message.remove", input.id, "");
		this.#publish(input.now);
		return true;
	}
}
