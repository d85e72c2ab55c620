// What the other objects tell the Directory, and how a step of an outbox becomes such a call.
import type { DenialScope } from "../../content/heads-record.ts";
import type { OutboxStep } from "./outbox-rows.ts";

/** What the Directory does for the other objects; `published` tells whether the edges can see it already. */
export interface DirectoryPort {
	advanceProduct(head: { product: string; revision: number }): Promise<{ published: boolean }>;
	deny(denial: {
		scope: DenialScope;
		id: string;
		version: number;
		until: number;
		since?: number;
	}): Promise<{ published: boolean }>;
	allow(denial: { scope: DenialScope; id: string; version: number }): Promise<{ published: boolean }>;
	/** Whether everything that was announced has reached every store. */
	settled(): Promise<boolean>;
}

/** Delivers one step. @throws when the Directory cannot be reached */
export function announce(
	directory: DirectoryPort,
	step: Exclude<OutboxStep, { kind: "record" }>,
): Promise<{ published: boolean }> {
	switch (step.kind) {
		case "head":
			return directory.advanceProduct({ product: step.product, revision: step.revision });
		case "deny":
			return directory.deny(step);
		case "allow":
			return directory.allow({ scope: step.scope, id: step.id, version: step.version });
	}
}
