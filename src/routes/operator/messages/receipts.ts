// Who has a message of the day: which devices have fetched it, which have acknowledged it, and which have not seen it although it is
// for them. Each account knows of its own devices; a page over all accounts asks one after the other.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Message } from "../../../content/messages/message.ts";
import { accountObjectName, isMessageId } from "../../../entitlement/ids.ts";
import { RECEIPT_STATES, type ReceiptState } from "../../../fleet/message-receipt.ts";
import type { DeviceReceipt, ReceiptPage } from "../../../objects/account/fleet/receipt-desk.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { accountPath, isOfAccount, openAccount, unknownAfter } from "../../http/account-in-path.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { accountReadAccess, readAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestampOrNull, wholeNumber } from "../../http/openapi.ts";

/** That a page looks at, however few of them it shows. */
const DEVICES_PER_PAGE = 1_000;
/** That a page over all accounts asks. */
const ACCOUNTS_PER_PAGE = 40;

const receiptBody = z
	.object({
		device: z.string(),
		account: z.string(),
		serial: z.string(),
		state: z.enum(RECEIPT_STATES),
		fetched_at: timestamp.nullable(),
		acknowledged_at: timestamp.nullable(),
		acknowledged_by: z.string().nullable().openapi({ description: "By the firewall's own word" }),
	})
	.openapi("MessageReceipt");

export const receiptsBody = z
	.object({
		message: z.string(),
		receipts: z.array(receiptBody),
		counts: z
			.object({ acknowledged: z.int(), fetched: z.int(), not_seen: z.int() })
			.openapi({ description: "Of the devices that this page has looked at, whatever `state` was asked for" }),
		next: z.string().nullable(),
	})
	.openapi("MessageReceipts");

const messagePath = z.object({ message: z.string().refine(isMessageId, "not a message id") });
const query = z.object({
	state: z.enum(RECEIPT_STATES).optional().openapi({ description: "Only these. All if left out" }),
	after: z.string().max(128).optional().openapi({ description: "`next` of the page before" }),
	limit: wholeNumber(1, DEVICES_PER_PAGE)
		.optional()
		.openapi({ description: `Devices to look at; ${DEVICES_PER_PAGE} if left out, and at most` }),
});
const refusals = problems(
	...(["unauthenticated", "insufficient_scope", "invalid_identifier"] as const),
	...(["invalid_request", "not_found", "rate_limited"] as const),
);
const answers = {
	200: jsonAnswer(receiptsBody, "A page; it may be short, or empty, and still have a next one"),
	...refusals,
};

const ofAll = createRoute({
	method: "get",
	path: "/v1/messages/{message}/receipts",
	operationId: "listMessageReceipts",
	tags: ["Operator"],
	summary: "Which devices have fetched a message, acknowledged it or not seen it, a page at a time",
	description:
		"Of the devices that it is for, as far as is known of them now, and of those that had it. Until 30 days after its end, unless it is taken down.",
	...readAccess,
	request: { params: messagePath, query },
	responses: answers,
});

const ofAccount = createRoute({
	method: "get",
	path: "/v1/accounts/{account}/messages/{message}/receipts",
	operationId: "listMessageReceiptsOfAccount",
	tags: ["Operator"],
	summary: "The same of the devices of one account",
	...accountReadAccess,
	request: { params: accountPath.extend(messagePath.shape), query },
	responses: answers,
});

export const messageReceipts = createRouter()
	.openapi(ofAll, async (c) => {
		const { state = null, after = "", limit = DEVICES_PER_PAGE } = c.req.valid("query");
		const message = await openMessage(c.env, c.req.valid("param").message);
		const place = await readPlace(c, after);
		const found = await readAccounts(c.env, { message, state, place, limit });
		return c.json({ message: message.id, ...found }, 200);
	})
	.openapi(ofAccount, async (c) => {
		const { account: text, message: id } = c.req.valid("param");
		const { state = null, after = "", limit = DEVICES_PER_PAGE } = c.req.valid("query");
		const account = await openAccount(c, text);
		if (after !== "" && !(await isOfAccount(c, account.id, after))) throw unknownAfter();
		const message = await openMessage(c.env, id);
		const isForOthers = message.audience.accounts?.includes(account.id) === false;
		if (isForOthers || (await account.object.info()) === null) throw new ProblemError("not_found");
		const found = await account.object.messageReceipts({ message, state, after, limit });
		const receipts = found.receipts.map((one) => describe(account.id, one));
		return c.json({ message: message.id, receipts, counts: found.counts, next: found.next }, 200);
	});

async function openMessage(scope: RequestScope, id: string): Promise<Message> {
	const message = await scope.services.objects.directory().message(id);
	if (message === null) throw new ProblemError("not_found");
	return message;
}

/** Where a page over all accounts begins. */
interface Place {
	/** "" = before the first */
	readonly account: string;
	/** of that account, after which to go on; "" = the account is through */
	readonly device: string;
}

/** @throws ProblemError for what is no `next` of such a page */
async function readPlace(c: Context<AppEnv>, after: string): Promise<Place> {
	const [account = "", device = ""] = after.split(".");
	if (after === "") return { account, device };
	await openAccount(c, account).catch(() => {
		throw unknownAfter();
	});
	if (device !== "" && !(await isOfAccount(c, account, device))) throw unknownAfter();
	return { account, device };
}

interface Reading {
	readonly message: Message;
	readonly state: ReceiptState | null;
	readonly place: Place;
	readonly limit: number;
}

async function readAccounts(scope: RequestScope, { message, state, place, limit }: Reading) {
	const { accounts, next: more } = await accountsAfter(scope, message, place.account);
	const queue = [...(place.device === "" ? [] : [place.account]), ...accounts];
	const receipts: z.infer<typeof receiptBody>[] = [];
	const counts = { acknowledged: 0, fetched: 0, not_seen: 0 };
	let room = limit;
	let through = place.account;
	for (const account of queue) {
		if (room <= 0) return { receipts, counts, next: `${through}.` };
		const after = account === place.account ? place.device : "";
		const object = scope.services.objects.account(accountObjectName(account));
		const found: ReceiptPage = await object.messageReceipts({ message, state, after, limit: room });
		receipts.push(...found.receipts.map((one) => describe(account, one)));
		for (const one of RECEIPT_STATES) counts[one] += found.counts[one];
		room -= found.looked;
		if (found.next !== null) return { receipts, counts, next: `${account}.${found.next}` };
		through = account;
	}
	return { receipts, counts, next: more === null ? null : `${through}.` };
}

/** @returns accounts that have devices for which the message may be, in the order of their ids */
async function accountsAfter(scope: RequestScope, { audience }: Message, after: string) {
	if (audience.accounts !== undefined) {
		const left = audience.accounts.filter((id) => id > after).sort();
		const accounts = left.slice(0, ACCOUNTS_PER_PAGE);
		return { accounts, next: left.length > accounts.length ? (accounts.at(-1) ?? null) : null };
	}
	const found = await scope.services.objects.directory().listAccounts(after, ACCOUNTS_PER_PAGE);
	if (found === null) throw unknownAfter();
	return { accounts: found.accounts.map(({ id }) => id), next: found.next };
}

function describe(account: string, { device, serial, state, receipt }: DeviceReceipt): z.infer<typeof receiptBody> {
	return {
		...{ device, account, serial, state },
		fetched_at: toTimestampOrNull(receipt?.fetchedAt),
		acknowledged_at: toTimestampOrNull(receipt?.ackedAt),
		acknowledged_by: receipt?.ackedBy ?? null,
	};
}
