// What the other objects tell the Directory.
import type { DenialStep } from "./outbox-rows.ts";
import type { ProductHead } from "./product-head.ts";

/** What the Directory does for the other objects; `published` tells whether the edges can see it already. */
export interface DirectoryPort {
	advanceProduct(head: ProductHead): Promise<{ published: boolean }>;
	/** In order, all of them or none. */
	changeDenials(changes: readonly DenialStep[]): Promise<{ published: boolean }>;
	/** Whether everything that was announced has reached every store. */
	settled(): Promise<boolean>;
}
